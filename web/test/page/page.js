// The page as people get it: the built file, opened from the disk.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import * as chromium from "../chromium.js";
import { load } from "./module.js";

export const SITE = new URL("../../site/index.html", import.meta.url);

/** A browser for the tests of a file. Chromium does not always start at once. */
export const launch = () => chromium.launch().catch(() => chromium.launch());

/**
 * Opens the page; what it must not do is collected: errors, and requests other than for itself, once unless it
 * reloads. `before` runs in it before everything else: a function, or one and its argument.
 */
export async function open(browser, { hash = "", before, reloads = false, ...options } = {}) {
  assert.ok(existsSync(SITE), "build the page first: npm run page");
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  let requests = 0;
  page.on("request", (request) => {
    const url = request.url();
    if (url.startsWith("blob:") || url.startsWith("data:")) return;
    requests += 1;
    if (!url.startsWith(SITE.href) || (requests > 1 && !reloads)) wrong.push(`request: ${url}`);
  });
  if (before) await page.addInitScript(...[before].flat());
  await page.goto(SITE.href + hash);
  await settled(page);
  return {
    page,
    /** Closes it, and complains of what it did. */
    async close() {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}

/** Waits until the answer is of what is on the page, and the editors are there. */
export async function settled(page) {
  await page.waitForSelector('.status[data-busy="false"]');
  await page.waitForSelector(".policy .cm-content");
}

/** Waits until something on the page, evaluated there, is true. */
export const until = (page, what, argument) => page.waitForFunction(what, argument, { timeout: 20_000 });

/** Writes a text over what an editor has. */
export async function write(page, label, text) {
  await page.getByRole("textbox", { name: label }).focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
  await settled(page);
}

export const example = async (page, name) => {
  await page.getByRole("button", { name: "examples" }).click();
  await page.getByRole("menuitem", { name }).click();
  await settled(page);
};

/** The ranking, as it can be read. */
export const ranking = (page) => page.$$eval(".line.ranked", (rows) => rows.map((row) => ({
  model: row.querySelector(".model").textContent,
  provider: row.querySelector(".model + .dimmed").textContent,
  // where it is rounded, the whole of it is there too
  score: (row.querySelector(".score .hidden") ?? row.querySelector(".score")).textContent,
})));

export const rejections = (page) => page.$$eval(".refused", (rows) => rows.map((row) => ({
  model: row.querySelector(".model").textContent,
  provider: row.querySelector(".model + .dimmed").textContent,
  reason: row.querySelector(".reason").textContent,
})));

/** Waits until just that is marked as wrong, or as responsible; complains of what is. */
export async function untilMarked(page, what, expected, within = ".policy") {
  const selector = `${within} .${what}`;
  // marks are in pieces where other marks begin
  const read = ({ selector, expected }) => {
    const whole = [...document.querySelectorAll(selector)].filter((part) => !part.parentElement.closest(selector));
    const text = whole.map((part) => part.textContent).join("");
    return expected === undefined ? text : text === expected;
  };
  await page.waitForFunction(read, { selector, expected }, { timeout: 10_000 }).catch(() => undefined);
  assert.equal(await page.evaluate(read, { selector }), expected);
}

const link = await load("logic/link.ts");
export const { decode, encode } = link;

/** What the page would share: policy, ctx and claim. */
export async function shared(page) {
  await page.evaluate(() => history.replaceState(undefined, "", location.pathname));
  await page.getByRole("button", { name: "share" }).click();
  await page.waitForFunction(() => location.hash.startsWith("#1."));
  const hash = new URL(page.url()).hash;
  return { hash, carried: await decode(hash) };
}

/** A carried state as the ctx of a decision. */
export function ctxOf({ request, vocabulary, envelope, customs, seed, nowMs, state, candidates }) {
  const texts = { request, vocabulary, envelope, customs, seed, now_ms: nowMs };
  const given = Object.entries(texts).filter(([, text]) => text !== "").map(([key, text]) => [key, JSON.parse(text)]);
  return { candidates, state, ...Object.fromEntries(given) };
}

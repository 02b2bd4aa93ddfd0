// The page as people get it: the built file, opened from the disk.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { launch } from "../chromium.js";

export const SITE = new URL("../../site/index.html", import.meta.url);

/** Opens the page; what it must not do is collected: errors, and requests other than for itself. */
export async function open(browser, { hash = "", ...options } = {}) {
  assert.ok(existsSync(SITE), "build the page first: npm run page");
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(SITE.href) && !url.startsWith("blob:") && !url.startsWith("data:")) wrong.push(`request: ${url}`);
  });
  await page.goto(SITE.href + hash);
  await settled(page);
  return { page, wrong, close: () => context.close() };
}

/** A browser for the tests of a file. */
export { launch };

/** The ranking, as it can be read: model, provider, score. */
export const ranking = (page) => page.$$eval(".ranked", (rows) => rows.map((row) => ({
  model: row.querySelector(".model").textContent,
  provider: row.querySelector(".dimmed:not(.place):not(.prices)").textContent,
  score: row.querySelector(".score").textContent,
})));

/** Waits until the answer is of what is on the page. */
export const settled = (page) => page.waitForSelector('.status[data-busy="false"]');

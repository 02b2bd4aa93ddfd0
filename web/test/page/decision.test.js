// What the page shows is what the host decides.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { host } from "../host.js";
import {
  ctxOf, example, launch, open, ranking, rejections, settled, shared, until, untilMarked, write,
} from "./page.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const folder = mkdtempSync(join(tmpdir(), "sigmapol-page-"));
const file = (name, value) => {
  const path = join(folder, name);
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
};
const byHost = (carried) => {
  const ctx = file("ctx.json", ctxOf(carried));
  const { status, stdout, stderr } = host(["decide", file("policy.json", carried.policy), "--ctx", ctx, "--json"]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
};
const named = ({ provider, model }) => ({ provider, model });

for (const name of ["cheap, with a floor", "sampled split", "privacy", "chain with fallback", "agent"]) {
  test(`${name}: order, scores, reasons, request and digest are the host's`, async () => {
    const { page, close } = await open(browser, { viewport: { width: 1440, height: 2400 } });
    await example(page, name);
    const { carried } = await shared(page);
    const decided = byHost(carried);
    assert.ok(decided.ordered.length >= 2);
    assert.deepEqual(
      await ranking(page),
      decided.ordered.map((row) => ({ ...named(row), score: String(row.score).replace(/^-/, "−") })),
    );
    const reasons = (await rejections(page)).map((row) => ({ ...row, reason: row.reason.replace(" (envelope)", "") }));
    assert.deepEqual(reasons, decided.rejected.map((row) => ({ ...named(row), reason: row.reason })));
    assert.equal(carried.claim.identity, decided.identity);
    if (decided.result) assert.equal(carried.claim.digest, decided.result);
    const lines = await page.$$eval(".diff div:not(.removed) > span:last-of-type", (all) => (
      all.map((line) => line.textContent).join("\n")
    ));
    assert.deepEqual(JSON.parse(lines), decided.request);
    await close();
  });
}

test("scores are rounded to the eye, and whole on request and to the ear", async () => {
  const { page, close } = await open(browser);
  // prices of 0.1, 0.2, 0.3 and one that is absent; the engine adds 0.1 + 0.2
  const rank = '["add", ["field", "price_in"], ["lit", 0.2]]';
  await write(page, "policy, JSON", `["policy", ["top"], ${rank}, ["ordered"], ["id"], ["always", {"action": "abort"}]]`);
  const catalog = [0.1, 1, undefined].map((price_in, at) => ({ provider_id: "p", model_family: `m${at}`, price_in }));
  await page.setInputFiles(".top input[type=file]", file("scores.json", catalog));
  await until(page, () => document.querySelectorAll(".line.ranked").length === 3);
  const scores = await page.$$eval(".line.ranked .score", (all) => all.map((one) => (
    [one.querySelector("[aria-hidden]")?.textContent ?? one.textContent, one.querySelector(".hidden")?.textContent, one.title]
  )));
  assert.deepEqual(scores, [["0.3", "0.30000000000000004", "0.30000000000000004"], ["1.2", undefined, ""], ["∞", undefined, ""]]);
  const heard = await page.getByRole("option", { name: /m0 p/ }).ariaSnapshot();
  assert.ok(heard.includes("0.30000000000000004") && !/ 0\.3 /.test(heard), heard);
  await close();
});

test("a candidate without a price is named where normalize makes all others alike", async () => {
  const { page, close } = await open(browser);
  const remarks = () => page.$$eval(".remarks p", (all) => all.map((one) => one.textContent));
  assert.deepEqual(await remarks(), []);
  const policy = '["policy", ["top"], ["neg", ["normalize", ["field", "price_in"]]], ["argmax"], ["id"], ["always", {"action": "abort"}]]';
  await write(page, "policy, JSON", policy);
  const catalog = [3, 1, 2, undefined].map((price_in, at) => (
    { provider_id: at === 3 ? "openai" : "p", model_family: at === 3 ? "gpt-x" : `m${at}`, price_in }
  ));
  await page.setInputFiles(".top input[type=file]", file("unpriced.json", catalog));
  await until(page, () => document.querySelectorAll(".remarks p").length === 1);
  assert.deepEqual(await remarks(), [
    "normalize-unknown: candidate 3 (openai/gpt-x) has no price_in, so normalize gives every other candidate the same score",
  ]);
  // it is so: the dearest is the first, as it was in the catalog
  assert.deepEqual((await ranking(page)).map(({ model, score }) => [model, score]), [["m0", "1"], ["m1", "1"], ["m2", "1"], ["gpt-x", "0"]]);
  // a price, and it is gone
  await page.locator(".grid .body .cells").nth(3).getByRole("gridcell").nth(3).dblclick();
  await page.keyboard.type("9");
  await page.keyboard.press("Enter");
  await settled(page);
  assert.deepEqual(await remarks(), []);
  assert.equal((await ranking(page))[0].model, "m1");
  await close();
});

test("a change of a cell, of a switch, of the seed: each decides anew", async () => {
  const { page, close } = await open(browser);
  const first = async () => (await ranking(page))[0];
  const before = await first();
  const cell = page.locator(".grid .body .cells").nth(0).getByRole("gridcell").nth(4);
  await cell.dblclick();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("0.01");
  await page.keyboard.press("Enter");
  await settled(page);
  assert.deepEqual([(await first()).model, (await first()).provider], ["claude-sonnet-4-5", "anthropic"]);
  assert.notDeepEqual(await first(), before);
  await page.getByRole("tab", { name: "providers" }).click();
  await page.getByRole("checkbox", { name: "breaker of anthropic is open" }).check();
  await settled(page);
  assert.deepEqual(await first(), before);
  await example(page, "sampled split");
  const order = (await ranking(page)).map(({ score }) => score);
  await page.getByRole("tab", { name: "request" }).click();
  await page.getByRole("textbox", { name: "seed" }).fill("7");
  await settled(page);
  assert.notDeepEqual((await ranking(page)).map(({ score }) => score), order);
  await page.getByRole("checkbox", { name: "vision" }).check();
  await settled(page);
  const { carried } = await shared(page);
  assert.deepEqual(JSON.parse(carried.request).requirements.needs, ["json_mode", "vision"]);
  assert.equal((await ranking(page)).length, byHost(carried).ordered.length);
  await close();
});

test("what the engine refuses is marked where it is", async () => {
  const { page, close } = await open(browser);
  const rest = '["zero"], ["argmax"], ["id"],\n ["always", {"action": "abort"}]';
  const policy = (filter) => `["policy",\n ${filter},\n ${rest}]`;
  for (const [text, expected, message] of [
    [policy('["and", ["top"], ["nope"]]'), '"nope"', "$.policy[1].and[2]: unknown op 'nope'"],
    [policy('["cmp", "prise", "le", 1]'), '"prise"', "$.policy[1].cmp[1]: "],
    [policy('["not", ["lit", 1]]'), '"lit"', "$.policy[1].not[1]: expected Pred, got Scorer"],
    [policy('["top"]').replace('"abort"', '"retry_same", "attempts": 11'), "11", "Action.attempts must be an integer"],
    ['["top"]', '"top"', "ir: expected a Policy term, got Pred"],
    [policy('["top"],'), ",", "term: line 2 column 10: expected a value, got ','"],
    [policy('["custom", "x"]'), '"custom"', "expected Pred, got Xform"],
  ]) {
    await write(page, "policy, JSON", text);
    await untilMarked(page, "cm-lintRange-error", expected);
    assert.ok((await page.textContent(".policy .strip .message")).includes(message));
    assert.equal(await page.locator(".decision.stale").count(), 1);
  }
  await page.getByRole("tab", { name: "more" }).click();
  await write(page, "policy, JSON", policy('["top"]'));
  await write(page, "envelope, JSON", '["not", ["or"]]');
  await untilMarked(page, "cm-lintRange-error", '"or"', ".inputs");
  await close();
});

test("a cell that the engine refuses is marked, and mended by Escape", async () => {
  const { page, close } = await open(browser);
  await page.locator(".grid .body .cells").nth(3).getByRole("gridcell").nth(3).dblclick();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("cheap");
  await until(page, () => document.querySelector(".grid .wrong input")?.value === "cheap");
  const message = await page.textContent(".inputs .strip .message");
  assert.equal(message, "catalog.candidates[3].price_in: expected a finite number");
  assert.equal(await page.locator(".tab .dot").count(), 1);
  await page.keyboard.press("Escape");
  await settled(page);
  assert.equal(await page.locator(".grid .wrong").count(), 0);
  assert.ok((await ranking(page)).length > 0);
  await close();
});

test("a request that is wrong is marked in its text", async () => {
  const { page, close } = await open(browser);
  await page.getByRole("tab", { name: "request" }).click();
  for (const [text, expected] of [
    ['{"requirements": {"min_context": "8k"}}', '"8k"'],
    ['{"requirements": {"needs": ["audio"]}}', '"audio"'],
    ['{"requirements": null}', "null"],
    ["[1, 2", "2"],
  ]) {
    await write(page, "request, JSON", text);
    await untilMarked(page, "cm-lintRange-error", expected, ".inputs");
  }
  await page.getByRole("textbox", { name: "seed" }).fill("1.5");
  await write(page, "request, JSON", "");
  await until(page, () => document.querySelector('[aria-invalid="true"]') !== null);
  await close();
});

test("a rejected candidate shows the predicate that rejects it", async () => {
  const { page, close } = await open(browser);
  const row = (text) => page.locator(".refused", { hasText: text }).first();
  const [slow, open_] = ['["cmp", "latency_ms", "le", 2000]', '["not", ["is", "breaker_open"]]'];
  await row("gpt-5-mini").click();
  await untilMarked(page, "cm-responsible", slow);
  await row("groq").hover();
  await untilMarked(page, "cm-responsible", open_);
  await page.mouse.move(5, 5);
  await untilMarked(page, "cm-responsible", slow);
  await page.keyboard.press("ArrowDown");
  await untilMarked(page, "cm-responsible", open_);
  await page.keyboard.press("Escape");
  await untilMarked(page, "cm-responsible", "");
  await close();
});

test("of several predicates with one reason, those that fail are shown; the envelope is named", async () => {
  const { page, close } = await open(browser);
  await write(page, "policy, JSON", `["policy",
    ["and", ["cmp", "price_in", "le", 100], ["and", ["cmp", "price_in", "le", 2], ["cmp", "price_in", "le", 1]]],
    ["zero"], ["ordered"], ["id"], ["always", {"action": "abort"}]]`);
  await page.locator(".refused", { hasText: "claude-sonnet-4-5" }).first().click();
  await untilMarked(page, "cm-responsible", '["cmp", "price_in", "le", 2]["cmp", "price_in", "le", 1]');
  await example(page, "privacy");
  await page.locator(".chip", { hasText: /^or/ }).click();
  await page.locator(".refused", { hasText: "mistral-small" }).click();
  await page.locator(".refused[aria-selected=true] .reason", { hasText: "or (envelope)" }).waitFor();
  await close();
});

test("reasons are filters", async () => {
  const { page, close } = await open(browser);
  await page.locator(".chip", { hasText: "cmp:latency_ms:le" }).click();
  const reasons = (await rejections(page)).map(({ reason }) => reason);
  assert.ok(reasons.length > 0 && reasons.every((reason) => reason === "cmp:latency_ms:le"));
  await close();
});

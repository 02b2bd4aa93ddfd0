// Texts from outside: names, reasons, errors, answers. None of them reorders or hides what stands beside it.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { load } from "./module.js";
import { encode, launch, open, settled, until, write } from "./page.js";

const { EXAMPLES } = await load("logic/examples.ts");

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const folder = mkdtempSync(join(tmpdir(), "sigmapol-texts-"));
/** An override, marks, isolates, controls, an escape of a terminal, what has no width, a byte order mark. */
const EVIL = "a\u202egpj.\u2066x\u2069\u200e\u200f\u001b[31m\u0000\u200b\ufeff\u061cz";
const SHOWN = "a\\u202egpj.\\u2066x\\u2069\\u200e\\u200f\\u001b[31m\\u0000\\u200b\\ufeff\\u061cz";
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

/** Runs in the page: what is shown, said or hinted and cannot be seen, and where. */
const hidden = (page) => page.evaluate((source) => {
  const unseen = new RegExp(source, "u");
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      const element = node.parentElement;
      // CodeMirror's own, beside a place that is not text
      if (unseen.test(node.data) && node.data !== "\u200b" && !element.closest("script")) found.push(`${element.className}: ${escape(node.data)}`);
      continue;
    }
    for (const { name, value } of node.attributes) {
      if (["title", "aria-label", "placeholder", "alt"].includes(name) && unseen.test(value)) found.push(`${name}: ${escape(value)}`);
    }
  }
  return found;
}, UNSEEN.source);

test("names that turn the line around or are not seen: everywhere as escapes, each a unit of its own", async () => {
  const work = (change) => {
    const { name: _, about: __, ...first } = EXAMPLES[0];
    return { ...first, ...change };
  };
  const candidates = [
    { provider_id: EVIL, model_family: `m${EVIL}`, scope: EVIL, price_out: 1 },
    { provider_id: "b", model_family: "m", tier: "partner", price_out: 2 },
    { provider_id: "c", model_family: "m", tier: "partner" },
    { provider_id: `r${EVIL}`, model_family: "m", price_out: 3000 },
  ];
  const vocabulary = JSON.stringify({ fields: { [`f${EVIL}`]: { sort: "Num", default: 0 } } });
  const policy = JSON.stringify(["policy", ["and", ["meets_req"], ["cmp", `f${EVIL}`, "le", 0], ["not", ["provider_eq", `r${EVIL}`]]],
    ["normalize", ["field", "price_out"]], ["ordered"], ["set_param", "reasoning_effort", EVIL], ["always", { action: "next_candidate" }]]);
  const request = JSON.stringify({ note: EVIL, requirements: {} });
  const claim = { digest: "0".repeat(64), identity: EVIL, cost: EVIL, ranked: 1, rejected: 1, first: [[0, "0".repeat(16)]] };
  const hash = await encode(work({ candidates, vocabulary, policy, request, state: {}, claim }));
  const { page, close } = await open(browser, { hash });
  await page.waitForSelector(".notice.bad");
  assert.ok((await page.textContent(".notice")).includes(`the link says ${SHOWN}`));
  const shows = async (selector, text) => {
    await page.waitForSelector(selector);
    const texts = await page.$$eval(selector, (all) => all.map((one) => one.textContent));
    assert.ok(texts.some((one) => one.includes(text)), `${selector}: ${texts.join(" | ")}`);
  };
  await shows(".ranked .model bdi", `m${SHOWN}`);
  await shows(".ranked .dimmed bdi", SHOWN);
  await shows(".refused bdi", `r${SHOWN}`);
  await shows(".remarks bdi", "(c/m) has no price_out");
  await shows(".grid .body .cell bdi", SHOWN);
  await shows(".grid .header .cell bdi", `f${SHOWN}`);
  await shows(".policy .cm-content", SHOWN);
  await shows(".diff bdi", SHOWN);
  assert.deepEqual(await hidden(page), []);
  for (const [name, selector, text] of [
    ["request", ".inputs .cm-content", SHOWN], ["providers", ".providers bdi", SHOWN], ["more", ".inputs .cm-content", SHOWN],
    ["failover", ".timeline bdi", SHOWN], ["json", ".outcome pre", SHOWN], ["canonical form", ".outcome pre", SHOWN],
  ]) {
    await page.getByRole("tab", { name }).click();
    await shows(selector, text);
    assert.deepEqual(await hidden(page), [], name);
  }
  // the order on the screen is that of the text: nothing is turned around
  await page.getByRole("tab", { name: "failover" }).click();
  for (const answer of ["401", "500"]) await page.getByRole("button", { name: answer, exact: true }).click();
  await until(page, () => document.querySelectorAll(".timeline li").length > 2);
  assert.deepEqual(await hidden(page), []);
  // what is refused quotes what was given
  await write(page, "policy, JSON", JSON.stringify([EVIL]));
  await until(page, () => /unknown op/.test(document.querySelector(".policy .strip .message")?.textContent));
  await shows(".policy .strip .message bdi", SHOWN);
  assert.deepEqual(await hidden(page), []);
  await close();
});

test("a name from right to left does not move what stands beside it", async () => {
  const { page, close } = await open(browser);
  const path = join(folder, "rtl.json");
  writeFileSync(path, JSON.stringify([
    { provider_id: "p", model_family: "latin", price_out: 1 },
    { provider_id: "p", model_family: "نموذج", price_out: 1 },
  ]));
  await write(page, "policy, JSON", '["policy", ["top"], ["zero"], ["ordered"], ["id"], ["always", {"action": "abort"}]]');
  await page.setInputFiles(".top input[type=file]", path);
  await until(page, () => document.querySelectorAll(".line.ranked").length === 2);
  const places = await page.$$eval(".line.ranked", (rows) => rows.map((row) => {
    const [model, provider] = [".model", ".model + .dimmed"].map((one) => row.querySelector(one).getBoundingClientRect());
    return [model.left, model.right <= provider.left];
  }));
  assert.equal(places[0][0], places[1][0]);
  assert.deepEqual(places.map(([, before]) => before), [true, true]);
  await close();
});

test("files and their errors are texts from outside, too", async () => {
  const { page, close } = await open(browser);
  const path = join(folder, "x\u202egnp.json");
  writeFileSync(path, `{"a\u202e": 1, "a\u202e": 2}`);
  await page.setInputFiles(".top input[type=file]", path);
  await page.waitForSelector(".notice.bad");
  assert.match(await page.textContent(".notice"), /^x\\u202egnp\.json: line 1 column 23: expected each key once, got 'a\\u202e' twice/);
  const ledger = join(folder, "l\u202e.jsonl");
  writeFileSync(ledger, '{"at":"\u202e"}\n');
  await page.setInputFiles(".top input[type=file]", ledger);
  await page.waitForSelector(".outcome .fault");
  await settled(page);
  assert.deepEqual(await hidden(page), []);
  await close();
});

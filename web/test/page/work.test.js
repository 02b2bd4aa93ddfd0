// What a person has made stays: over a reload, after a wrong click, and whatever a browser has kept.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { load } from "./module.js";
import { encode, example, launch, open, ranking, rejections, settled, shared, SITE, until, write } from "./page.js";

const { EXAMPLES } = await load("logic/examples.ts");
const { KEY } = await load("logic/kept.ts");

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const reload = async (page) => {
  await page.waitForTimeout(600);
  // the page counts its requests: one more for itself is no other
  await page.evaluate(() => location.reload());
  await page.waitForLoadState();
  await settled(page);
};
const rows = (page) => page.locator(".grid .body .cells");
const cell = (page, row, column) => rows(page).nth(row).getByRole("gridcell").nth(column);
const policyOf = (page) => page.$$eval(".policy .cm-line", (lines) => lines.map((line) => line.textContent).join("\n"));
const notice = (page) => page.locator(".notice");
const stored = (page) => page.evaluate((key) => localStorage.getItem(key), KEY);

const work = (change) => {
  const { name: _, about: __, ...first } = EXAMPLES[0];
  return { ...first, ...change };
};

test("a reload keeps the work, all of it", async () => {
  const { page, close } = await open(browser, { reloads: true });
  await example(page, "privacy");
  await cell(page, 0, 3).dblclick();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("77");
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "providers" }).click();
  await page.getByRole("checkbox", { name: "mistral is disabled" }).check();
  await page.getByRole("tab", { name: "request" }).click();
  await page.getByRole("textbox", { name: "seed" }).fill("99");
  await write(page, "policy, JSON", (await policyOf(page)).replace("1000", "1500"));
  const before = (await shared(page)).carried;
  assert.deepEqual([before.seed, before.candidates[0].price_in, before.state.disabled], ["99", 77, { mistral: { kind: "auth_error" } }]);
  await page.evaluate(() => history.replaceState(undefined, "", location.pathname));
  await reload(page);
  assert.match(await policyOf(page), /1500/);
  const { claim: _, ...again } = (await shared(page)).carried;
  const { claim: __, ...first } = before;
  assert.deepEqual(again, first);
  await close();
});

test("what was edited last is kept even if the page is left at once", async () => {
  const { page, close } = await open(browser, { reloads: true });
  await page.getByRole("tab", { name: "request" }).click();
  await page.getByRole("textbox", { name: "seed" }).fill("1234");
  await page.evaluate(() => location.reload());
  await page.waitForLoadState();
  await settled(page);
  assert.equal((await shared(page)).carried.seed, "1234");
  await close();
});

test("a link goes before what was kept, and does not destroy it until something is edited", async () => {
  const { page, close } = await open(browser, { reloads: true });
  await page.getByRole("tab", { name: "request" }).click();
  const seed = page.getByRole("textbox", { name: "seed" });
  await seed.fill("11");
  await page.waitForTimeout(600);
  const hash = await encode(work({ seed: "22" }));
  await page.evaluate((hash) => (location.hash = hash), hash);
  await until(page, () => /Opened from a link/.test(document.querySelector(".notice")?.textContent));
  await settled(page);
  await reload(page);
  await page.getByRole("tab", { name: "request" }).click();
  assert.equal(await seed.inputValue(), "22");
  await page.evaluate(() => history.replaceState(undefined, "", location.pathname));
  await reload(page);
  await page.getByRole("tab", { name: "request" }).click();
  assert.equal(await seed.inputValue(), "11");
  // edited, the address is no link to what is seen any more, and a reload keeps the edit
  await page.evaluate((hash) => (location.hash = hash), hash);
  await until(page, () => document.querySelector(".notice") !== null);
  await settled(page);
  await seed.fill("33");
  await until(page, () => location.hash === "");
  await reload(page);
  await page.getByRole("tab", { name: "request" }).click();
  assert.equal(await seed.inputValue(), "33");
  await close();
});

test("start over: the first example, and nothing kept; undone, all is back", async () => {
  const { page, close } = await open(browser, { reloads: true });
  const first = await ranking(page);
  await write(page, "policy, JSON", JSON.stringify(["policy", ["bot"], ["zero"], ["argmax"], ["id"], ["always", { action: "abort" }]]));
  await until(page, () => document.querySelectorAll(".line.ranked").length === 0);
  await page.getByRole("button", { name: "start over" }).click();
  await settled(page);
  await until(page, (count) => document.querySelectorAll(".line.ranked").length === count, first.length);
  assert.deepEqual(await ranking(page), first);
  assert.match(await notice(page).textContent(), /^Started over, with the first example\./);
  await page.getByRole("button", { name: "undo" }).last().click();
  await until(page, () => document.querySelectorAll(".line.ranked").length === 0);
  assert.equal(await notice(page).count(), 0);
  await until(page, (key) => localStorage.getItem(key) !== null, KEY);
  await page.getByRole("button", { name: "start over" }).click();
  await until(page, (key) => localStorage.getItem(key) === null, KEY);
  await reload(page);
  assert.deepEqual(await ranking(page), first);
  await close();
});

test("an example in the place of what was edited can be undone", async () => {
  const { page, close } = await open(browser);
  await example(page, "privacy");
  assert.equal(await notice(page).count(), 0);
  await write(page, "policy, JSON", "[1]");
  await example(page, "agent");
  assert.match(await notice(page).textContent(), /The example ‘agent’ is in the place of your work\./);
  await notice(page).getByRole("button", { name: "undo" }).click();
  await until(page, () => document.querySelector(".policy .cm-content").textContent === "[1]");
  await close();
});

test("removed rows come back: by the button, by Ctrl+Z, in their places", async () => {
  const { page, close } = await open(browser);
  const models = () => rows(page).evaluateAll((all) => (
    all.map((row) => `${row.querySelector('[role="rowheader"]').textContent} ${row.children[1].textContent} ${row.children[2].textContent}`)
  ));
  const before = await models();
  const ranked = await ranking(page);
  for (const at of [2, 0, 3]) await page.getByRole("button", { name: `remove candidate ${at}`, exact: true }).click();
  assert.match(await notice(page).textContent(), /^Removed candidate 3, openai gpt-5-mini\./);
  await settled(page);
  assert.match(await page.textContent(".status"), /19 candidates/);
  await notice(page).getByRole("button", { name: "undo" }).click();
  await notice(page).getByRole("button", { name: "undo" }).click();
  assert.match(await notice(page).textContent(), /^Removed candidate 2, openrouter claude-sonnet-4-5\./);
  await cell(page, 0, 0).click();
  await page.keyboard.press("Control+z");
  await settled(page);
  assert.equal(await notice(page).count(), 0);
  assert.deepEqual(await models(), before);
  assert.deepEqual(await ranking(page), ranked);
  // of another catalog nothing comes back
  await page.getByRole("button", { name: "remove candidate 0", exact: true }).click();
  await example(page, "agent");
  await cell(page, 0, 0).click();
  await page.keyboard.press("Control+z");
  await settled(page);
  assert.match(await page.textContent(".status"), /22 candidates/);
  await close();
});

test("the keyboard alone removes a row and brings it back", async () => {
  const { page, close } = await open(browser);
  await cell(page, 1, 0).click();
  await page.keyboard.press("Shift+Delete");
  await until(page, () => /21 candidates/.test(document.querySelector(".status").textContent));
  await page.keyboard.press("Control+z");
  await until(page, () => /22 candidates/.test(document.querySelector(".status").textContent));
  await close();
});

/** What nobody would write and anybody can put there: the page shows it, or starts as ever. */
const HOSTILE = [
  "", "{", "null", '"x"', "[]", "{}", "5", `${"[".repeat(200_000)}${"]".repeat(200_000)}`, '{"__proto__":{"policy":"x"}}',
  JSON.stringify(work({ candidates: [null] })), JSON.stringify(work({ state: 5 })),
  JSON.stringify(work({ state: { breakers: null, disabled: 5, credits: "x", ema: [] } })),
  JSON.stringify(work({ state: { breakers: { a: {} }, credits: { mistral: { toString: 1 } } } })),
  JSON.stringify(work({ candidates: [{}, { provider_id: { toString: 1, valueOf: 2 }, model_family: [[]], tier: { a: 1 }, capabilities: 5 }] })),
  JSON.stringify(work({ candidates: [{ provider_id: "<img src=x onerror=alert(1)>", model_family: "</script><script>alert(1)</script>" }] })),
  JSON.stringify(work({ vocabulary: '{"fields": {"constructor": {"sort": "Num", "default": 0}, "__proto__": 5, "x": null}, "tier_order": [{"toString": 1}]}' })),
  JSON.stringify(work({ policy: "]".repeat(300_000), request: '{"requirements": {"tier": {"toString": 1}, "needs": {"a": 1}, "privacy": [1]}}', seed: "\u202e" })),
  JSON.stringify(work({ candidates: Array.from({ length: 3000 }, (_, at) => ({ provider_id: `p${at}`, model_family: "\ud800" })) })),
];

test("whatever is kept, the page comes up and can be used", async () => {
  for (const text of HOSTILE) {
    const { page, close } = await open(browser, { before: [([key, text]) => localStorage.setItem(key, text), [KEY, text]] });
    const dialogs = [];
    page.on("dialog", (dialog) => dialogs.push(dialog.message()));
    for (const name of ["request", "providers", "more", "catalog", "failover", "json", "canonical form", "ledger", "sent"]) {
      await page.getByRole("tab", { name }).click();
      assert.ok((await page.locator(`[role="tabpanel"]`).count()) === 2, name);
    }
    await page.getByRole("tab", { name: "failover" }).click();
    await page.waitForSelector(".timeline, .outcome .empty");
    await page.getByRole("button", { name: "start over" }).click();
    await settled(page);
    await until(page, () => document.querySelectorAll(".line.ranked").length > 3);
    assert.deepEqual(dialogs, []);
    await close();
  }
});

test("work that is too much is not kept, and the page says so", async () => {
  const { page, close } = await open(browser, { reloads: true });
  await page.getByRole("tab", { name: "request" }).click();
  await page.getByRole("textbox", { name: "seed" }).fill("5");
  await page.waitForTimeout(600);
  assert.ok((await stored(page)).length > 1000);
  await write(page, "request, JSON", JSON.stringify({ text: "x".repeat(4_000_000) }));
  await until(page, () => /not kept for the next visit: it is too much for the browser/.test(document.querySelector(".status").textContent));
  assert.equal(await stored(page), null);
  await write(page, "request, JSON", "{}");
  await until(page, () => !/not kept/.test(document.querySelector(".status").textContent));
  assert.ok((await stored(page)).length > 1000);
  await close();
});

test("a browser that keeps nothing is no trouble", async () => {
  const { page, close } = await open(browser, { before: () => {
    Object.defineProperty(globalThis, "localStorage", { get: () => { throw new Error("not allowed"); } });
  } });
  await page.getByRole("tab", { name: "request" }).click();
  await page.getByRole("textbox", { name: "seed" }).fill("5");
  await until(page, () => /not kept for the next visit: the browser does not allow it/.test(document.querySelector(".status").textContent));
  assert.ok((await ranking(page)).length > 3);
  await close();
});

test("providers with names of every object of JavaScript: breakers, credits, failover", async () => {
  const names = ["constructor", "__proto__", "toString", "hasOwnProperty"];
  const candidates = names.map((provider_id, at) => ({ provider_id, model_family: "m", price_in: at + 1, latency_ms: 100 }));
  const policy = JSON.stringify(["policy", ["and", ["not", ["is", "breaker_open"]], ["not", ["is", "disabled"]]],
    ["neg", ["normalize", ["field", "price_in"]]], ["argmax"], ["id"],
    ["override", ["always", { action: "next_candidate" }], "auth_error", { action: "disable_provider" }]]);
  const hash = await encode(work({ candidates, policy, vocabulary: "", request: "{}", state: {} }));
  const { page, close } = await open(browser, { hash });
  assert.deepEqual((await ranking(page)).map(({ provider }) => provider), names);
  await page.getByRole("tab", { name: "providers" }).click();
  for (const name of names) {
    assert.equal(await page.getByRole("checkbox", { name: `breaker of ${name} is open` }).isChecked(), false);
    assert.equal(await page.getByRole("checkbox", { name: `${name} is disabled` }).isChecked(), false);
    assert.equal(await page.getByRole("textbox", { name: `credits at ${name}` }).inputValue(), "");
  }
  await page.getByRole("tab", { name: "failover" }).click();
  await page.waitForSelector(".timeline .calling");
  const answer = async (name) => {
    const count = await page.locator(".timeline li").count();
    await page.getByRole("button", { name, exact: true }).click();
    await until(page, (count) => document.querySelectorAll(".timeline li").length > count, count);
  };
  for (const kind of ["401", "401", "401", "ok"]) await answer(kind);
  const said = await page.$$eval(".timeline .what", (all) => all.map((one) => one.textContent));
  assert.deepEqual(said.filter((text) => /called|disabled/.test(text)), [
    "called m constructor", "constructor disabled", "called m __proto__", "__proto__ disabled",
    "called m toString", "toString disabled", "called m hasOwnProperty",
  ]);
  await page.getByRole("checkbox", { name: "breaker of __proto__ is open" }).check();
  await page.getByRole("checkbox", { name: "constructor is disabled" }).check();
  await page.getByRole("textbox", { name: "credits at toString" }).fill("5");
  await settled(page);
  await until(page, () => document.querySelectorAll(".line.ranked").length === 2);
  assert.deepEqual((await rejections(page)).map(({ provider, reason }) => [provider, reason]), [["constructor", "not"], ["__proto__", "not"]]);
  const { carried: { state } } = await shared(page);
  assert.deepEqual([Object.keys(state.breakers), Object.keys(state.disabled), Object.keys(state.credits)],
    [["__proto__"], ["constructor"], ["toString"]]);
  await page.getByRole("checkbox", { name: "breaker of __proto__ is open" }).uncheck();
  await until(page, () => document.querySelectorAll(".line.ranked").length === 3);
  await close();
});

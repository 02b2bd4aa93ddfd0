// Inputs that are too much: the page says so, and goes on. What is measured is the longest task of
// the main thread, in milliseconds; the bound is generous, for machines that are busy.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, open, ranking, settled, until, untilMarked, write } from "./page.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const BOUND = 500;
const folder = mkdtempSync(join(tmpdir(), "sigmapol-page-"));

/** Runs in the page before anything else: keeps the long tasks. */
function watch() {
  globalThis.tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask", buffered: true });
}

/** The longest task of what `act` makes the page do. */
async function longest(t, page, what, act) {
  await page.evaluate(() => (tasks.length = 0));
  await act();
  await page.waitForTimeout(300);
  const found = await page.evaluate(() => Math.round(Math.max(0, ...tasks)));
  t.diagnostic(`longest task, ${what}: ${found === 0 ? "under 50" : found} ms`);
  assert.ok(found < BOUND, `${what}: ${found} ms`);
}

/** Puts a text over the policy the way the clipboard does. */
const paste = (page, text) => page.evaluate((text) => {
  const content = document.querySelector(".policy .cm-content");
  content.focus();
  document.execCommand("selectAll");
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  content.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}, text);

const fault = (page) => page.textContent(".policy .strip .message");
const policy = (filter) => `["policy",${filter},["zero"],["argmax"],["id"],["always",{"action":"abort"}]]`;
/** Catalog i of n candidates; prices, speeds and names differ. */
const catalog = (n) => JSON.stringify(Array.from({ length: n }, (_, at) => ({
  provider_id: `provider-${at % 97}`, model_family: `model-${at}`, tier: ["partner", "marketplace", "fallback"][at % 3],
  price_in: (at % 1000) / 100, price_out: (at % 777) / 50, latency_ms: 100 + (at % 3000), tok_s: at % 200,
  capabilities: { context: 1000 * (1 + (at % 200)), supports_tools: at % 2 === 0, supports_json_mode: true },
  no_log: at % 5 === 0,
})));
const choose = (page, name, text) => {
  writeFileSync(join(folder, name), text);
  return page.setInputFiles(".top input[type=file]", join(folder, name));
};

test("5 MB of garbage in the policy", async (t) => {
  const { page, close } = await open(browser, { before: watch });
  const line = "%&/()=?{[]}\\\" garbage 'that' is no JSON, at all; ";
  await longest(t, page, "5 MB of garbage in one line", async () => {
    await paste(page, line.repeat(5_000_000 / line.length));
    await until(page, () => document.querySelector(".policy .strip .message"));
  });
  assert.match(await fault(page), /^term: line 1 column 1: expected a value, got '%'$/);
  await page.keyboard.press("Control+Home");
  await untilMarked(page, "cm-lintRange-error", "%");
  await longest(t, page, "5 MB of garbage in lines", async () => {
    await paste(page, `["policy",\n ["top"],\n${`${line}\n`.repeat(5_000_000 / line.length)}`);
    await until(page, () => /line 3/.test(document.querySelector(".policy .strip .message")?.textContent));
  });
  await longest(t, page, "typing into it", async () => {
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("[[[[", { delay: 30 });
    await settled(page);
  });
  await longest(t, page, "5 MB of JSON that is no policy", async () => {
    await paste(page, `[${"[1,2],".repeat(830_000)}5]`);
    await until(page, () => /string op/.test(document.querySelector(".policy .strip .message")?.textContent));
  });
  await longest(t, page, "taking it back", async () => {
    await write(page, "policy, JSON", policy('["top"]'));
    await until(page, () => document.querySelector(".line.ranked"));
  });
  await close();
});

test("a policy of 4,096 nodes is decided, one of 4,097 is refused at the node", async (t) => {
  const { page, close } = await open(browser, { before: watch });
  // policy, and, zero, argmax, id, always; the rest are conjuncts
  const nodes = (n) => policy(`["and",${Array(n - 7).fill('["top"]').join(",")},["bot"]]`);
  await longest(t, page, "4,096 nodes", async () => {
    await paste(page, nodes(4096));
    await until(page, () => /nodes 4096/.test(document.querySelector(".policy .strip")?.textContent));
  });
  await page.locator(".refused").first().click();
  await untilMarked(page, "cm-responsible", '["bot"]');
  await longest(t, page, "4,097 nodes", async () => {
    await paste(page, nodes(4097));
    await until(page, () => document.querySelector(".policy .strip .message"));
  });
  assert.match(await fault(page), /^\$\.policy\[\d\].*: term exceeds max size 4096 nodes$/);
  await until(page, () => document.querySelector(".policy .cm-lintRange-error"));
  await close();
});

test("10,000 candidates: loaded, decided, sorted, filtered, scrolled, edited", async (t) => {
  const { page, close } = await open(browser, { before: watch });
  await longest(t, page, "loading 10,000 candidates", async () => {
    await choose(page, "many.json", catalog(10_000));
    await until(page, () => /10,000 candidates/.test(document.querySelector(".status").textContent));
    await settled(page);
    await write(page, "policy, JSON", policy('["cmp","price_out","le",10]').replace("zero", "field\",\"price_in"));
    await until(page, () => document.querySelectorAll(".line.ranked").length > 5);
  });
  t.diagnostic(`one decision over 10,000 candidates: ${await page.textContent(".status .time b")}`);
  assert.ok((await page.locator(".grid .cells").count()) < 80);
  await longest(t, page, "sorting", async () => {
    await page.getByRole("columnheader", { name: "out", exact: true }).click();
    await page.getByRole("columnheader", { name: "out ↑" }).click();
    await until(page, () => document.querySelector(".grid .body .cells").textContent.includes("15.52"));
  });
  await longest(t, page, "scrolling", async () => {
    for (let at = 1; at <= 10; at += 1) {
      await page.evaluate((at) => (document.querySelector(".grid").scrollTop = at * 26_000 - 400), at);
      await page.waitForTimeout(30);
    }
    await until(page, () => document.querySelectorAll(".grid .body .cells").length > 8);
  });
  await longest(t, page, "filtering", async () => {
    await page.getByRole("searchbox", { name: "filter candidates" }).fill("model-9000");
    await until(page, () => document.querySelectorAll(".grid .body .cells").length === 1);
  });
  await longest(t, page, "editing a cell", async () => {
    await page.locator(".grid .body .cells").getByRole("gridcell").nth(3).dblclick();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("99.5", { delay: 40 });
    await page.keyboard.press("Enter");
    await until(page, () => document.querySelector(".line.ranked .score").textContent === "99.5");
  });
  assert.equal((await ranking(page))[0].model, "model-9000");
  await longest(t, page, "a link of 10,000 candidates", async () => {
    await page.getByRole("button", { name: "share" }).click();
    await until(page, () => document.querySelector(".notice"));
  });
  await close();
});

test("a decision over 1,000 candidates takes less than 5 ms", async (t) => {
  const { page, close } = await open(browser);
  await choose(page, "thousand.json", catalog(1000));
  await until(page, () => /1,000 candidates/.test(document.querySelector(".status").textContent));
  const cheap = '["neg",["normalize",["field","price_in"]]]';
  await write(page, "policy, JSON", policy('["cmp","price_out","le",10]').replace('["zero"]', cheap));
  await until(page, () => document.querySelectorAll(".line.ranked").length > 5);
  const text = await page.textContent(".status .time b");
  t.diagnostic(`one decision over 1,000 candidates: ${text}`);
  assert.ok(text.endsWith("µs") || parseFloat(text) < 5, text);
  await close();
});

test("files of 16 MiB and more", async (t) => {
  const { page, close } = await open(browser, { before: watch });
  await longest(t, page, "a file of 50 MB", async () => {
    await choose(page, "huge.json", Buffer.alloc(50_000_000, " "));
    await page.waitForSelector(".notice.bad");
  });
  assert.match(await page.textContent(".notice"), /huge\.json has 48 MiB; the engine reads texts of at most 16 MiB/);
  await longest(t, page, "a catalog of 5 MB", async () => {
    await choose(page, "large.json", catalog(20_000));
    await until(page, () => /20,000 candidates/.test(document.querySelector(".status").textContent));
    await settled(page);
  });
  assert.equal(await page.locator(".notice").count(), 0);
  await close();
});

test("a worker that is silent is replaced, and the page says so", async () => {
  const { page, close } = await open(browser, { before: () => {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
      // this one hears nothing, as if it computed for ever
      if (!message.takes?.policy?.includes("hang")) post.call(this, message, ...rest);
    };
  } });
  await page.getByRole("textbox", { name: "policy, JSON" }).focus();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("hang");
  await page.waitForSelector(".notice.bad", { timeout: 15_000 });
  assert.match(await page.textContent(".notice"), /^the worker was silent for 10 s; it was restarted/);
  for (let at = 0; at < 4; at += 1) await page.keyboard.press("Backspace");
  await settled(page);
  await until(page, () => document.querySelectorAll(".line.ranked").length > 3);
  await close();
});

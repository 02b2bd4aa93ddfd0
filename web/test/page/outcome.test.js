// What follows from a decision: runs, links, ledgers.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { host } from "../host.js";
import { encode, example, launch, open, ranking, settled, shared, until, write } from "./page.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const LEDGER = fileURLToPath(new URL("../../../golden/ledgers/5c249f877018/000001.jsonl", import.meta.url));

const timeline = (page) => page.$$eval(".timeline li", (rows) => rows.map((row) => (
  [...row.querySelectorAll("span")].map((part) => part.textContent).join(" | ")
)));
const answer = async (page, name) => {
  const rows = (await timeline(page)).length;
  await page.getByRole("button", { name, exact: true }).click();
  await until(page, (rows) => document.querySelectorAll(".timeline li").length !== rows, rows);
};

test("a run: retries, waits, a disabled provider, an answer; undone and reset", async () => {
  const { page, close } = await open(browser);
  await page.getByRole("tab", { name: "failover" }).click();
  await page.waitForSelector(".timeline .calling");
  await answer(page, "429");
  assert.deepEqual(await timeline(page), [
    "0.000 s | called mistral-small-3.2 mistral | 429 (60 ms)",
    "0.060 s | waited, then the same one again | 250 ms",
    "0.310 s | calling mistral-small-3.2 mistral | answer above",
  ]);
  await answer(page, "429, retry after 2 s");
  await answer(page, "401");
  assert.deepEqual((await timeline(page)).slice(2), [
    "0.310 s | called mistral-small-3.2 mistral | 429, retry after 2 s (60 ms)",
    "0.370 s | waited, then the same one again | 2000 ms",
    "2.370 s | called mistral-small-3.2 mistral | 401 (40 ms)",
    "2.410 s | breaker of mistral opened | for 30 s",
    "2.410 s | mistral disabled | for 300 s",
    "2.410 s | calling gemini-2.5-flash-lite google | answer above",
  ]);
  await answer(page, "ok");
  assert.equal((await timeline(page)).at(-1), "2.760 s | done | answered");
  assert.ok(await page.getByRole("button", { name: "ok", exact: true }).isDisabled());
  await answer(page, "undo");
  assert.match((await timeline(page)).at(-1), /calling gemini-2.5-flash-lite/);
  await answer(page, "reset");
  assert.deepEqual(await timeline(page), ["0.000 s | calling mistral-small-3.2 mistral | answer above"]);
  await close();
});

test("a run that ends: exhausted, aborted; a change begins a new one", async () => {
  const { page, close } = await open(browser);
  await example(page, "chain with fallback");
  await page.getByRole("tab", { name: "failover" }).click();
  await page.waitForSelector(".timeline .calling");
  await answer(page, "500");
  await answer(page, "timeout");
  await answer(page, "timeout");
  await answer(page, "404");
  assert.deepEqual(await timeline(page), [
    "0.000 s | called claude-haiku-4-5 anthropic | 500 (240 ms)",
    "0.240 s | breaker of anthropic opened | for 20 s",
    "0.240 s | called gpt-oss-120b bedrock | timeout (8000 ms)",
    "8.240 s | waited, then the same one again | 500 ms",
    "8.740 s | called gpt-oss-120b bedrock | timeout (8000 ms)",
    "16.740 s | called phi-4 openrouter | 404 (40 ms)",
    "16.780 s | failed | exhausted: model_unavailable",
  ]);
  await answer(page, "reset");
  await answer(page, "content filter");
  assert.deepEqual((await timeline(page)).at(-1), "0.180 s | failed | content_filter");
  await example(page, "agent");
  await until(page, () => document.querySelectorAll(".timeline li").length === 1);
  await close();
});

test("the json view has the whole decision, and the whole trace of the run", async () => {
  const { page, close } = await open(browser);
  await page.getByRole("tab", { name: "failover" }).click();
  await page.waitForSelector(".timeline .calling");
  await answer(page, "429");
  await answer(page, "401");
  await answer(page, "ok");
  await page.getByRole("tab", { name: "json" }).click();
  await until(page, () => document.querySelector(".outcome pre")?.textContent.includes("decision_path"));
  const { decision, run } = JSON.parse(await page.textContent(".outcome pre"));
  assert.deepEqual([decision.ordered.length, decision.rejected.length], [14, 8]);
  const { candidate, provider, model } = decision.ordered[0];
  assert.deepEqual({ provider, model }, { provider: "mistral", model: "mistral-small-3.2" });
  const { carried } = await shared(page);
  assert.equal(carried.candidates[candidate].model_family, model);
  assert.equal(decision.result, carried.claim.digest);
  assert.deepEqual([run.ok, run.answers], [true, ["rate_limit", "auth_error", "ok"]]);
  // as the timeline has it, and more
  assert.deepEqual(run.trace.decision_path.map(({ event, error_kind }) => [event, error_kind]), [
    ["attempted", "rate_limit"], ["retry_scheduled", undefined], ["attempted", "auth_error"], ["provider_disabled", undefined],
    ["attempted", undefined],
  ]);
  assert.equal(run.trace.ranked.length, 14);
  assert.equal(run.trace.rejected.length, 8);
  assert.deepEqual(Object.keys(run.trace).sort(), [
    "decision_path", "policy_fingerprint", "policy_identity", "ranked", "rejected", "started_at_ms", "total_latency_ms",
  ]);
  await close();
});

test("what a run cannot say of the ctx is said", async () => {
  const { page, close } = await open(browser);
  await page.getByRole("tab", { name: "request" }).click();
  await write(page, "request, JSON", '{"user": 1}');
  await page.getByRole("tab", { name: "failover" }).click();
  await until(page, () => /they stay behind: user/.test(document.querySelector(".notes")?.textContent));
  await close();
});

test("a link opens to the same decision", async () => {
  const { page, close } = await open(browser);
  await example(page, "sampled split");
  const before = await ranking(page);
  const { hash } = await shared(page);
  const again = await open(browser, { hash });
  await again.page.waitForSelector(".notice.good");
  assert.match(await again.page.textContent(".notice"), /Same decision\..*digest [0-9a-f]{64}/);
  assert.deepEqual(await ranking(again.page), before);
  await again.close();
  await close();
});

test("a link that claims another decision says what differs", async () => {
  const { page, close } = await open(browser);
  const { carried } = await shared(page);
  const { claim } = carried;
  for (const [change, expected] of [
    [{ claim: { ...claim, digest: "0".repeat(64) } }, /what the link does not carry/],
    [{ claim: { ...claim, digest: "0".repeat(64), cost: "1" } }, /cost: the link says 1, here it is \d+/],
    [{ policy: carried.policy.replace("2000", "500") }, /identity of the policy that ran.*ranked: the link says 14/],
    [{ candidates: [{ ...carried.candidates[0], price_out: 0.2 }, ...carried.candidates.slice(1)] },
      /place 1: the link says mistral mistral-small-3.2, here it is anthropic claude-sonnet-4-5/],
    [{ policy: "[" }, /here there is none/],
  ]) {
    const other = await open(browser, { hash: await encode({ ...carried, ...change }) });
    await other.page.waitForSelector(".notice.bad");
    assert.match(await other.page.textContent(".notice"), expected);
    await other.close();
  }
  await close();
});

test("a link that is damaged is reported, and the page works", async () => {
  const { page, close } = await open(browser, { hash: "#1.AAAA" });
  assert.match(await page.textContent(".notice.bad"), /This link cannot be read: /);
  assert.ok((await ranking(page)).length > 0);
  const { hash } = await shared(page);
  await page.evaluate((hash) => (location.hash = hash.slice(0, -9)), hash);
  await until(page, () => /cut off|unpacked/.test(document.querySelector(".notice.bad")?.textContent));
  await page.evaluate((hash) => (location.hash = hash), hash);
  await page.waitForSelector(".notice.good");
  await close();
});

test("a policy and a catalog are opened from files, and what is none is refused in words", async () => {
  const { page, close } = await open(browser);
  const folder = mkdtempSync(join(tmpdir(), "sigmapol-page-"));
  const opened = async (name, text) => {
    writeFileSync(join(folder, name), text);
    await page.setInputFiles(".top input[type=file]", join(folder, name));
  };
  await opened("p.json", '["policy", ["bot"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]]');
  await until(page, () => document.querySelector(".ranking .empty")?.textContent === "Nobody may be tried.");
  await opened("c.json", '[{"provider_id": "a", "model_family": "m"}]');
  await until(page, () => document.querySelectorAll(".refused").length === 1);
  for (const [text, expected] of [
    ["[1, 2", /x\.json: line 1 column 6: expected/],
    ['{"a": 1, "a": 2}', /x\.json: line 1 column 17: expected each key once/],
    ["5", /x\.json: expected a policy, an array of candidates/],
  ]) {
    await opened("x.json", text);
    await page.waitForSelector(".notice.bad");
    assert.match(await page.textContent(".notice"), expected);
    await page.getByRole("button", { name: "close" }).click();
  }
  await close();
});

test("a ledger is verified and made again; its decisions are of another component", async () => {
  const { page, close } = await open(browser);
  await page.setInputFiles(".top input[type=file]", LEDGER);
  await page.waitForSelector(".record");
  const text = await page.textContent(".outcome");
  assert.match(text, /component mismatch333/);
  assert.match(text, /verified 771 records790,824 bytes/);
  await page.locator(".record").first().click();
  await page.getByText("5c249f8770185f3248e422cf654516fb9a3003bcceeb0749f96af7af6a2456bc").waitFor();
  await close();
});

test("decisions that this component has recorded come out the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sigmapol-page-"));
  const examples = ["--ctx", "examples/catalog.json", "--ctx", "examples/request.json"];
  for (const policy of ["examples/agent.json", "examples/support.json"]) {
    const { status, stderr } = host(["decide", policy, ...examples, "--ledger", folder, "--json"]);
    assert.equal(status, 0, stderr);
  }
  const { page, close } = await open(browser);
  await page.setInputFiles(".top input[type=file]", join(folder, "000001.jsonl"));
  await page.waitForSelector(".record");
  const rows = await page.$$eval(".record", (rows) => rows.map(({ children }) => (
    [...children].slice(2).map((part) => part.textContent)
  )));
  assert.deepEqual(rows, [["openrouter qwen3-235b-a22b", "same"], ["mistral mistral-small-3.2", "same"]]);
  await close();
});

test("a damaged ledger shows the first damage, in the verifier's words", async () => {
  const { page, close } = await open(browser);
  const damaged = readFileSync(LEDGER, "utf8").split("\n");
  damaged[9] = damaged[9].replace(/"at":"1970/, '"at":"1971');
  const folder = mkdtempSync(join(tmpdir(), "sigmapol-page-"));
  const path = join(folder, "000001.jsonl");
  writeFileSync(path, damaged.join("\n"));
  await page.setInputFiles(".top input[type=file]", path);
  await page.waitForSelector(".outcome .fault");
  const { status, stderr } = host(["ledger", "verify", folder]);
  assert.equal(status, 65);
  const message = await page.textContent(".outcome .fault .message");
  assert.match(message, /^damaged: segment 1, line 10, number 9: expected the seal [0-9a-f]{64}, got [0-9a-f]{64}$/);
  assert.ok(stderr.includes(message.replace("damaged: ", "")), stderr);
  await close();
});

test("files are dropped anywhere", async () => {
  const { page, close } = await open(browser);
  const text = readFileSync(LEDGER, "utf8");
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "000001.jsonl"));
    const target = document.querySelector(".cm-content");
    target.dispatchEvent(new DragEvent("dragenter", { dataTransfer: data, bubbles: true, cancelable: true }));
    target.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, text);
  await page.waitForSelector(".record");
  await settled(page);
  await close();
});

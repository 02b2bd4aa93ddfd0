// The package as its users have it: values in, values out, errors thrown.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { COMPONENT_SHA256, CORE_SHA256, load, Refusal } from "../dist/index.js";
import { host, root } from "./host.js";
import { needsHost } from "./ledgers.js";

const engine = await load();
const json = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));
const POLICY = json("examples/support.json");
const CTX = { ...json("examples/catalog.json"), ...json("examples/request.json") };

test("the digests are those of the shipped files", () => {
  const sums = readFileSync(join(root, "golden/SHA256SUMS"), "utf8");
  assert.equal(sums, `${CORE_SHA256}  sigmapol.core.wasm\n${COMPONENT_SHA256}  sigmapol.wasm\n`);
});

test("values and texts are the same", () => {
  const admitted = engine.admit(POLICY, CTX.vocabulary);
  assert.deepEqual(engine.admit(JSON.stringify(POLICY), JSON.stringify(CTX.vocabulary)), admitted);
  assert.equal(engine.hash(POLICY, CTX.vocabulary), admitted.identity);
  assert.deepEqual({ sort: admitted.sort, nodes: admitted.nodes, depth: admitted.depth }, { sort: "policy", nodes: 14, depth: 4 });
  assert.equal(engine.decide(POLICY, CTX).digest(), engine.decide(JSON.stringify(POLICY), JSON.stringify(CTX)).digest());
});

test("a decision has the digest that the host computes", needsHost, () => {
  const folder = mkdtempSync(join(tmpdir(), "sigmapol-digest-"));
  const policies = {
    support: POLICY,
    sampled: ["policy", ["top"], ["field", "tok_s"], ["sample", 0.7], ["jitter", "temperature", 0.3], ["always", { action: "abort" }]],
    infinite: ["policy", ["top"], ["neg", ["field", "credits"]], ["ordered"], ["id"], ["always", { action: "abort" }]],
    unpriced: ["policy", ["cmp", "price_in", "gt", 1e9], ["field", "price_in"], ["argmax"], ["id"], ["always", { action: "abort" }]],
    failing: ["policy", ["top"], ["neg", ["field", "price_in"]], ["argmax"], ["id"],
      ["override", ["always", { action: "next_candidate" }], "timeout", { action: "retry_same", attempts: 2, backoff_ms: [0.1, 500] }]],
  };
  const ctx = {
    ...CTX,
    candidates: [...CTX.candidates, { provider_id: "no price", model_family: 'quoted "é😀\u2028' }],
    failures: [{ kind: "timeout", attempt: 2 }, { kind: "rate_limit" }],
  };
  writeFileSync(join(folder, "ctx.json"), JSON.stringify(ctx));
  const digests = new Set();
  for (const [name, policy] of Object.entries(policies)) {
    writeFileSync(join(folder, "policy.json"), JSON.stringify(policy));
    const { stdout, stderr } = host(["decide", join(folder, "policy.json"), "--ctx", join(folder, "ctx.json"), "--json"]);
    assert.notEqual(stdout, "", stderr);
    const here = engine.decide(policy, ctx);
    assert.equal(here.digest(), JSON.parse(stdout).result, name);
    assert.equal(engine.catalog({ candidates: ctx.candidates, vocabulary: ctx.vocabulary, state: ctx.state })
      .policy(policy)({ request: ctx.request, seed: ctx.seed, now_ms: ctx.now_ms, failures: ctx.failures }).digest(), here.digest(), name);
    digests.add(here.digest());
  }
  rmSync(folder, { recursive: true });
  assert.equal(digests.size, 5);
});

test("a decision as JSON is what the command prints, but for what a decision does not know", () => {
  // two candidates; the first has no price, so its score is infinite, and the second is rejected
  const policy = ["policy", ["not", ["cmp", "price_out", "eq", 2]], ["field", "price_in"], ["argmax"], ["set_param", "temperature", 0],
    ["always", { action: "retry_same", attempts: 2, backoff_ms: [100, 200] }]];
  const ctx = { candidates: [{ provider_id: "a", model_family: "m" }, { provider_id: "b", model_family: "m", price_out: 2 }] };
  const decision = engine.decide(policy, ctx);
  const written = JSON.parse(JSON.stringify(decision));
  assert.deepEqual(written, {
    identity: engine.hash(policy),
    ordered: [{ candidate: 0, score: "inf" }],
    rejected: [{ candidate: 1, reason: "not" }],
    request: { temperature: 0 },
    cost: Number(decision.cost),
    result: decision.digest(),
  });
  assert.deepEqual(Object.keys(written), ["identity", "ordered", "rejected", "request", "cost", "result"]);
  const failing = engine.decide(["policy", ["top"], ["neg", ["field", "price_in"]], ...policy.slice(3)],
    { ...ctx, failures: [{ kind: "timeout", attempt: 2 }] });
  assert.deepEqual(failing.toJSON().ordered, [{ candidate: 0, score: "-inf" }, { candidate: 1, score: "-inf" }]);
  assert.deepEqual(failing.toJSON().reactions, [{ action: policy[5][1], backoff_ms: 200 }]);
  const nobody = engine.decide(["policy", ["bot"], ...policy.slice(2)], ctx);
  assert.deepEqual(Object.keys(nobody.toJSON()), ["identity", "ordered", "rejected", "cost", "result"]);
});

test("a decision as JSON has the members that the command prints", needsHost, () => {
  const folder = mkdtempSync(join(tmpdir(), "sigmapol-json-"));
  const policy = ["policy", ["cmp", "price_out", "le", 10], ["add", ["field", "price_in"], ["lit", 0.1]], ["sample", 0.7], ["set_param", "seed", 3],
    ["override", ["always", { action: "next_candidate" }], "timeout", { action: "retry_same", attempts: 2, backoff_ms: [0.5, 500] }]];
  const ctx = { ...CTX, candidates: [...CTX.candidates, { provider_id: "x", model_family: "m", price_out: 1 }], failures: [{ kind: "timeout" }] };
  writeFileSync(join(folder, "policy.json"), JSON.stringify(policy));
  writeFileSync(join(folder, "ctx.json"), JSON.stringify(ctx));
  const { stdout } = host(["decide", join(folder, "policy.json"), "--ctx", join(folder, "ctx.json"), "--json"]);
  rmSync(folder, { recursive: true });
  const { spent: _, ...printed } = JSON.parse(stdout);
  for (const entry of [...printed.ordered, ...printed.rejected]) {
    delete entry.provider;
    delete entry.model;
  }
  for (const reaction of printed.reactions) {
    delete reaction.kind;
    delete reaction.attempt;
  }
  assert.ok(printed.ordered.some(({ score }) => score === "inf"));
  assert.deepEqual(JSON.parse(JSON.stringify(engine.decide(policy, ctx))), printed);
});

test("what is refused is an error with a code", () => {
  for (const [call, code, message] of [
    [() => engine.admit(["and", ["cmp", "price_in", "<", 5]]), "parameter", "$.and[1].cmp[2]: expected a relation (lt|le|eq|ne|ge|gt)"],
    [() => engine.hash("[1"), "json-syntax", "term: line 1 column 3: expected ',' or ']', got the end"],
    [() => engine.decide(["top"], { candidates: [] }), "not-a-policy", "ir: expected a Policy term, got Pred"],
    [() => engine.decide(POLICY, { ...CTX, seed: 0.5 }), "seed", "ctx.seed: expected an integer of magnitude at most 2^53 - 1"],
    [() => engine.admit(["lit", Number.NaN]), "json-null", "term: line 1 column 8: expected no null: leave the key or element out"],
    [() => engine.step(undefined, {}), "event", "event.kind: expected a value"],
    [() => engine.catalog({ candidates: [{}] }), "ctx", "catalog.candidates[0].provider_id: expected a string"],
    [() => engine.catalog(CTX_CATALOG).policy(["nope"]), "unknown-op", "ir: $: unknown op 'nope'"],
  ]) {
    assert.throws(call, (error) => {
      assert.ok(error instanceof Refusal && error instanceof Error);
      assert.deepEqual([error.name, error.code, error.message], ["Refusal", code, message]);
      return true;
    });
  }
});

const CTX_CATALOG = { candidates: CTX.candidates, vocabulary: CTX.vocabulary };

test("a catalog is changed in place", () => {
  const catalog = engine.catalog(CTX_CATALOG);
  assert.equal(catalog.size, CTX.candidates.length);
  const cheapest = catalog.policy(["policy", ["not", ["is", "breaker_open"]], ["neg", ["field", "price_in"]], ["argmax"], ["id"], ["always", { action: "abort" }]]);
  const first = () => cheapest().ordered[0].candidate;
  catalog.patch([{ candidate: 0, set: { price_in: 0.0001 } }]);
  assert.equal(first(), 0);
  catalog.patch([{ provider: CTX.candidates[0].provider_id, breaker_open: true }]);
  assert.notEqual(CTX.candidates[first()].provider_id, CTX.candidates[0].provider_id);
  assert.throws(() => catalog.patch([{ candidate: 999, set: {} }]), Refusal);
});

test("a run asks, waits and ends", () => {
  const event = {
    now_ms: 1000,
    config: {
      providers: { a: { discovery: "static", api_kind: "openai_compatible", base_url: "http://a" } },
      models: { m: { capabilities: {}, served_by: [{ provider: "a" }] } },
      profiles: { default: { retry_policy: "patient" } },
      retry_policies: { patient: { unknown: { action: "retry_same", attempts: 1, backoff_ms: [250] } } },
    },
  };
  const start = engine.step(undefined, { ...event, kind: "start", contract: { prompt: "hello" } });
  assert.deepEqual([start.effect.kind, start.effect.request.provider_id, start.effect.request.model_family], ["call", "a", "m"]);
  const after = (turn, more) => engine.step(turn.run, { state: JSON.parse(turn.state), now_ms: 1000, ...more });
  const failed = after(start, { kind: "respond", response: { ok: false, error_kind: "timeout" } });
  assert.deepEqual(failed.effect, { kind: "wait", untilMs: 1250 });
  const again = after(failed, { kind: "resume", now_ms: 1250 });
  assert.equal(again.effect.kind, "call");
  const done = after(again, { kind: "respond", now_ms: 1300, response: { ok: true, response: { text: "hi" } } });
  assert.deepEqual([done.effect.kind, done.effect.outcome.ok, done.effect.outcome.response], ["done", true, { text: "hi" }]);
  // a turn goes into JSON too, though its cost is a bigint
  const { run, state, effect, logs, cost } = failed;
  assert.deepEqual(JSON.parse(JSON.stringify(failed)), { run, state, effect, logs, cost: Number(cost) });
});

test("out of memory, an engine goes on in a new instance, and what a catalog held is gone", () => {
  const program = `
    import { load } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url))};
    const engine = await load();
    const policy = ["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", { action: "abort" }]];
    const candidates = [{ provider_id: "a", model_family: "m" }];
    const request = { zeros: Array(8_000_000).fill(0) };
    const decide = engine.catalog({ candidates }).policy(policy);
    const calls = [
      () => engine.decide(policy, { candidates, request }),
      () => engine.hash(["top"]),
      () => decide({ request }),
      () => decide(),
    ];
    for (const call of calls) {
      try { console.log(call()); } catch ({ name, code, message }) { console.log(name, code, message); }
    }`;
  // 64 KiB each; the request alone needs more
  const args = ["--wasm-max-mem-pages=2000", "--input-type=module", "--eval", program];
  assert.deepEqual(execFileSync("node", args, { encoding: "utf8" }).trimEnd().split("\n"), [
    "Trap trap the component stopped: wasm trap: wasm `unreachable` instruction executed",
    engine.hash(["top"]),
    "Trap trap the component stopped: wasm trap: wasm `unreachable` instruction executed",
    "Trap trap the component stopped: it stopped before, and what it held is gone",
  ]);
});

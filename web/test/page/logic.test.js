// What the page computes itself: links, columns, formats, scores, differences.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "./module.js";

const link = await load("logic/link.ts");
const columns = await load("logic/columns.ts");
const score = await load("logic/score.ts");
const { formatted } = await load("logic/format.ts");
const { diff } = await load("logic/diff.ts");
const { responsible } = await load("logic/responsible.ts");
const signature = await load("logic/signature.ts");
const { startOf } = await load("logic/config.ts");
const { nameOf } = await load("logic/candidate.ts");
const { normalizeUnknown } = await load("logic/notes.ts");
const { documentOf } = await load("logic/document.ts");
const { readWork } = await load("logic/work.ts");
const { visible, visibleLines } = await load("logic/visible.ts");
const kept = await load("logic/kept.ts");

const carried = {
  policy: '["policy"]', request: "{}", vocabulary: "", envelope: "", customs: "", seed: "42", nowMs: "", state: {},
  candidates: [{ provider_id: "日本", model_family: "m" }],
};
const made = {
  digest: "d", identity: "i", cost: "7", ordered: Uint32Array.of(2, 0), scores: Float64Array.of(1, -Infinity),
  rejected: Uint32Array.of(1), why: Uint32Array.of(0), reasons: ["bot"], micros: 1,
};

test("a link carries everything, there and back", async () => {
  const whole = { ...carried, claim: link.claimOf(made) };
  const fragment = await link.encode(whole);
  assert.match(fragment, /^#1\.[\w-]+$/);
  assert.deepEqual(await link.decode(fragment), whole);
});

test("work of any depth is read, up to what the engine reads", async () => {
  const nested = (levels) => ({ ...carried, state: { disabled: JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`) } });
  // the work and its state are two levels around it
  assert.deepEqual(await link.decode(await link.encode(nested(128))), nested(128));
  await assert.rejects(link.decode(await link.encode(nested(129))), /it has more than 130 levels/);
  const text = JSON.stringify(carried).replace('"state":{}', `"state":{"x":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`);
  assert.throws(() => readWork(text), /more than 130 levels/);
  assert.deepEqual(readWork(JSON.stringify({ ...carried, policy: '"[[\\"{{' + "[".repeat(500) })).state, {});
});

test("what a browser has kept is work, or nothing", () => {
  assert.deepEqual(kept.keptWork(kept.keptText(carried)), carried);
  const text = (change) => JSON.stringify({ ...carried, ...change });
  for (const other of [
    null, "", "{", "5", "null", "[]", "{}", text({ policy: 5 }), text({ state: [] }), text({ state: null }), text({ candidates: {} }),
    text({ candidates: [null] }), text({ candidates: [[]] }), text({ seed: undefined }), `${"[".repeat(100_000)}`,
    text({ policy: "x".repeat(kept.LONGEST) }),
  ]) assert.equal(kept.keptWork(other), undefined, String(other).slice(0, 80));
  const many = Array.from({ length: 100_000 }, () => carried.candidates[0]);
  assert.equal(kept.keptText({ ...carried, candidates: many }), undefined);
  assert.equal(kept.keptText({ ...carried, policy: "x".repeat(kept.LONGEST) }), undefined);
});

test("a link that is no link says why", async () => {
  const fragment = await link.encode(carried);
  const nothing = await link.encode(5);
  for (const [text, expected] of [
    ["#2.abc", /begins with "#2.abc"/],
    ["#1.a*b", /there is "\*" in it, at 4/],
    ["#1.abcde", /cut off/],
    [fragment.slice(0, -8), /cut off|cannot be unpacked/],
    [nothing, /expected an object/],
    [await link.encode({ ...carried, policy: 5 }), /no text for policy/],
    [await link.encode({ ...carried, candidates: [5] }), /no candidates/],
    [await link.encode({ ...carried, claim: { first: [[0, "x"]] } }), /malformed/],
  ]) await assert.rejects(link.decode(text), expected);
});

test("a few bytes that unpack to very many are refused", async () => {
  const bomb = await link.encode({ ...carried, policy: " ".repeat(17 << 20) });
  assert.ok(bomb.length < 50_000);
  await assert.rejects(link.decode(bomb), /more than 16 MiB/);
});

test("what is different about a decision", () => {
  const name = (at) => `c${at}`;
  const claim = link.claimOf(made);
  assert.deepEqual(link.differences(claim, made, name), []);
  const differ = (change) => link.differences({ ...claim, digest: "e", ...change }, made, name);
  assert.match(differ({})[0], /what the link does not carry/);
  assert.match(differ({ identity: "j" })[0], /identity of the policy that ran: the link says j, here it is i/);
  assert.match(differ({ first: [[0, claim.first[0][1]]] })[0], /place 1: the link says c0, here it is c2/);
  const half = [[2, "3fe0000000000000"]];
  assert.match(differ({ first: half })[0], /score at place 1, c2: the link says 0.5, here it is 1/);
  assert.match(differ({ rejected: 0 }).join(), /candidates rejected: the link says 0, here it is 1/);
});

test("scores are rounded to be compared by eye, as in the tables of the command", () => {
  assert.deepEqual([0.998661311914324, 4800.4, Infinity, -Infinity, -0, -1 / 3, 1234567, 1e300 / 3, 5e-324].map(score.roundedScore),
    ["0.998661", "4800.4", "∞", "−∞", "0", "−0.333333", "1234570", "3.33333e+299", "5e-324"]);
});

test("scores are shown in the fewest digits, bars from zero", () => {
  assert.deepEqual([0.1 + 0.2, -0, Infinity, -Infinity, -1.5, 1e300].map(score.scoreText),
    ["0.30000000000000004", "0", "∞", "−∞", "−1.5", "1e+300"]);
  const bar = score.barsOf([2, 1, -2, Infinity, -Infinity]);
  assert.deepEqual(bar(2), { left: 0.5, width: 0.5, negative: false });
  assert.deepEqual(bar(-2), { left: 0, width: 0.5, negative: true });
  assert.deepEqual(bar(Infinity), { left: 0.5, width: 0.5, negative: false });
  assert.deepEqual(bar(-Infinity), { left: 0, width: 0.5, negative: true });
  assert.deepEqual(score.barsOf([0, 0])(0), { left: 0, width: 0, negative: false });
  const wide = score.barsOf([Number.MAX_VALUE, -Number.MAX_VALUE]);
  assert.deepEqual(wide(Number.MAX_VALUE), { left: 0.5, width: 0.5, negative: false });
});

test("what cannot be seen is shown, and joiners stay", () => {
  assert.equal(visible("plain é 日本 \u{1f469}\u200d\u{1f680} \u0639\u200c\u0639"), "plain é 日本 \u{1f469}\u200d\u{1f680} \u0639\u200c\u0639");
  for (const unit of [
    0, 7, 9, 10, 27, 0x7f, 0x85, 0xad, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e,
    0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff, 0xd800,
  ]) {
    const escape = `\\u${unit.toString(16).padStart(4, "0")}`;
    assert.equal(visible(`a${String.fromCharCode(unit)}b`), `a${escape}b`, escape);
    // an escape of JSON, so that JSON stays JSON
    if (unit >= 0x20) assert.equal(JSON.parse(`"${visible(String.fromCharCode(unit))}"`), String.fromCharCode(unit));
  }
  assert.equal(visible("\u{e0041}"), "\\udb40\\udc41");
  assert.equal(visibleLines("a\n\tb\r\u202e"), "a\n\tb\\u000d\\u202e");
});

test("names that every object of JavaScript has are names like others", () => {
  const names = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];
  const all = names.map((provider_id) => ({ provider_id, model_family: provider_id, tier: "partner" }));
  const inputs = { policy: ["policy"], request: {}, vocabulary: {}, seed: 1, state: JSON.parse('{"breakers":{"__proto__":true}}') };
  const { event, notes: said } = startOf(all, inputs, 5);
  assert.deepEqual(said, []);
  assert.deepEqual(Object.keys(event.config.providers), names);
  for (const { discovery, tier } of Object.values(event.config.providers)) assert.deepEqual([discovery, tier], ["static", "partner"]);
  assert.deepEqual(Object.keys(event.state.circuit_breakers), ["__proto__"]);
  const declared = columns.columnsOf('{"fields":{"constructor":{"sort":"Num","default":0},"__proto__":{"sort":"Num","default":0}}}').slice(-2);
  for (const { path } of declared) {
    assert.equal(columns.valueAt(all[0], path), undefined);
    const changed = columns.withValue(all[0], path, 5);
    assert.equal(columns.valueAt(changed, path), 5);
    assert.ok(Object.hasOwn(changed, path[0]));
    assert.deepEqual(columns.withValue(changed, path, undefined), all[0]);
  }
  const signs = diff(JSON.parse('{"toString":1}'), JSON.parse('{"__proto__":2}')).map(({ sign, text }) => [sign, text]);
  assert.deepEqual(signs.slice(1, -1), [["added", '"__proto__": 2'], ["removed", '"toString": 1']]);
});

test("candidates of any shape have a name", () => {
  const hostile = JSON.parse('{"provider_id":{"toString":1,"valueOf":1},"model_family":null}');
  assert.equal(nameOf(hostile), '{"toString":1,"valueOf":1} null');
  assert.deepEqual(columns.viewOf([hostile], "tostring"), [0]);
  assert.equal(nameOf(undefined), " ");
});

const unpriced = (policy, candidates, { state = {}, rejected = [] } = {}) =>
  normalizeUnknown(["policy", ["top"], policy, ["argmax"], ["id"], ["always", { action: "abort" }]], candidates, state, rejected)
    .map(({ code, message }) => {
      assert.ok(message.startsWith(`${code}: `));
      return message;
    });

test("a candidate without a price makes normalize say nothing, and the page says so", () => {
  const priced = [1, 2, 3].map((price_in, at) => ({ provider_id: "p", model_family: `m${at}`, price_in, price_out: 1, latency_ms: 5 }));
  const gpt = { provider_id: "openai", model_family: "gpt-x", price_out: 1, latency_ms: 5 };
  const all = [...priced, gpt];
  const scorer = ["neg", ["normalize", ["field", "price_in"]]];
  const message = "normalize-unknown: candidate 3 (openai/gpt-x) has no price_in, so normalize gives every other candidate the same score";
  assert.deepEqual(unpriced(scorer, all), [message]);
  // wherever normalize is, and whatever passes the value on
  for (const other of [
    ["add", ["lit", 1], ["gate", ["top"], scorer]], ["scale", 0.5, scorer], ["normalize", ["add", ["lit", 1], ["scale", 2, ["field", "price_in"]]]],
    ["normalize", ["neg", ["neg", ["field", "price_in"]]]], ["normalize", ["scale", -1, ["neg", ["field", "price_in"]]]],
    ["normalize", ["gate", ["no_log"], ["field", "price_in"]]], ["normalize", ["normalize", ["field", "price_in"]]],
    ["add", scorer, scorer],
  ]) assert.deepEqual(unpriced(other, all), [message], JSON.stringify(other));
  // what reads no such field, reads it without normalize, keeps it finite, or makes it the least
  for (const other of [
    ["field", "price_in"], ["normalize", ["field", "price_out"]], ["normalize", ["clamp", 0, 100, ["field", "price_in"]]],
    ["normalize", ["neg", ["field", "price_in"]]], ["normalize", ["scale", 0, ["field", "price_in"]]], ["normalize", ["field", "tok_s"]],
    ["normalize", ["add", ["field", "price_in"], ["neg", ["field", "price_in"]]]], ["normalize", ["zero"]], ["zero"],
  ]) assert.deepEqual(unpriced(other, all), [], JSON.stringify(other));
  // who is rejected is not among those that normalize sees; a price that was observed is one
  assert.deepEqual(unpriced(scorer, all, { rejected: Uint32Array.of(3) }), []);
  assert.deepEqual(unpriced(scorer, all, { rejected: Uint32Array.of(0, 1) }), []);
  assert.deepEqual(unpriced(scorer, all, { state: { ema: { "openai|gpt-x": { price_in: 1 } } } }), []);
  assert.deepEqual(unpriced(scorer, all, { state: { ema: { "openai|gpt-x": { price_out: 1 } } } }), [message]);
  assert.deepEqual(unpriced(scorer, all, { state: { ema: null } }), [message]);
  // several, and several fields
  const more = [...all, { provider_id: "x", model_family: "y" }, { provider_id: "x", model_family: "z" }];
  assert.deepEqual(unpriced(scorer, more), [message.replace("has no", "and 2 more have no")]);
  const both = ["add", scorer, ["neg", ["normalize", ["add", ["field", "latency_ms"], ["field", "price_out"]]]]];
  assert.deepEqual(unpriced(both, more), [
    message.replace("has no", "and 2 more have no"),
    ...["latency_ms", "price_out"].map((field) => (
      `normalize-unknown: candidate 4 (x/y) and 1 more have no ${field}, so normalize gives every other candidate the same score`
    )),
  ]);
  // what is no policy has nothing to say
  for (const text of [undefined, 5, [], ["policy"], {}]) assert.deepEqual(normalizeUnknown(text, all, {}, []), []);
});

test("the engine does what the note says", async () => {
  const { load: loadEngine } = await import("../../dist/index.js");
  const engine = await loadEngine();
  const candidates = [1, 2, undefined].map((price_in, at) => ({ provider_id: "p", model_family: `m${at}`, price_in }));
  const policy = (rank) => ["policy", ["top"], rank, ["ordered"], ["id"], ["always", { action: "abort" }]];
  const scores = (rank) => engine.decide(policy(rank), { candidates }).ordered.map(({ score }) => score);
  for (const rank of [
    ["normalize", ["field", "price_in"]], ["normalize", ["neg", ["field", "price_in"]]], ["normalize", ["clamp", 0, 100, ["field", "price_in"]]],
    ["normalize", ["add", ["field", "price_in"], ["neg", ["field", "price_in"]]]], ["normalize", ["scale", 2, ["field", "price_in"]]],
    ["normalize", ["gate", ["top"], ["field", "price_in"]]],
  ]) {
    const [first, second] = scores(rank);
    const isSame = first === second && !JSON.stringify(rank).includes('"neg"');
    assert.equal(unpriced(rank, candidates).length > 0, isSame, JSON.stringify(rank));
  }
});

test("many readings over many candidates are looked at in no time", () => {
  const many = Array.from({ length: 20_000 }, (_, at) => ({ provider_id: "p", model_family: `m${at}`, ...(at % 2 ? { price_in: at } : {}) }));
  const fields = ["price_in", "price_out", "latency_ms"];
  const normalize = (at) => ["normalize", ["add", ...fields.filter((_, bit) => (at >> bit) & 1).map((field) => ["field", field]), ["lit", at]]];
  const start = performance.now();
  const found = unpriced(["add", ...Array.from({ length: 800 }, (_, at) => normalize(at))], many);
  assert.equal(found.length, 1);
  assert.match(found[0], /candidate 0 \(p\/m0\) and 9999 more have no price_in/);
  assert.ok(performance.now() - start < 1000);
});

test("the whole of a decision and a run is one document", () => {
  const candidates = ["a", "b", "c"].map((provider_id) => ({ provider_id, model_family: "m" }));
  const trace = { decision_path: [{ event: "attempted" }], rejected: [], started_at_ms: 5, ranked: [] };
  const run = { events: [{ kind: "done", at: 5, ok: false, what: "timeout" }], ranked: [], notes: [], trace };
  assert.deepEqual(JSON.parse(documentOf({ ...made, request: '{"n":1.5}' }, candidates, run, ["timeout"])), {
    decision: {
      identity: "i",
      ordered: [{ candidate: 2, provider: "c", model: "m", score: 1 }, { candidate: 0, provider: "a", model: "m", score: "-inf" }],
      rejected: [{ candidate: 1, provider: "b", model: "m", reason: "bot" }],
      request: { n: 1.5 },
      cost: 7,
      result: "d",
    },
    run: { ok: false, error: "timeout", answers: ["timeout"], trace },
  });
});

test("sorting is a view, and what is absent comes last", () => {
  const all = [{ price_in: 3 }, {}, { price_in: 1 }, { price_in: "x" }]
    .map((own, at) => ({ provider_id: "a", model_family: `m${at}`, ...own }));
  const column = columns.columnsOf("").find(({ label }) => label === "in");
  assert.deepEqual(columns.viewOf(all, "", { column, descending: false }), [2, 0, 3, 1]);
  assert.deepEqual(columns.viewOf(all, "", { column, descending: true }), [3, 0, 2, 1]);
  assert.deepEqual(columns.viewOf(all, "M2"), [2]);
});

test("cells: values in and out", () => {
  const column = columns.columnsOf('{"fields":{"x":{"sort":"Bool","default":false}}}').at(-1);
  assert.deepEqual([column.label, column.kind], ["x", "flag"]);
  const context = ["capabilities", "context"];
  const candidate = { provider_id: "a", model_family: "m" };
  assert.deepEqual(columns.withValue(candidate, context, 5), { ...candidate, capabilities: { context: 5 } });
  assert.deepEqual(columns.withValue({ ...candidate, tier: "x" }, ["tier"], undefined), candidate);
  const written = ["1.5", "8k", " "].map((text) => columns.valueOf(text, "number"));
  assert.deepEqual(written, [1.5, "8k", undefined]);
  const cell = (message) => columns.cellOf(`catalog.candidates${message}`);
  assert.deepEqual(cell("[3].price_in: expected a finite number"), { row: 3, path: "price_in" });
  assert.deepEqual(cell("[0]: unknown key 'z', expected a candidate key"), { row: 0, path: "z" });
});

test("terms are written the way people write them", () => {
  const long = ["and", ["cmp", "price_out", "le", 2], ["or", ...Array(8).fill(["provider_eq", "a"])], ["top"]];
  const text = formatted(JSON.stringify(long));
  assert.deepEqual(JSON.parse(text), long);
  assert.ok(text.split("\n").every((line) => line.length <= 90), text);
  assert.equal(formatted('["top"]'), '["top"]');
  const support = readFileSync(new URL("../../../examples/support.json", import.meta.url), "utf8").trimEnd();
  assert.equal(formatted(JSON.stringify(JSON.parse(support))), support);
  assert.equal(formatted("{"), undefined);
});

test("a request and what became of it", () => {
  const signs = diff({ a: 1, b: { c: 1 }, d: 1 }, { a: 2, b: { c: 1, e: [1] } })
    .filter(({ sign }) => sign !== "same").map(({ sign, text, was }) => [sign, text, was]);
  assert.deepEqual(signs, [
    ["changed", '"a": 2,', "1"], ["added", '"e": [', undefined], ["added", "1", undefined], ["added", "]", undefined],
    ["removed", '"d": 1', undefined],
  ]);
  assert.ok(diff({ a: 1, b: 2 }, { b: 2, a: 1 }).every(({ sign }) => sign === "same"));
});

test("who is responsible: conjuncts that fail for the reason, through conjunctions alone", () => {
  const fails = { p: "r", q: "s", t: undefined, n: "r" };
  const ask = ([op, ...rest]) => (op === "and" ? rest.map(ask).find(Boolean) : op === "not" ? "not" : fails[op]);
  const filter = ["and", ["t"], ["p"], ["and", ["q"], ["and", ["n"]]], ["not", ["p"]]];
  assert.deepEqual(responsible(ask, filter, "r"), [[2], [3, 2, 1]]);
  assert.deepEqual(responsible(ask, filter, "not"), [[4]]);
  assert.deepEqual(responsible(ask, ["p"], "r"), [[]]);
});

test("every operation of the signature has a meaning, and no other", () => {
  assert.deepEqual(Object.keys(signature.MEANINGS).sort(), signature.OPERATIONS.map(({ op }) => op).sort());
});

test("every kind of failure of the host is completed, and no other", () => {
  const host = readFileSync(new URL("../../../host/provider/src/error.rs", import.meta.url), "utf8");
  const kinds = [...host.matchAll(/Self::\w+ => "(\w+)"/g)].map(([, kind]) => kind);
  assert.deepEqual([...signature.FAILURES].sort(), kinds.sort());
});

test("what a configuration cannot say is said", () => {
  const world = { policy: ["policy"], request: { user: 1 }, vocabulary: {}, seed: 1, state: {} };
  const at = (tier) => ({ provider_id: "a", model_family: "m", tier });
  const { notes, event } = startOf([at("partner"), at("fallback")], world, 5);
  assert.match(notes[0], /one for a provider.*a \(tier\)/);
  assert.match(notes[1], /they stay behind: user/);
  assert.equal(event.contract.extra_candidates[0].tier, undefined);
  const reference = startOf([at("x")], { ...world, vocabulary: { profile: "reference" } }, 5);
  assert.equal(reference.event.contract.extra_candidates[0].tier, "x");
});

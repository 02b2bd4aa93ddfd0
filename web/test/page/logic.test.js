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

// What is given must be of the type that a verb takes: another one is a TypeError that names the argument, and
// never reaches the engine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "../dist/index.js";
import { replay, verify } from "../dist/ledger.js";

const engine = await load();
const POLICY = ["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", { action: "abort" }]];
const candidates = [{ provider_id: "a", model_family: "m" }];
const catalog = engine.catalog({ candidates });
const decide = catalog.policy(POLICY);

/** Values of types that no verb takes, and what an error calls each. */
const NEVER = [
  [null, "null"], [5, "a number"], [Number.NaN, "a number"], [true, "a boolean"], [5n, "a bigint"],
  [Symbol("s"), "a symbol"], [() => POLICY, "a function"],
];
const ABSENT = [undefined, "undefined"];
const OBJECT = [{}, "an object"];
const ARRAY = [[], "an array"];

const ARRAY_OR_TEXT = "an array or a JSON text";
const OBJECT_OR_TEXT = "an object or a JSON text";

/** The calls with one argument left open, its name, what it takes, and what is wrong beside `NEVER`. */
const VERBS = [
  [(term) => engine.admit(term), "term", ARRAY_OR_TEXT, [ABSENT, OBJECT]],
  [(vocabulary) => engine.admit(["top"], vocabulary), "vocabulary", OBJECT_OR_TEXT, [ARRAY]],
  [(term) => engine.hash(term), "term", ARRAY_OR_TEXT, [ABSENT, OBJECT]],
  [(vocabulary) => engine.hash(["top"], vocabulary), "vocabulary", OBJECT_OR_TEXT, [ARRAY]],
  [(policy) => engine.decide(policy, { candidates }), "policy", ARRAY_OR_TEXT, [ABSENT, OBJECT]],
  [(ctx) => engine.decide(POLICY, ctx), "ctx", OBJECT_OR_TEXT, [ABSENT, ARRAY]],
  [(run) => engine.step(run, { kind: "status" }), "run", "the run of a turn, a string, or undefined", [OBJECT, ARRAY]],
  [(event) => engine.step(undefined, event), "event", OBJECT_OR_TEXT, [ABSENT, ARRAY]],
  [(given) => engine.catalog(given), "catalog", OBJECT_OR_TEXT, [ABSENT, ARRAY]],
  [(term) => catalog.policy(term), "term", ARRAY_OR_TEXT, [ABSENT, OBJECT]],
  [(options) => catalog.policy(POLICY, options), "options", OBJECT_OR_TEXT, [ARRAY]],
  [(ask) => decide(ask), "ask", OBJECT_OR_TEXT, [ARRAY]],
  [(changes) => catalog.patch(changes), "changes", ARRAY_OR_TEXT, [ABSENT, OBJECT]],
];

const SEGMENTS = "an array of Uint8Array, one a segment";
const LEDGERS = [
  [(segments) => verify(segments), "segments", SEGMENTS, [ABSENT, OBJECT, ["{}", "a string"]]],
  [(segments) => replay(engine, segments), "segments", SEGMENTS, [ABSENT, OBJECT, ["{}", "a string"]]],
  [(given) => replay(given, []), "engine", "an Engine", [ABSENT, OBJECT, ["", "a string"]]],
  [(options) => verify([], options), "options", "an object", [ARRAY, ["", "a string"]]],
  [(anchor) => verify([], { anchor }), "options.anchor", "{number, seal}", [OBJECT, ARRAY, ["3:f", "a string"]]],
];

for (const [call, name, expected, more] of [...VERBS, ...LEDGERS]) {
  test(`${call}`.replace(/\s+/g, " "), () => {
    for (const [value, got] of [...NEVER, ...more]) {
      assert.throws(() => call(value), new TypeError(`${name}: expected ${expected}, got ${got}`), got);
    }
  });
}

test("one file of a ledger is not its segments", () => {
  assert.throws(() => verify(new Uint8Array(3)), new TypeError(`segments: expected ${SEGMENTS}, got a Uint8Array`));
  assert.throws(() => verify(["{}"]), new TypeError("segments[0]: expected a Uint8Array, got a string"));
});

test("functions are functions", () => {
  assert.throws(() => verify([], { progress: 5 }), new TypeError("options.progress: expected a function, got a number"));
  assert.throws(() => replay(engine, [], 5), new TypeError("each: expected a function, got a number"));
});

test("a value that JSON cannot write is told by the argument that has it", () => {
  const circular = { candidates };
  circular.request = circular;
  const seed = () => engine.decide(POLICY, { candidates, seed: 42n });
  assert.throws(seed, { name: "TypeError", message: /^ctx: expected a value that JSON can write: .*BigInt/ });
  const round = () => engine.decide(POLICY, circular);
  assert.throws(round, { name: "TypeError", message: /^ctx: expected a value that JSON can write: .*circular/ });
  const hidden = { toJSON: () => undefined };
  assert.throws(() => engine.admit(["top"], hidden), {
    name: "TypeError", message: "vocabulary: expected a value that JSON can write, got undefined",
  });
});

test("a vocabulary, options and an ask may be left out, as undefined too", () => {
  assert.equal(engine.admit(["top"], undefined).sort, "pred");
  assert.equal(engine.hash(["top"], undefined), engine.hash(["top"]));
  assert.equal(catalog.policy(POLICY, undefined)(undefined).digest(), decide().digest());
});

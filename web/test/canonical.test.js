// Whether a text is canonical, without building its value: as writing the value anew says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page/module.js";

const { scanObject } = await load("../src/ledger/scan.ts");
const { canonical } = await load("../src/ledger/canonical.ts");

/** What a text is, by the definition: nothing else has this value and is canonical. */
function byWriting(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) && canonical(value) === text;
  } catch {
    return false;
  }
}

let state = 7;
const below = (end) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
};
const one = (items) => items[below(items.length)];
const NUMBERS = [0, 1, -1, 0.5, 1e21, 1e-7, 5e-324, 123456789012345, 1234567890123456, 2 ** 53, -1.5e300, 0.1 + 0.2];
const STRINGS = ["", "a", "b", "aa", '"', "\\", "\n", "\u001f", "\u007f", "é", "\u2028", "\u{1f600}", "\ue000", "__proto__", "1"];

function value(depth) {
  const kind = below(depth > 0 ? 8 : 5);
  if (kind === 0) return null;
  if (kind === 1) return below(2) === 0;
  if (kind <= 3) return one(NUMBERS);
  if (kind === 4) return one(STRINGS);
  const entries = Array.from({ length: below(4) }, () => value(depth - 1));
  return kind === 5 ? entries : Object.fromEntries(entries.map((entry) => [one(STRINGS), entry]));
}

test("what is written is canonical, and what is changed by a character is if it is written so", () => {
  const changes = '{}[]:,"\\0123456789.-+eEtruefalsn \n\u0000\ud800\u00e9/';
  const found = { yes: 0, no: 0 };
  for (let round = 0; round < 30_000; round += 1) {
    const text = canonical({ v: value(4), w: value(2) });
    assert.ok(scanObject(text) > 0, text);
    const at = below(text.length + 1);
    const other = text.slice(0, at) + (below(3) === 0 ? "" : one([...changes])) + text.slice(at + below(2));
    const isCanonical = byWriting(other);
    // a lone surrogate cannot come out of UTF-8, and is not looked for
    if (/\p{Surrogate}/u.test(other)) continue;
    assert.equal(scanObject(other) !== undefined, isCanonical, other);
    found[isCanonical ? "yes" : "no"] += 1;
  }
  assert.ok(found.yes > 1000 && found.no > 10_000, JSON.stringify(found));
});

test("numbers, words and strings that are nearly canonical", () => {
  const nearly = [
    "1.0", "-0", "01", "+1", "1e3", "1E21", "1e21", "-", "9007199254740993", ".5", "0.50", "1.", "inf", "NaN", "Infinity",
    "-Infinity", "0x10", "1e400", "--1", "1-1", "tru", "nul", "True", "undefined", '"\\/"', '"\\u0041"', '"\\u000a"',
    '"\\u001F"', '"\\u+01f"', '"\\x"', '"', "'a'", "[1 ]", "[1,]", "[,1]", "[1", '{"a"}', '{"a":}', "{,}", "",
  ];
  for (const text of nearly) assert.equal(scanObject(`{"a":${text}}`), undefined, text);
  for (const text of ["", " {}", "{} ", "{}{}", "[]", "1", "{", '{"b":1,"a":1}', '{"a":1,"a":1}', '{"\ue000":1,"\u{1f600}":2}']) {
    assert.equal(scanObject(text), undefined, text);
  }
});

test("values are counted, members of the object itself are told", () => {
  const text = '{"a":[1,{"b":null}],"c\\n":"d","e":{}}';
  const told = [];
  // the object, an array, 1, an object, null, "d", {}
  assert.equal(scanObject(text, (key, from, to) => told.push([key, text.slice(from, to)])), 7);
  assert.deepEqual(told, [["a", '[1,{"b":null}]'], ["c\n", '"d"'], ["e", "{}"]]);
});

test("100 levels, and no more", () => {
  const nested = (levels) => `${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
  assert.equal(scanObject(nested(100)), 100);
  assert.equal(scanObject(nested(101)), undefined);
  assert.equal(scanObject(`{"a":${"[".repeat(50_000_000)}`), undefined);
});

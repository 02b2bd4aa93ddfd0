// What anybody may put behind the `#` of the page's address: a link is read, or refused in words. A case is a seed
// and a number; a failure names both, and SIGMAPOL_ATTACK_SEED, _FIRST and _CASES try it again.
import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { test } from "node:test";
import { load } from "./module.js";

const link = await load("logic/link.ts");
const setting = (name, otherwise) => BigInt(process.env[`SIGMAPOL_ATTACK_${name}`] ?? otherwise);
const SEED = setting("SEED", 1);
const FIRST = Number(setting("FIRST", 0));
const CASES = Number(setting("CASES", 300));

/** Sebastiano Vigna's SplitMix64; the same numbers for the same case on every machine. */
function random(number) {
  const wide = (value) => BigInt.asUintN(64, value);
  let state = wide(SEED * 0x9e3779b97f4a7c15n + BigInt(number));
  return (bound) => {
    state = wide(state + 0x9e3779b97f4a7c15n);
    let mixed = wide((state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = wide((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return Number((mixed ^ (mixed >> 31n)) % BigInt(bound));
  };
}

const STRINGS = ["", "a", "é", "日本", "😀", "\ud800", "\0", "\n\"\\", "__proto__", "constructor", "[[[[", "</script>", "x".repeat(3_000)];
const NUMBERS = [0, 1, -1, 0.1, 5e-324, 1e308, 2 ** 53, -7];

/** Any JSON of a few levels. */
function value(draw, levels) {
  const many = () => Array.from({ length: draw(4) });
  switch (draw(levels === 0 ? 4 : 6)) {
    case 0: return STRINGS[draw(STRINGS.length)];
    case 1: return NUMBERS[draw(NUMBERS.length)];
    case 2: return draw(2) === 0;
    case 3: return null;
    case 4: return many().map(() => value(draw, levels - 1));
    default: return record(draw, levels - 1);
  }
}

function record(draw, levels) {
  const members = Array.from({ length: draw(4) }, () => [STRINGS[draw(STRINGS.length)], value(draw, levels)]);
  return JSON.parse(`{${[...new Map(members)].map(([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member)}`).join(",")}}`);
}

/** Work in order, and in one case of two what was decided. */
function carried(draw) {
  const text = () => STRINGS[draw(STRINGS.length)];
  const work = {
    policy: text(), request: text(), vocabulary: text(), envelope: text(), customs: text(), seed: text(), nowMs: text(),
    state: record(draw, 4), candidates: Array.from({ length: draw(5) }, () => record(draw, 3)),
  };
  if (draw(2) === 0) return work;
  const first = Array.from({ length: draw(9) }, () => [draw(5), draw(2 ** 32).toString(16).padStart(16, "0")]);
  return { ...work, claim: { digest: text(), identity: text(), cost: text(), ranked: draw(9), rejected: draw(9), first } };
}

/** Changes a text in up to three places: characters changed, left out, doubled, moved, or cut off. */
function changed(draw, text, alphabet) {
  for (let times = 1 + draw(3); times > 0; times -= 1) {
    const [from, to] = [draw(text.length + 1), draw(text.length + 1)].sort((a, b) => a - b);
    const one = alphabet[draw(alphabet.length)];
    text = [
      () => text.slice(0, from) + one + text.slice(from + 1),
      () => text.slice(0, from) + one + text.slice(from),
      () => text.slice(0, from) + text.slice(to),
      () => text.slice(0, to) + text.slice(from),
      () => text.slice(0, from),
    ][draw(5)]();
  }
  return text;
}

/** Each case on its own; what fails says which one it was. */
async function each(what, check) {
  for (let number = FIRST; number < FIRST + CASES; number += 1) {
    try {
      await check(random(number));
    } catch (error) {
      error.message = `${what}, seed ${SEED}, case ${number}: ${error.message}`;
      throw error;
    }
  }
}

const made = {
  digest: "d", identity: "i", cost: "7", ordered: Uint32Array.of(2, 0), scores: Float64Array.of(1, -Infinity),
  rejected: Uint32Array.of(1), why: Uint32Array.of(0), reasons: ["bot"], micros: 1,
};

/** Reads a link: work whose claim can be compared, or an error in words that fits on the page. */
async function read(fragment) {
  let work;
  try {
    work = await link.decode(fragment);
  } catch (error) {
    assert.ok(error.constructor === Error || error instanceof SyntaxError, String(error.stack));
    assert.ok(error.message.length > 0 && error.message.length < 200, error.message);
    return "refused";
  }
  for (const key of ["policy", "request", "vocabulary", "envelope", "customs", "seed", "nowMs"]) {
    assert.equal(typeof work[key], "string");
  }
  const isObject = (one) => typeof one === "object" && one !== null && !Array.isArray(one);
  assert.ok(isObject(work.state) && work.candidates.every(isObject));
  assert.equal({}.polluted, undefined);
  if (work.claim) {
    const lines = link.differences(work.claim, made, (at) => `candidate ${at}`);
    assert.equal(lines.length === 0, work.claim.digest === made.digest);
    assert.ok(lines.every((line) => typeof line === "string"));
  }
  // what was read is what is shared on
  assert.deepEqual(await link.decode(await link.encode(work)), work);
  return "read";
}

test("work of any kind goes into a link and comes out of it", async () => {
  await each("round", async (draw) => {
    const work = carried(draw);
    const fragment = await link.encode(work);
    assert.match(fragment, /^#1\.[\w-]*$/);
    assert.deepEqual(await link.decode(fragment), work);
    assert.equal(await read(fragment), "read");
  });
});

test("a link that was changed is read, or refused in words", async (t) => {
  const tally = { read: 0, refused: 0 };
  await each("changed link", async (draw) => {
    const fragment = await link.encode(carried(draw));
    tally[await read(changed(draw, fragment, ["A", "z", "9", "-", "_", "=", "%", " ", "é", "#"]))] += 1;
  });
  t.diagnostic(`${tally.read} read, ${tally.refused} refused`);
  assert.ok(tally.refused > 0);
});

test("what a link carries may be anything", async (t) => {
  const tally = { read: 0, refused: 0 };
  await each("changed work", async (draw) => {
    const text = draw(8) === 0
      ? JSON.stringify({ ...carried(draw), claim: value(draw, 3), ...record(draw, 2) })
      : changed(draw, JSON.stringify(carried(draw)), ["{", "}", "[", "]", '"', ":", ",", "1", "null", '{"claim":', '["0000000000000000"]', "\\u", "-"]);
    const packed = deflateRawSync(Buffer.from(text));
    tally[await read(`#1.${packed.toString("base64url")}`)] += 1;
  });
  t.diagnostic(`${tally.read} read, ${tally.refused} refused`);
  assert.ok(tally.read > 0 && tally.refused > 0);
});

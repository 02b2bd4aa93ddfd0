// Catalogs as texts: what changes make of them, and how far changes are followed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page/module.js";

const { Draft, candidatesText, read, withOwn } = await load("../src/ledger/catalog.ts");
const { elements, members } = await load("../src/ledger/json.ts");
const { Catalogs } = await load("../src/ledger/over.ts");

function patched(version, changes) {
  const draft = new Draft(version);
  assert.ok(draft.patch(changes));
  return draft.finish();
}
const whole = (version, own) => withOwn(version, candidatesText(version), members(own));

// the catalogs, the changes and the texts are those of the host's test of the same
test("changes are made in the text", () => {
  const catalog = patched(
    read(`{"candidates":[{"provider_id":"a","price_in":1.50},{"provider_id":"b"}],
      "state":{"disabled":{"a":7}}}`),
    `[{"candidate":1,"set":{"price_in":9007199254740993,"tok_s":1e1}},
      {"candidate":0,"set":{"price_in":2.0}},
      {"provider":"a","disabled":false,"breaker_open":true},
      {"provider":"b","disabled":true,"credits":0.10}]`,
  );
  const candidates = '[{"provider_id":"a","price_in":2.0},{"provider_id":"b","price_in":9007199254740993,"tok_s":1e1}]';
  assert.equal(whole(catalog, '{"seed":1}'),
    `{"candidates":${candidates},"state":{"disabled":{"b":true},"breakers":{"a":true},"credits":{"b":0.10}},"seed":1}`);
  assert.equal(whole(catalog, '{"state":{}}'), `{"candidates":${candidates},"state":{}}`);
  const without = patched(read('{"candidates":[]}'), '[{"provider":"a","disabled":false}]');
  assert.equal(whole(without, '{"seed":1}'), '{"candidates":[],"seed":1}');
  const words = read(' {"vocabulary" : { "f":1.0 } , "candidates" : [ ] } ');
  assert.equal(whole(words, "{}"), '{"candidates":[],"vocabulary":{ "f":1.0 }}');
  // as in the host, a catalog has no other members
  assert.equal(read('{"candidates":[],"envelope":["top"]}'), undefined);
});

test("a version does not change when another one is made of it", () => {
  const first = read('{"candidates":[{"a":1}],"state":{"credits":{"p":1}}}');
  const second = patched(first, '[{"candidate":0,"set":{"a":2}},{"provider":"p","credits":2}]');
  assert.equal(whole(first, "{}"), '{"candidates":[{"a":1}],"state":{"credits":{"p":1}}}');
  assert.equal(whole(second, "{}"), '{"candidates":[{"a":2}],"state":{"credits":{"p":2}}}');
});

test("names that are members of every object", () => {
  const version = patched(
    read('{"candidates":[{"__proto__":1}],"state":{"disabled":{"constructor":1}}}'),
    '[{"candidate":0,"set":{"__proto__":2}},{"provider":"__proto__","disabled":true},{"provider":"constructor","disabled":false}]',
  );
  assert.equal(whole(version, "{}"), '{"candidates":[{"__proto__":2}],"state":{"disabled":{"__proto__":true}}}');
});

test("elements and members stand as they are", () => {
  assert.deepEqual(elements(' [ 1.50 , [2,{"a":[3]}] ,"],[" , {} ] '), ["1.50", '[2,{"a":[3]}]', '"],["', "{}"]);
  assert.deepEqual(elements(" [ ] "), []);
  for (const text of ["{}", "", "[1", "1", "[1,]"]) assert.equal(elements(text), undefined, text);
  assert.deepEqual(members(' { "a" : 1.50 , "b\\n":[ {"c":1} ],"a":{} , "":"}" } '),
    [["a", "1.50"], ["b\n", '[ {"c":1} ]'], ["a", "{}"], ["", '"}"']]);
  assert.deepEqual(members("{ }"), []);
  for (const text of ["[]", "", "{", '{"a"}', '{"\\udc00":1}']) assert.equal(members(text), undefined, text);
});

/** Catalogs over texts that are made when they are asked for; why a version is not to be had. */
function reasons(get, overs) {
  const catalogs = new Catalogs({ bytes: 0, get, getShort: get });
  return overs.map((over) => {
    try {
      catalogs.version(over);
      return undefined;
    } catch (error) {
      assert.equal(error.name, "NotRecorded");
      return error.message;
    }
  });
}

test("a chain without an end is given up", (t) => {
  const start = performance.now();
  const endless = (at) => `{"after":"${Number(at) + 1}","changes":[]}`;
  assert.deepEqual(reasons(endless, [{ catalog: "c", changes: "0" }]), ["over.changes: expected at most 1000000 changes"]);
  t.diagnostic(`a million changes: ${Math.round(performance.now() - start)} ms`);
});

test("changes that are followed again and again are given up", (t) => {
  // two versions that are not kept beside each other, in turns
  const catalog = `{"candidates":[{"a":"${"x".repeat(9 << 20)}"}]}`;
  const padding = " ".repeat(16 << 20);
  const texts = (name) => (name === "c" ? catalog : `{"changes":[${padding}{"candidate":0,"set":{"b":${name}}}]}`);
  const overs = Array.from({ length: 6 }, (_, round) => ({ catalog: "c", changes: `${round % 2}` }));
  const start = performance.now();
  // the fourth is the one that passes 64 MiB; the one before it is kept
  const followed = "over.changes: expected changes that are followed at most 8 times";
  assert.deepEqual(reasons(texts, overs), [undefined, undefined, undefined, followed, undefined, followed]);
  t.diagnostic(`six times 16 MiB: ${Math.round(performance.now() - start)} ms`);
});

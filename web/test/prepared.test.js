// Ledgers of what was decided over catalogs, and ranked and stepped over routers: what is true is the same, what is a lie is found,
// and what is hostile ends, here as in the host.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load } from "../dist/index.js";
import { ReplayError } from "../dist/ledger.js";
import { folder, isHere, needsHost, sha256 } from "./ledgers.js";
import { canonical, Recorder } from "./recorder.js";
import { replayByHost, replayHere } from "./replaying.js";

const engine = await load();

const POLICY = `["policy",["and",["not",["is","disabled"]],["not",["is","breaker_open"]]],
  ["neg",["normalize",["field","price_in"]]],["argmax"],["set_param","temperature",0],
  ["always",{"action":"next_candidate"}]]`;

const CATALOG = `{ "vocabulary": {}, "candidates": [${
  Array.from({ length: 12 }, (_, at) => (
    `{"provider_id":"p${at % 5}", "model_family":"m${at}", "price_in": ${(at * 7919) % 100}.50}`
  )).join(", ")
}], "state": {"disabled": {"p0": {"at_ms": 1}}, "credits": {"p1": 2.0}} }`;

const SMALL = '{"candidates":[{"provider_id":"a","model_family":"b"}]}';

const ROUTER = JSON.stringify({
  config: {
    providers: Object.fromEntries([0, 1, 2].map((at) => (
      [`p${at}`, { discovery: "static", base_url: `https://p${at}.example`, api_kind: "ollama" }]
    ))),
    models: Object.fromEntries([0, 1, 2, 3, 4, 5].map((at) => [`m${at}`, {
      capabilities: {}, fields: { price_in: (at * 7919) % 100, price_out: 2 }, served_by: [{ provider: `p${at % 3}` }],
    }])),
    profiles: { default: { filter: ["requirements", "breaker_closed"], scorer: ["neg", ["normalize", ["field", "price_in"]]] } },
  },
});

const stateOf = (closed, price) => JSON.stringify({
  initialized: true,
  circuit_breakers: { [closed]: { open: true, opened_at_ms: 1000, consecutive_failures: 3 } },
  ema_metrics: { "p1|m1": { price_in: price, price_out: 1 } },
  disabled_providers: {},
  discovery_cache: {},
});
const askOf = (now_ms, more = {}) => JSON.stringify({ contract: { prompt: "hi", seed: 1, ...more }, now_ms });

const eventOf = (kind, more = {}) => JSON.stringify({ kind, now_ms: 2000, ...more });

/** A ledger of decisions over two catalogs in turns, of rankings, and of steps. */
function honest() {
  const recorder = new Recorder();
  const [one, other] = [recorder.catalog(CATALOG), recorder.catalog(SMALL)];
  for (let round = 0; round < 12; round += 1) {
    const ctx = { seed: `${round}`, request: `{"prompt":"hello ${round}","n":1.50}` };
    const options = round % 4 === 1 ? { envelope: '["cmp","price_in","ge",5e1]' } : {};
    one.decide(POLICY, round === 3 ? {} : ctx, { options });
    one.patch(`[{"candidate":${round},"set":{"price_in":${round}.25e1,"price_out":9007199254740993}},
      {"provider":"p${round % 5}","disabled":${round % 2 === 0},"breaker_open":${round % 3 === 0},"credits":${round}.0}]`);
    other.decide(POLICY, { seed: `${round}` });
    if (round % 2 === 0) other.patch('[{"provider":"a","disabled":false}]');
  }
  one.decide(POLICY, { state: '{"breakers":{"p2":true}}' });
  for (const [policy, ctx] of [[POLICY, { seed: "0.5" }], ['["top"]', {}], [POLICY, { unknown: "1" }]]) {
    one.decide(policy, ctx);
  }
  const router = recorder.router(ROUTER);
  for (let round = 0; round < 6; round += 1) {
    router.rank(askOf(2000 + round));
    router.restate(stateOf(`p${round % 3}`, round));
  }
  router.rank(askOf(3000, { profile: "none" }));
  router.rank(askOf(3000, { requirements: { pin: { provider: "p9", model: "m9" } } }));
  router.rank(askOf(3000, { requirements: { pin: { provider: "p1", model: "m1" } } }));
  stepped(recorder);
  return recorder;
}

/** Two calls that fail and are answered, before and after the router is told a state; and what is refused. */
function stepped(recorder) {
  const router = recorder.router(ROUTER);
  const contract = { prompt: "hi", seed: 1 };
  for (const told of ["p1", "p2"]) {
    let turn = router.step(eventOf("start", { contract }));
    for (const ok of [false, true]) {
      turn = router.step(eventOf("respond", { response: { ok }, state: JSON.parse(turn.state) }), turn.run);
    }
    router.step(eventOf("status"));
    router.restate(stateOf(told, 7));
  }
  router.step(eventOf("start", { contract, state: JSON.parse(stateOf("p0", 9)) }));
  router.step(eventOf("rank"));
  router.step(eventOf("status", { config: {} }));
}

/** The verdicts by the numbers of records. Those of the host are the same, but for records that only it can judge. */
function judge(recorder, onlyHost = []) {
  const segment = recorder.segment();
  const { all, lines } = replayHere(engine, [segment]);
  if (isHere) {
    const directory = folder();
    writeFileSync(join(directory, "000001.jsonl"), segment);
    const byHost = replayByHost(directory);
    const judged = (lines) => lines.filter((line) => !onlyHost.some((number) => line.startsWith(`record ${number}: `)));
    // it replays on a thread of its own while it reads: lines come in their order
    assert.deepEqual(judged(lines), judged(byHost.lines), byHost.error);
  }
  return new Map(all.map(({ number, verdict }) => [number, verdict]));
}

test("what was decided and ranked comes out the same", () => {
  const recorder = honest();
  const verdicts = judge(recorder);
  assert.deepEqual([...verdicts.values()], Array(28 + 9 + 11).fill({ kind: "same" }));
  const bodies = (kind) => recorder.of(kind).map(([, body]) => body);
  // the changes did something, and so did the states
  const picks = (kind) => new Set(bodies(kind).map(({ chosen }) => chosen?.model)).size;
  assert.ok(picks("decision") > 4 && picks("rank") > 2, `${picks("decision")}, ${picks("rank")}`);
  const codes = [...bodies("decision"), ...bodies("rank")].map(({ outcome }) => outcome.refused);
  assert.deepEqual(codes.filter((code) => code !== undefined), ["seed", "not-a-policy", "ctx", "event"]);
  assert.ok(bodies("rank").some(({ outcome }) => outcome.ranking?.pin_not_found));
  assert.ok(bodies("rank").some(({ outcome }) => outcome.ranking?.rejected.length > 0));
  const { all } = replayHere(engine, [recorder.segment()]);
  const { record, chosen } = all.findLast(({ record }) => record !== "step");
  assert.deepEqual({ record, chosen }, { record: "rank", chosen: { model: "m1", provider: "p1" } });
  const steps = bodies("step");
  const refused = steps.map(({ outcome }) => outcome.refused).filter((code) => code !== undefined);
  assert.deepEqual(refused, ["event", "json-duplicate-key"]);
  // the starts and the status after the router was told a state, and the last two, which bring none
  assert.deepEqual(steps.flatMap(({ over }, at) => (over.state === undefined ? [] : [at])), [4, 7, 9, 10]);
});

test("an ask that an event would be is refused", () => {
  const recorder = new Recorder();
  const router = recorder.router(ROUTER);
  for (const more of ['"offers":{}', '"offers":{},"offers":{}', '"kind":"rank"', '"state":{}', '"banana":1', '"offers":null']) {
    router.rank(`{"contract":{},"now_ms":1,${more}}`);
  }
  for (const ask of ["[1]", "{"]) router.rank(ask);
  const codes = recorder.of("rank").map(([, { outcome }]) => outcome.refused);
  const expected = ["event", "json-duplicate-key", "event", "event", "event", "json-null", "event", "json-syntax"];
  assert.deepEqual(codes, expected);
  assert.deepEqual([...judge(recorder).values()], expected.map(() => ({ kind: "same" })));
});

test("a request that is blanked is decided on as it is", () => {
  const recorder = new Recorder();
  const number = recorder.catalog(CATALOG).decide(POLICY, { request: '{"prompt":"xxxxx"}' });
  const { body } = recorder.records[number];
  Object.assign(body.ctx, { blanked: true, sha256: sha256('{"request":{"prompt":"hello"}}') });
  body.request = sha256('{"prompt":"hello","temperature":0}');
  assert.deepEqual(judge(recorder).get(number), { kind: "same" });
});

const WRONG = "1".repeat(64);
const anew = (body) => (body.result = sha256(canonical(body.outcome)));

/** What is told of a record that was true, and what comes out. */
const LIES = [
  // the ninth decision is over the first catalog, after four changes
  ["decision", 8, (body) => delete body.over.changes, /^decision\.cost: recorded \d+, now \d+$/],
  ["decision", 8, (body, later) => (body.over.changes = later.over.changes), /^decision\.cost: recorded \d+, now \d+$/],
  ["decision", 8, (body, _, other) => (body.over.catalog = other.over.catalog), "over.changes: expected changes of the catalog"],
  ["decision", 8, (body, _, other) => (body.over = other.over), /^decision\.cost: recorded \d+, now \d+$/],
  ["decision", 8, (body) => delete body.over, /^outcome: recorded decision, now refused ctx$/],
  ["decision", 8, (body) => (body.catalog = WRONG), /^catalog: recorded #, now null$/],
  ["decision", 8, (body) => (body.chosen.model = "m"), /^chosen\.model: recorded m, now m\d+$/],
  ["decision", 8, (body) => delete body.chosen, /^chosen: recorded null, now \{"model":"m\d+","provider":"p\d"\}$/],
  ["decision", 8, (body) => (body.ctx.sha256 = WRONG), /^ctx\.sha256: recorded #, now #$/],
  ["decision", 8, (body) => (body.policy.canonical = WRONG), /^policy\.canonical: recorded #, now #$/],
  ["decision", 8, (body) => (body.request = WRONG), /^request: recorded #, now #$/],
  ["decision", 8, (body) => (body.result = WRONG), /^result: recorded #, now #$/],
  ["decision", 8, (body) => (body.seed = "9"), /^seed: recorded 9, now 4$/],
  ["decision", 8, (body) => anew(body, (body.outcome.decision.ordered[0][1] = "3ff0000000000001")),
    /^decision\.ordered\[0\]\[1\]: recorded 3ff0000000000001, now [0-9a-f]{16}$/],
  ["decision", 8, (body) => anew(body, (body.outcome = { refused: "ctx" })), /^outcome: recorded refused ctx, now decision$/],
  ["decision", 8, (body) => (body.cost_limit = "1"), /^outcome: recorded decision, now stopped exhausted cost$/],
  ["decision", 8, (body) => (body.cost_limit = "no number"), /^outcome: recorded decision, now stopped exhausted cost$/],
  ["decision", 8, (body) => (body.ctx.inline.candidates = "[]"), /^outcome: recorded decision, now refused json-duplicate-key$/],
  ["decision", 8, (body) => (body.ctx.inline.seed = "{"), "ctx: expected members that are JSON"],
  ["decision", 8, (body) => (body.ctx.inline = {}), ""],
  // of what was refused over a catalog the code is not compared
  ["decision", 25, (body) => anew(body, (body.outcome = { refused: "config" })), "same"],
  ["decision", 25, (body) => (body.outcome = { refused: "config" }), /^result: recorded #, now #$/],
  ["decision", 25, (body) => anew(body, (body.outcome = { stopped: "trap unreachable" })), /^outcome: recorded stopped trap unreachable, now refused seed$/],
  // texts that are not there
  ["decision", 8, (body) => (body.over.changes = WRONG), ""],
  ["decision", 8, (body) => (body.over.catalog = WRONG), ""],
  ["decision", 8, (body) => (body.over.catalog = "no digest"), ""],
  ["decision", 8, (body) => (body.policy.sha256 = WRONG), ""],
  ["rank", 2, (body) => (body.router = WRONG), ""],
  ["rank", 2, (body) => (body.state = WRONG), ""],
  ["rank", 2, (body) => (body.ask = WRONG), ""],
  ["rank", 2, (body) => anew(body, (body.outcome.ranking.ordered[0][2] = "3ff0000000000001")),
    /^ranking\.ordered\[0\]\[2\]: recorded 3ff0000000000001, now [0-9a-f]{16}$/],
  ["rank", 2, (body) => anew(body, (body.outcome.ranking.cost = "1")), /^ranking\.cost: recorded 1, now \d+$/],
  ["rank", 2, (body) => anew(body, (body.outcome.ranking.pin_not_found = true)),
    /^ranking\.pin_not_found: recorded true, now false$/],
  ["rank", 2, (body) => anew(body, body.outcome.ranking.rejected.push(["p0", "m0", "disabled"])),
    /^ranking\.rejected: recorded \d entries, now \d$/],
  ["rank", 2, (body) => (body.chosen.model = "m"), /^chosen\.model: recorded m, now m\d$/],
  ["rank", 2, (body) => delete body.chosen, /^chosen: recorded null, now \{"model":"m\d","provider":"p\d"\}$/],
  ["rank", 2, (body) => (body.result = WRONG), /^result: recorded #, now #$/],
  ["rank", 2, (body) => anew(body, (body.outcome = { refused: "config" })), /^outcome: recorded refused config, now ranking$/],
  ["rank", 2, (body) => delete body.state, /^ranking\.cost: recorded \d+, now \d+$/],
  ["rank", 2, (body, later) => (body.state = later.state), /^ranking\.ordered\[/],
  // the fifth step is a start over the router after it was told a state
  ["step", 4, (body) => (body.over.router = WRONG), ""],
  ["step", 4, (body) => (body.over.state = WRONG), ""],
  ["step", 4, (body) => (body.over.router = body.over.state), /^outcome: recorded turn, now refused event$/],
  ["step", 4, (body) => delete body.over.state, /^turn\.cost: recorded \d+, now \d+$/],
  ["step", 4, (body) => delete body.over, /^outcome: recorded turn, now refused event$/],
  ["step", 7, (body, later) => (body.over.state = later.over.state), /^turn\.(cost|effect\[1\]): recorded/],
  ["step", 8, (body, later) => (body.over.state = later.over.state), /^over\.state: recorded #, now null$/],
  ["step", 4, (body) => (body.kind = "rank"), /^kind: recorded rank, now start$/],
  ["step", 4, (body) => (body.chosen.model = "m"), /^chosen\.model: recorded m, now m\d$/],
  ["step", 4, (body) => (body.result = WRONG), /^result: recorded #, now #$/],
  ["step", 4, (body) => anew(body, (body.outcome.turn.cost = "1")), /^turn\.cost: recorded 1, now \d+$/],
  ["step", 1, (body) => delete body.run, /^outcome: recorded turn, now refused unsupported$/],
  // which of two codes it was is believed, another one is not
  ["rank", 6, (body) => anew(body, (body.outcome = { refused: "config" })), "same"],
  ["rank", 6, (body) => anew(body, (body.outcome = { refused: "ctx" })), /^refused: recorded ctx, now event$/],
];

/** A verdict is one of the expected: a difference, `same`, or the reason for not being recorded. */
function isExpected({ kind, difference, reason }, expected, message) {
  if (expected === "same") return assert.deepEqual([kind, difference], ["same", undefined], message);
  if (typeof expected === "string") {
    return assert.deepEqual([kind, reason ?? ""], ["not-recorded", expected], message);
  }
  assert.equal(kind, "diverged", message);
  assert.match(difference.replaceAll(/\b[0-9a-f]{64}\b/g, "#"), expected, message);
}

test("lies are found", () => {
  const recorder = honest();
  const lies = LIES.map(([kind, at, change, expected]) => {
    const bodies = recorder.of(kind).map(([, body]) => body);
    const body = structuredClone(bodies[at]);
    change(body, bodies[at + 2], bodies[at + 1]);
    return { number: recorder.add(kind, body), change, expected };
  });
  const verdicts = judge(recorder);
  for (const { number, change, expected } of lies) isExpected(verdicts.get(number), expected, `${change}`);
});

test("a change that is another one than was made is found", () => {
  for (const [was, is] of [['"price_in":1.25e1', '"price_in":1.25e4'], ['"candidate":1,', '"candidate":2,']]) {
    const recorder = honest();
    // every change after it names it by another digest
    const renamed = new Map();
    for (const { kind, body } of recorder.records) {
      if (kind === "text" && /^\{("after":"\w+",)?"changes":/.test(body.text)) {
        const text = body.text.replace(was, is).replace(/(?<=^\{"after":")\w+/, (after) => renamed.get(after) ?? after);
        renamed.set(body.sha256, sha256(text));
        Object.assign(body, { sha256: sha256(text), text });
      }
      if (body.over?.changes) body.over.changes = renamed.get(body.over.changes);
    }
    const kinds = [...judge(recorder).values()].map(({ kind }) => kind);
    // the third decision over the first catalog, after two changes
    assert.equal(kinds.indexOf("diverged"), 4, `${kinds}`);
    assert.ok(kinds.every((kind) => kind === "same" || kind === "diverged"), `${kinds}`);
  }
});

/** Decisions as if they were over other catalogs, or after other changes. */
function over(cases) {
  const recorder = new Recorder();
  const { body } = recorder.records[recorder.catalog(CATALOG).decide(POLICY)];
  const numbers = cases.map(([catalog, link]) => recorder.add("decision", {
    ...body,
    over: { catalog: recorder.text(catalog), changes: link === undefined ? undefined : recorder.text(link) },
  }));
  const verdicts = judge(recorder);
  return cases.map((texts, at) => [verdicts.get(numbers[at]), texts.join(" ").slice(-100)]);
}

test("texts that are no catalog", () => {
  const catalogs = [
    "", "[]", "{}", "null", '{"candidates":{}}', '{"candidates":[1]}', '{"candidates":[],"state":[]}',
    '{"candidates":[],"state":null}', '{"candidates":[],"state":{"disabled":1}}', '{"\\ud800":1,"candidates":[]}',
    "[".repeat(100_000),
  ];
  for (const [verdict, text] of over(catalogs.map((catalog) => [catalog]))) {
    isExpected(verdict, "over.catalog: expected a catalog", text);
  }
});

test("texts that are no changes", () => {
  const links = [
    "", "{}", "7", '{"after":null}', '{"changes":[],"more":1}', '{"after":7,"changes":[]}',
    '{"after":null,"after":null,"changes":[]}', '{"changes":[],"changes":[]}',
  ];
  for (const [verdict, text] of over(links.map((link) => [CATALOG, link]))) {
    isExpected(verdict, "over.changes: expected {after?, changes}", text);
  }
  const changes = [
    "{}", "null", "[1]", "[{}]", '[{"set":{}}]', '[{"candidate":12,"set":{}}]', '[{"candidate":-1,"set":{}}]',
    '[{"candidate":1.0,"set":{}}]', '[{"candidate":1,"set":[]}]', '[{"candidate":1,"candidate":1}]', '[{"provider":7}]',
    '[{"provider":"p1","disabled":1}]', '[{"provider":"p1","candidate":"1"}]', '[{"provider":null}]',
  ];
  for (const [verdict, text] of over(changes.map((changes) => [CATALOG, `{"changes":${changes}}`]))) {
    isExpected(verdict, "over.changes: expected changes of the catalog", text);
  }
  for (const [verdict] of over([[CATALOG, `{"after":"${WRONG}","changes":[]}`]])) isExpected(verdict, "");
});

test("changes that change nothing", () => {
  const changes = [
    "[]", '[{"candidate":3,"set":null}]', '[{"candidate":3}]', '[{"provider":"p1"}]',
    '[{"provider":"p1","credits":2.0,"set":null}]', '[{"provider":"p4","disabled":false}]',
  ];
  for (const [verdict, text] of over(changes.map((changes) => [CATALOG, ` { "changes" : ${changes} } `]))) {
    isExpected(verdict, "same", text);
  }
});

test("what the engine refuses, in a catalog and after a change", () => {
  for (const [verdict, text] of over([
    [CATALOG.replace('"price_in"', '"price_in":1,"price_in"')],
    [CATALOG.replace('"price_in"', '"price_in":1,"price_in"'), '{"changes":[{"candidate":0,"set":{"price_in":2}}]}'],
    [CATALOG.replace('"p0": {', '"p0": 1, "p0": {')],
    [CATALOG, '{"changes":[{"candidate":0,"set":{"price_in":1e400}}]}'],
    [CATALOG, '{"changes":[{"candidate":0,"set":{"price_in":null}}]}'],
  ])) isExpected(verdict, /^outcome: recorded decision, now refused [\w-]+$/, text);
  // two entries of one provider go together
  const twice = CATALOG.replace('"p0": {', '"p0": 1, "p0": {');
  const [[verdict]] = over([[twice, '{"changes":[{"provider":"p0","disabled":false}]}']]);
  isExpected(verdict, /^decision\.cost: recorded \d+, now \d+$/);
});

test("a limit of cost that the cost keeps to and its bound does not is beyond what is known here", () => {
  const recorder = new Recorder();
  const catalog = recorder.catalog(CATALOG);
  const first = catalog.decide(POLICY);
  const { cost } = recorder.records[first].body.outcome.decision;
  const within = (cost_limit, more = {}) => catalog.decide(POLICY, {}, { more: { cost_limit, ...more } });
  const stopped = { outcome: { stopped: "exhausted cost" }, chosen: undefined, request: undefined };
  const [exact, all, more] = [cost, "18446744073709551615", "18446744073709551616"].map((limit) => within(limit));
  const [beyond, without] = [within("1", stopped), within(undefined, stopped)];
  const verdicts = judge(recorder, [exact, beyond]);
  isExpected(verdicts.get(exact), "same");
  isExpected(verdicts.get(all), "same");
  isExpected(verdicts.get(more), /^outcome: recorded decision, now stopped exhausted cost$/);
  isExpected(verdicts.get(beyond), "cost_limit: expected a bound on the cost, which only the host has");
  isExpected(verdicts.get(without), /^outcome: recorded stopped exhausted cost, now decision$/);
});

test("what is no receipt", () => {
  for (const [kind, change, reason] of [
    ["rank", (body) => (body.more = 1), "more: expected one of ask, chosen, engine, fuel, outcome, result, router, state, texts"],
    ["rank", (body) => (body.texts = 1), "texts: expected true or false"],
    ["rank", (body) => delete body.ask, "ask: expected a string"],
    ["decision", (body) => (body.over = "x"), "over: expected an object"],
  ]) {
    const recorder = honest();
    const [number, body] = recorder.of(kind)[0];
    change(body);
    assert.throws(() => replayHere(engine, [recorder.segment()]),
      (error) => error instanceof ReplayError && error.message === `record ${number}: expected a ${kind}: ${reason}`);
  }
});

test("a long chain takes the time of its length, wherever decisions are", (t) => {
  const recorder = new Recorder();
  const catalog = recorder.catalog(CATALOG);
  for (let round = 0; round < 20_000; round += 1) {
    catalog.patch(`[{"candidate":${round % 12},"set":{"price_in":${round}}}]`);
    if (round % 100 === 0) catalog.decide(POLICY, { seed: "1" });
  }
  // once more, the last one first, as threads may
  for (const [, body] of recorder.of("decision").reverse()) recorder.add("decision", body);
  const segment = recorder.segment();
  const start = performance.now();
  const { summary } = replayHere(engine, [segment]);
  t.diagnostic(`20,000 changes, 400 decisions: ${Math.round(performance.now() - start)} ms`);
  assert.deepEqual(summary, { records: 400, same: 400, diverged: 0, componentMismatch: 0, notRecorded: 0 });
});

test("the host says the same of a long chain", needsHost, () => {
  const recorder = new Recorder();
  const catalog = recorder.catalog(CATALOG);
  for (let round = 0; round < 2000; round += 1) catalog.patch(`[{"candidate":${round % 12},"set":{"price_in":${round}}}]`);
  const number = catalog.decide(POLICY);
  isExpected(judge(recorder).get(number), "same");
});

// Replaying ledgers in JavaScript: the same verdicts, in the same words, as the host's.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { load } from "../dist/index.js";
import { replay, ReplayError } from "../dist/ledger.js";
import { command, root } from "./host.js";
import { folder, host, isHere, needsHost, seal, sha256, temporary } from "./ledgers.js";
import { canonical } from "./recorder.js";
import { replayByHost, replayHere } from "./replaying.js";

/** A ledger of everything that is recorded, made by the host; and where its folder is. */
async function record() {
  const directory = folder();
  const ledger = ["--ledger", directory];
  const file = (name, value) => {
    const path = join(temporary, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  const read = (path) => JSON.parse(readFileSync(join(root, path)));
  const request = file("request.json", {
    request: {
      prompt: 'é "quoted"\n\u{1f600}', scope: "s", requirements: { needs: ["tools"] }, n: 1.5, list: [{ scope: "b" }],
    },
    seed: 7,
  });
  const parts = ["--ctx", "examples/catalog.json", "--ctx"];
  for (const policy of ["examples/support.json", "examples/agent.json"]) {
    for (const asked of ["examples/request.json", request]) {
      host("decide", policy, ...parts, asked, ...ledger);
      host("decide", policy, ...parts, asked, ...ledger, "--record-bodies");
    }
  }
  // within a limit of cost, and beyond one
  for (const limit of ["1000000000", "1"]) host("decide", "examples/agent.json", ...parts, request, ...ledger, "--cost", limit);
  for (const engine of ["core", "native"]) {
    host("decide", "examples/agent.json", ...parts, request, ...ledger, "--engine", engine, "--record-bodies");
  }
  // refused: a configuration is no term; a seed that is none
  host("decide", "examples/router.json", ...parts, request, ...ledger);
  const noSeed = file("no-seed.json", { seed: 0.5 });
  host("decide", "examples/agent.json", ...parts, noSeed, ...ledger, "--record-bodies");
  host("decide", "examples/agent.json", ...parts, request, ...ledger, "--fuel", "1000");

  const mock = spawn(command[0], [...command.slice(1), "mock-provider", "--script", "examples/mock.json"], { cwd: root });
  try {
    const [heard] = await once(mock.stdout, "data");
    const port = /:(\d+)/.exec(heard)[1];
    const router = JSON.stringify(read("examples/router.json")).replaceAll("4010", port);
    const config = file("router.json", JSON.parse(router));
    host("rank", "--config", config, ...ledger, "--record-bodies");
    const run = host("run", "--config", config, "--prompt", "Say héllo", ...ledger, "--record-bodies");
    assert.equal(run.stdout, "Hello from a small model that was the last one left.\n", run.error);
    host("run", "--config", config, "--prompt", "Say hello", ...ledger);
  } finally {
    mock.kill();
  }
  return directory;
}

const segmentsOf = (directory) => [readFileSync(join(directory, "000001.jsonl"))];

describe("replay", () => {
  let engine;
  let directory;
  /** What a limit stopped does so again in the host. Here fuel does not run out, and a bound on a cost is not known. */
  let fuel;
  let cost;
  before(async () => {
    engine = await load();
    if (!isHere) return;
    directory = await record();
    const records = String(segmentsOf(directory)).trimEnd().split("\n").map((line) => JSON.parse(line));
    const stopped = (what) => records.find(({ body }) => body.outcome?.stopped === `exhausted ${what}`).number;
    [fuel, cost] = [stopped("fuel"), stopped("cost")];
  });
  const others = (lines) => lines.filter((line) => ![fuel, cost].some((number) => line.startsWith(`record ${number}: `)));

  test("of another component", () => {
    const { all, summary } = replayHere(engine, segmentsOf(join(root, "golden/ledgers/5c249f877018")));
    assert.deepEqual(summary, { records: 333, same: 0, diverged: 0, componentMismatch: 333, notRecorded: 0 });
    const component = "5c249f8770185f3248e422cf654516fb9a3003bcceeb0749f96af7af6a2456bc";
    for (const { verdict } of all) assert.deepEqual(verdict, { kind: "component-mismatch", component });
    assert.deepEqual(all[0], {
      number: 4,
      at: "1970-01-01T00:00:00.000000Z",
      record: "decision",
      chosen: { provider: "a", model: "m" },
      verdict: { kind: "component-mismatch", component },
    });
  });

  test("of what the host has recorded", needsHost, () => {
    const { all, summary, lines } = replayHere(engine, segmentsOf(directory));
    const byHost = replayByHost(directory).lines;
    assert.deepEqual(others(lines), others(byHost));
    for (const number of [fuel, cost]) assert.ok(byHost.includes(`record ${number}: same`));
    assert.equal(all.find(({ number }) => number === cost).verdict.reason,
      "cost_limit: expected a bound on the cost, which only the host has");
    const decisions = all.filter(({ record }) => record === "decision");
    const kinds = decisions.map(({ verdict: { kind } }) => kind);
    assert.deepEqual(kinds, [...Array(9).fill("same"), "not-recorded", ...Array(4).fill("same"), "diverged"]);
    const refusals = String(segmentsOf(directory)).match(/(?<="outcome":\{"refused":")[^"]+/g);
    assert.deepEqual(refusals, ["term-shape", "seed"]);
    assert.match(decisions.at(-1).verdict.difference, /^outcome: recorded stopped exhausted fuel, now decision$/);
    assert.deepEqual(summary, { records: 29, same: 22, diverged: 1, componentMismatch: 0, notRecorded: 6 });
  });

  /** A copy of the ledger in which the last such record says something else, and all is sealed anew. */
  function forge(kind, change, which = ({ chosen, ctx, fuel, texts }) => fuel && chosen && !ctx?.blanked && texts !== false) {
    const records = String(segmentsOf(directory)).trimEnd().split("\n").map((line) => JSON.parse(line));
    const { body, number } = records.findLast((record) => record.kind === kind && which(record.body));
    change(body);
    const forged = folder();
    const lines = seal(records.map(({ body, ...record }) => ({ ...record, body: canonical(body) })));
    writeFileSync(join(forged, "000001.jsonl"), lines.join(""));
    return { forged, number };
  }

  test("of sealed lies", needsHost, () => {
    const wrong = "1".repeat(64);
    for (const [kind, change, difference] of [
      ["decision", ({ outcome }) => (outcome.decision.cost = "10"), /^decision\.cost: recorded 10, now \d+$/],
      ["decision", ({ outcome }) => (outcome.decision.ordered[0][0] = 99),
        /^decision\.ordered\[0\]\[0\]: recorded 99, now \d+$/],
      ["decision", ({ outcome }) => outcome.decision.rejected.pop(),
        /^decision\.rejected: recorded \d+ entries, now \d+$/],
      ["decision", (body) => (body.outcome = { refused: "ctx" }), /^outcome: recorded refused ctx, now decision$/],
      ["decision", (body) => (body.catalog = wrong), /^catalog: recorded #, now #$/],
      ["decision", (body) => (body.chosen.model = "m"), /^chosen\.model: recorded m, now grok-4-fast$/],
      ["decision", (body) => delete body.chosen,
        /^chosen: recorded null, now \{"model":"grok-4-fast","provider":"xai"\}$/],
      ["decision", (body) => (body.ctx.sha256 = wrong), /^ctx\.sha256: recorded #, now #$/],
      ["decision", (body) => (body.policy.canonical = wrong), /^policy\.canonical: recorded #, now #$/],
      ["decision", (body) => (body.request = wrong), /^request: recorded #, now #$/],
      ["decision", (body) => (body.engine.core = wrong), /^engine\.core: recorded #, now #$/],
      ["decision", (body) => (body.fuel.limit = "many"), /^limit: expected a number, recorded many$/],
      ["decision", (body) => (body.ctx.bytes = "1"), /^ctx\.bytes: recorded 1, now \d+$/],
      ["decision", (body) => (body.result = wrong), /^result: recorded #, now #$/],
      ["decision", ({ ctx }) => (ctx.inline.seed = "{"), /^outcome: recorded decision, now refused json-syntax$/],
      ["decision", (body) => Object.assign(body, { outcome: { refused: "json-syntax" } }).ctx.inline.seed = "{",
        /^ctx: expected members that are JSON$/],
      ["decision", (body) => (body.seed = "8"), /^seed: recorded 8, now 7$/],
      ["step", ({ outcome }) => (outcome.turn.effect[1] = wrong), /^turn\.effect\[1\]: recorded #, now #$/],
      ["step", (body) => (body.result = wrong), /^result: recorded #, now #$/],
      ["step", (body) => (body.kind = "start"), /^kind: recorded start, now respond$/],
      ["step", (body) => (body.chosen.provider = "delta"), /^chosen\.provider: recorded delta, now gamma$/],
    ]) {
      const { forged, number } = forge(kind, change);
      const { all, lines } = replayHere(engine, segmentsOf(forged));
      assert.deepEqual(others(lines), others(replayByHost(forged).lines));
      const { verdict } = all.find((replayed) => replayed.number === number);
      assert.equal(verdict.kind, "diverged", `${change}`);
      assert.match(verdict.difference.replaceAll(/[0-9a-f]{64}/g, "#"), difference);
    }
    // of a ctx that was blanked, and of a policy that was refused
    const blanked = ({ ctx, outcome }) => ctx.blanked && outcome.decision;
    const refused = ({ outcome }) => outcome.refused === "seed";
    for (const [which, change, difference] of [
      [blanked, (body) => (body.ctx.sha256 = "none"), /^ctx\.sha256: expected a digest, recorded none$/],
      [blanked, (body) => (body.request = "none"), /^request: expected a digest, recorded none$/],
      [blanked, (body) => delete body.request, /^request: expected a digest, recorded null$/],
      [blanked, (body) => (body.ctx.bytes = "1"), /^ctx\.bytes: expected \d+ to \d+, recorded 1$/],
      [blanked, ({ ctx }) => (ctx.inline.request = '{"prompt":"said"}'), /^decision\.(?:cost|request): /],
      [refused, (body) => (body.policy.canonical = wrong), /^policy\.canonical: recorded #, now #$/],
      [refused, (body) => delete body.policy.canonical, /^policy\.canonical: recorded null, now #$/],
      [refused, (body) => (body.request = wrong), /^request: recorded #, now null$/],
    ]) {
      const { forged, number } = forge("decision", change, which);
      const { all, lines } = replayHere(engine, segmentsOf(forged));
      assert.deepEqual(others(lines), others(replayByHost(forged).lines));
      const { verdict } = all.find((replayed) => replayed.number === number);
      assert.match(verdict.difference?.replaceAll(/[0-9a-f]{64}/g, "#") ?? "", difference, `${change}`);
    }
    const { forged } = forge("decision", (body) => (body.engine.component = wrong));
    const { lines } = replayHere(engine, segmentsOf(forged));
    assert.ok(lines.some((line) => line.endsWith(`: component mismatch: ${wrong} is not here`)));
    assert.deepEqual(others(lines), others(replayByHost(forged).lines));
  });

  test("of what is no receipt", needsHost, () => {
    for (const [kind, change, reason] of [
      ["decision", (body) => (body.more = 1),
        "more: expected one of catalog, chosen, cost_limit, ctx, engine, fuel, outcome, over, policy, request, result, seed"],
      ["decision", (body) => (body.engine.path = 1), "engine.path: expected a string"],
      ["decision", (body) => delete body.outcome, "outcome: expected a value"],
      ["decision", (body) => (body.ctx.blanked = "no"), "ctx.blanked: expected true or false"],
      ["decision", (body) => (body.ctx.inline.seed = 7), "ctx.inline.seed: expected a string"],
      ["decision", (body) => (body.ctx.bytes = 7), "ctx.bytes: expected a string"],
      ["decision", (body) => (body.cost_limit = 7), "cost_limit: expected a string"],
      ["decision", (body) => (body.over = { changes: "" }), "over.catalog: expected a string"],
      ["decision", (body) => (body.over = { catalog: "", more: 1 }), "over.more: expected one of catalog, changes"],
      ["step", (body) => (body.fuel = "1"), "fuel: expected an object"],
    ]) {
      const { forged, number } = forge(kind, change);
      const message = `record ${number}: expected a ${kind}: `;
      const isExpected = (error) => error instanceof ReplayError && error.number === number
        && error.message === message + reason;
      assert.throws(() => replay(engine, segmentsOf(forged)), isExpected, reason);
      assert.ok(replayByHost(forged).error.startsWith(message));
    }
  });

  test("of what would fill the memory", () => {
    const genesis = { kind: "genesis", body: '{"format":"sigmapol-ledger/v1"}' };
    const refused = (records) => {
      const start = performance.now();
      try {
        return replay(engine, [Buffer.from(seal([genesis, ...records]).join(""))]);
      } catch (error) {
        assert.ok(error instanceof ReplayError, `${error}`);
        assert.ok(performance.now() - start < 10_000);
        return error.message;
      }
    };
    // the body and the list are values, too
    const values = (count) => `{"outcome":[${"1,".repeat(count - 3)}1]}`;
    for (const kind of ["decision", "step", "rank"]) {
      assert.equal(refused([{ kind, body: values(5_000_000) }]),
        `record 1: expected a ${kind}: body: expected at most 4194304 values, got 5000000`);
    }
    // a short record may name one long text many times
    const text = "x".repeat(1 << 20);
    const digest = sha256(text);
    const texts = (count) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${100 + at}`, digest]));
    const engineOf = { component: digest, core: digest, path: "core", runtime: "r", version: "v" };
    const receipt = (count) => JSON.stringify({
      ctx: { blanked: false, inline: {}, sha256: digest, texts: texts(count) }, engine: engineOf, outcome: null,
      policy: { sha256: digest }, result: digest,
    });
    const named = { kind: "text", body: `{"sha256":"${digest}","text":"${text}"}` };
    assert.equal(refused([named, { kind: "decision", body: receipt(65) }]),
      "record 2: expected a decision: ctx.texts: expected at most 67108864 characters");
    assert.equal(refused([named, { kind: "decision", body: receipt(64) }]).componentMismatch, 1);
  });

  test("of damage", needsHost, () => {
    const [ledger] = segmentsOf(directory);
    const damaged = Buffer.from(String(ledger).replace('"seed":"7"', '"seed":"8"'));
    const forged = folder();
    writeFileSync(join(forged, "000001.jsonl"), damaged);
    const { error } = replayByHost(forged);
    assert.match(error, /^damaged: segment 1, line \d+, number \d+: expected the seal /);
    let heard = 0;
    assert.throws(() => replay(engine, [damaged], () => (heard += 1)), { code: "damaged", message: error });
    assert.ok(heard > 0);
    const anchor = { number: 1000, seal: "0".repeat(64) };
    assert.throws(() => replay(engine, [ledger], () => {}, { anchor }), { code: "anchor" });
  });
});

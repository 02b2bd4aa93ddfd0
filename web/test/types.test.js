// The types of terms are the signature: every operation is there, and nothing else passes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load } from "../dist/index.js";
import { root } from "./host.js";

const { operations } = JSON.parse(readFileSync(join(root, "golden/signature.json"), "utf8"));
const web = join(root, "web");

const SAMPLES = {
  Pred: ["top"],
  Scorer: ["zero"],
  Selector: ["argmax"],
  Xform: ["id"],
  FailPlan: ["always", { action: "abort" }],
  Num: 0.5,
  Count: 3,
  Rel: "le",
  NumField: "price_in",
  BoolField: "no_log",
  Tier: "partner",
  Family: "claude-haiku-4-5",
  Provider: "anthropic",
  ServedBy: "anthropic",
  Capability: "supports_tools",
  ParamName: "temperature",
  Scalar: 1,
  Recipe: ["NFC", { max_chars: 100 }],
  Sym: "house_style",
  FailReason: "timeout",
  Action: { action: "retry_same", attempts: 2, backoff_ms: [100, 200], then_action: "abort" },
  Chain: [{ provider: "anthropic", model: "claude-haiku-4-5" }],
};
const terms = operations.map(({ op, arguments: places }) => [op, ...places.map((place) => SAMPLES[place])]);

/** What the compiler says of a program, a line an error. */
function compile(name, program) {
  mkdirSync(join(web, "build/types"), { recursive: true });
  writeFileSync(join(web, `build/types/${name}.ts`), `import type * as s from "sigmapol";\n${program}`);
  const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom"];
  try {
    return execFileSync("npx", ["tsc", "--ignoreConfig", ...options, `build/types/${name}.ts`], {
      cwd: web,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch ({ stdout }) {
    return stdout;
  }
}

test("declarations stand alone", () => {
  const program = `
    import { COMPONENT_SHA256, load, type Decision, type Engine, type Turn } from "sigmapol";
    import { replay, verify, type Report, type Summary, type Verdict } from "sigmapol/ledger";
    const engine: Engine = await load();
    const decision: Decision = engine.decide(["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", { action: "abort" }]], { candidates: [] });
    const texts: [string, string, bigint] = [COMPONENT_SHA256, decision.digest(), decision.cost];
    const turn: Turn = engine.step(undefined, { kind: "status" });
    const report: Report = verify([new Uint8Array()]);
    const summary: Summary = replay(engine, [], ({ verdict }: { verdict: Verdict }) => verdict.kind);
    export { texts, turn, report, summary };`;
  assert.equal(compile("alone", program), "");
  // an error in a declaration is one: what it imports has to be there
  const declarations = readdirSync(join(web, "dist"), { recursive: true }).filter((path) => path.endsWith(".d.ts"));
  assert.deepEqual(declarations.filter((path) => readFileSync(join(web, "dist", path), "utf8").includes("build/")), []);
});

test("each operation of the signature is a type, and is admitted", async () => {
  const engine = await load();
  const every = Object.fromEntries(operations.map(({ op, sort }) => [op, sort]));
  const program = terms.map((term, at) => `const t${at}: s.${operations[at].sort} = ${JSON.stringify(term)};\n`);
  // neither more nor fewer
  program.push(`const every: Record<s.Op, string> = ${JSON.stringify(every)};\n`);
  assert.equal(compile("every", program.join("")), "");
  for (const [at, term] of terms.entries()) {
    const { sort } = engine.admit(term);
    assert.equal(sort, operations[at].sort.replace("FailPlan", "fail-plan").toLowerCase());
  }
});

test("what is no term is an error of the compiler, at its line", () => {
  const wrong = [
    'const p: s.Pred = ["nope"];',
    'const p: s.Pred = ["and"];',
    'const p: s.Pred = ["cmp", "price_in", "<", 5];',
    'const p: s.Pred = ["not", ["zero"]];',
    'const p: s.Scorer = ["scale", ["lit", 1], 2];',
    'const p: s.Selector = ["top_k", 3];',
    'const p: s.FailPlan = ["always", { action: "give_up" }];',
    'const p: s.Policy = ["policy", ["top"], ["zero"], ["argmax"], ["id"]];',
    'const r: s.Requirements = { needs: ["audio"] };',
    'const c: s.Ctx = { candidates: [], sede: 1 };',
  ].map((line) => `{ ${line} }\n`);
  const errors = compile("wrong", wrong.join(""));
  const lines = [...errors.matchAll(/wrong\.ts\((\d+),\d+\): error/g)].map(([, line]) => Number(line) - 2);
  assert.deepEqual([...new Set(lines)].sort((a, b) => a - b), wrong.map((_, at) => at), errors);
});

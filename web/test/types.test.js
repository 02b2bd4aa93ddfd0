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
  const options = [
    "--noEmit", "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--resolveJsonModule",
    "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom",
  ];
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
    const turn: Turn = engine.step(undefined, '{"kind": "status"}');
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

test("each refusal code of the contract is a type, and no other", () => {
  const contract = readFileSync(join(root, "wit/policy.wit"), "utf8");
  const [, body] = /^ *enum refusal-code \{\n(.*?)^ *\}/ms.exec(contract);
  const codes = body.replaceAll(/\/\/.*/g, "").split(",").map((code) => code.trim()).filter((code) => code !== "");
  assert.ok(codes.length >= 24 && codes.every((code) => /^[a-z-]+$/.test(code)), `${codes}`);
  const every = (codes) => `const every: Record<s.RefusalCode, 0> = ${JSON.stringify(Object.fromEntries(codes.map((code) => [code, 0])))};`;
  assert.equal(compile("codes", every(codes)), "");
  assert.match(compile("codes", every(codes.slice(1))), /Property '"json-syntax"' is missing/);
  assert.match(compile("codes", every([...codes, "another"])), /'"another"' does not exist/);
});

test("each kind of failure of the host is a name that an editor completes, and no other", () => {
  const host = readFileSync(join(root, "host/provider/src/error.rs"), "utf8");
  const kinds = [...host.matchAll(/Self::\w+ => "(\w+)"/g)].map(([, kind]) => kind);
  assert.ok(kinds.length >= 14 && kinds.includes("rate_limit"), `${kinds}`);
  const every = (kinds) => `
    type Known<T> = T extends string ? (string extends T ? never : T) : never;
    const every: Record<Known<s.FailReason>, 0> = ${JSON.stringify(Object.fromEntries(kinds.map((kind) => [kind, 0])))};`;
  assert.equal(compile("kinds", every(kinds)), "");
  assert.match(compile("kinds", every(kinds.slice(1))), /Property 'auth_error' is missing/);
  assert.match(compile("kinds", every([...kinds, "another"])), /'"another"' does not exist/);
});

test("programs as people write them", async () => {
  const program = `
    import { load, type Policy, type Pred, type Scorer, type Ctx, type RouterConfig, type Turn } from "sigmapol";
    import support from "../../../examples/support.json";

    const engine = await load();

    // lists of terms, and terms in parts
    const preds: Pred[] = [["meets_req"], ["cmp", "price_in", "le", 5]];
    const frozen: readonly Pred[] = preds;
    const all: Pred = ["and", ...preds];
    const any: Pred = ["or", ["no_log" as const].length > 0 ? ["top"] : ["bot"], ...frozen];
    const rank: Scorer = ["add", ...[1, 2].map((weight): Scorer => ["scale", weight, ["field", "price_in"]])];
    const policy: Policy = ["policy", all, rank, ["argmax"], ["seq", ...[["id"] as const]], ["always", { action: "abort" }]];
    const constant = ["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", { action: "abort" }]] as const;

    // candidates of an interface of one's own, read only or not
    interface Caps { context: number; supports_tools: boolean; audio: boolean }
    interface Offer { provider_id: string; model_family: string; price_in: number; region: string; capabilities: Caps; note?: string }
    interface Body { messages: { role: string; content: string }[]; user: string }
    const offers: Offer[] = [];
    const body: Body = { messages: [], user: "u" };
    const kept: ReadonlyArray<Offer> = offers;
    engine.decide(policy, { candidates: offers, request: body });
    engine.decide(constant, { candidates: kept, body, failures: [{ kind: "timeout" }] as const });
    engine.catalog({ candidates: offers }).policy(constant, { envelope: any })({ request: body, seed: undefined });
    // and literals with fields that a vocabulary declares
    const ctx: Ctx = {
      vocabulary: { fields: { bench: { sort: "Num", default: 0 } } },
      candidates: [{ provider_id: "a", model_family: "m", bench: 0.5, tier: "own", capabilities: { audio: true, context: 5 } }],
      request: { user: "u", requirements: { needs: ["tools"] } },
    };

    // a policy in a file, with resolveJsonModule
    const read: [string, string] = [engine.decide(support, ctx).identity, engine.hash(support)];
    engine.admit(support, { profile: "strict" });
    engine.catalog(ctx).policy(support);

    // runs: events by their kinds, and what comes of them
    const config: RouterConfig = {
      providers: {
        a: { discovery: "static", api_kind: "openai_compatible", base_url: "http://a", auth: { kind: "none" } },
        m: { discovery: "marketplace", discovery_id: "d", api_kind: "ollama", market_price_cap: { input: 5 } },
      },
      models: { m: { capabilities: { context: 5 }, served_by: [{ provider: "a", fields: { price_in: 1 } }] } },
      profiles: {
        default: { policy_ir: policy },
        parts: {
          extends: "default", filter: ["requirements", { any_of: [{ tier_in: ["partner"] }, { price_max: { input: 2 } }] }],
          scorer: ["zero"], selector: "top_k", selector_opts: { k: 2 }, retry_policy: "patient",
          mutate: [{ set_param: { temperature: 0 } }, { clamp: { max_tokens: 100 } }],
        },
      },
      retry_policies: { patient: { rate_limit: { action: "retry_same", attempts: 2 }, unknown: { action: "next_candidate" } } },
      policy_envelope: all,
      defaults: { circuit_breaker_threshold: 3 },
    };
    const contract = { prompt: "hi", requirements: { pin: { provider: "a", model: "m" }, max_latency_ms: 100 } };
    let turn = engine.step(undefined, { kind: "start", config, contract, now_ms: 5, admission: "strict" });
    for (let now_ms = 6; ; now_ms += 1) {
      const state = JSON.parse(turn.state);
      const { effect } = turn;
      if (effect.kind === "done") {
        const { outcome } = effect;
        const said: string = outcome.ok ? outcome.chosen.provider_id : outcome.error;
        for (const hop of outcome.trace.decision_path) {
          const took: number = hop.event === "attempted" ? hop.latency_ms : 0;
          console.log(said, took, outcome.trace.policy_identity?.length);
        }
        break;
      }
      if (effect.kind === "wait") {
        turn = engine.step(turn.run, { kind: "resume", state, now_ms: effect.untilMs });
      } else {
        const [provider, timeout]: [string, number] = [effect.request.provider_id, effect.request.timeout_ms];
        const response = provider === "a" && timeout > 5
          ? { ok: true as const, response: { text: "hello" } }
          : { ok: false as const, error_kind: "timeout", retry_after_ms: 100 };
        turn = engine.step(turn.run, { kind: "respond", response, state, now_ms });
      }
    }
    const ranked = engine.step(undefined, { kind: "rank", config, contract, now_ms: 5 }).effect;
    if (ranked.kind === "done" && "ordered" in ranked.outcome) ranked.outcome.ordered.map(({ score }) => score);
    const status = engine.step(undefined, { kind: "status", config, now_ms: 5 }).effect;
    if (status.kind === "done") status.outcome.providers["a"]?.breaker.open;
    const flow = engine.step(undefined, {
      kind: "flow", input: "x",
      flow: ["flow", { i: { kind: "input" }, l: { kind: "llm", inputs: ["i"], system: "s", policy }, o: { kind: "output", inputs: ["l"] } }],
    });
    if (flow.effect.kind === "call") engine.step(flow.run, { kind: "answer", text: flow.effect.request.prompt });
    const untyped: Turn = engine.step(undefined, JSON.stringify({ kind: "forget", discovery_id: "d" }));
    const printed: (number | string)[] = engine.decide(policy, ctx).toJSON().ordered.map(({ score }) => score);
    export { read, untyped, printed };
  `;
  assert.equal(compile("programs", program), "");
});

test("the README's program", () => {
  const readme = readFileSync(join(web, "README.md"), "utf8");
  const [, program] = /^## Use\n+```ts\n([^]*?)```/m.exec(readme);
  assert.equal(compile("readme", `${program}export {};`), "");
});

test("configurations, contracts and events of the vectors are of their types, and run as they say", async () => {
  const engine = await load();
  const vectors = readFileSync(join(root, "golden/steps.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
  const router = JSON.parse(readFileSync(join(root, "examples/router.json"), "utf8"));
  const configs = [router, ...vectors.map(({ config }) => config)];
  const kinds = ["start", "rank"];
  const contracts = vectors.flatMap(({ script }) => script.filter(({ op }) => kinds.includes(op)).map(({ contract }) => contract));
  // what the engine refuses under `strict` need not be of the types
  const strict = (event) => {
    try {
      const { effect } = engine.step(undefined, { now_ms: 5, ...event });
      return effect.kind !== "done" || effect.outcome.ok !== false || /^(no_candidates|exhausted)/.test(effect.outcome.error);
    } catch {
      return false;
    }
  };
  const goodConfigs = configs.filter((config) => strict({ kind: "status", config }));
  const goodContracts = contracts.filter((contract) => strict({ kind: "start", config: router, contract }));
  assert.ok(goodConfigs.length >= 20 && goodContracts.length >= 20, `${goodConfigs.length} ${goodContracts.length}`);
  const program = [
    ...goodConfigs.map((config, at) => `const c${at}: s.RouterConfig = ${JSON.stringify(config)};\n`),
    ...goodContracts.map((contract, at) => `const k${at}: s.Contract = ${JSON.stringify(contract)};\n`),
  ];
  assert.equal(compile("vectors", program.join("")), "");
});

test("what is wrong is an error of the compiler, at its line", () => {
  const wrong = [
    'const p: s.Pred = ["nope"];',
    'const p: s.Pred = ["cmp", "price_in", "<", 5];',
    'const p: s.Pred = ["not", ["zero"]];',
    'const p: s.Pred = ["and", ...scorers];',
    'const p: s.Pred = ["nope", ...preds];',
    'const p: s.Scorer = ["scale", ["lit", 1], 2];',
    'const p: s.Selector = ["top_k", 3];',
    'const p: s.FailPlan = ["always", { action: "give_up" }];',
    'const p: s.Policy = ["policy", ["top"], ["zero"], ["argmax"], ["id"]];',
    'const r: s.Requirements = { needs: ["audio"] };',
    'const c: s.Ctx = { candidates: [], sede: 1 };',
    'const c: s.Ctx = { candidates: [{ provider_id: "a" }] };',
    'const c: s.Ctx = { candidates: [{ provider_id: "a", model_family: "m", price_in: "1" }] };',
    'const c: s.Ctx = { candidates: offers };',
    // arguments of verbs are looked at as the types are
    'engine.admit(["nope"]);',
    'engine.admit(["and", ["cmp", "price_in", "<", 5]]);',
    'engine.admit(["nope", ...preds]);',
    'engine.admit([]);',
    'engine.admit(undefined);',
    'engine.admit({ op: "top" });',
    'engine.decide(["top"], { candidates: [] });',
    'engine.decide(support);',
    'engine.decide(support, { candidates: [{ model_family: "m" }] });',
    'engine.catalog({ candidates: [] }).policy(["zero"]);',
    // events
    'engine.step(undefined, { kind: "stat", config, now_ms: 5 });',
    'engine.step(undefined, { kind: "status", now_ms: 5 });',
    'engine.step(undefined, { kind: "status", config });',
    'engine.step(undefined, { kind: "status", config, now_ms: 5, stat: {} });',
    'engine.step(undefined, { kind: "respond", now_ms: 5 });',
    'engine.step("{}", { kind: "respond", now_ms: 5, response: { ok: false, kind: "timeout" } });',
    'engine.step("{}", { kind: "start", config, contract: {}, now_ms: 5 });',
    'engine.step(undefined, { kind: "start", config, contract: { promt: "hi" }, now_ms: 5 });',
    'engine.step(undefined, { kind: "start", config, contract: {}, now_ms: 5 }).effect.request;',
    'const r: s.RouterConfig = { providers: { a: { discovery: "static", api_kind: "ollama" } }, models: {}, profiles: {} };',
    'const r: s.RouterConfig = { providers: {}, models: {}, profiles: { default: { selector: "best" } } };',
    'const r: s.RouterConfig = { providers: {}, models: {}, profiles: { default: { filter: { tier: ["partner"] } } } };',
  ].map((line) => `{ ${line} }\n`);
  const head = [
    'import support from "../../../examples/support.json";',
    "declare const engine: s.Engine; declare const config: s.RouterConfig;",
    "declare const preds: s.Pred[]; declare const scorers: s.Scorer[];",
    "interface Offer { provider_id: string; model_family: string; price_in: string } declare const offers: Offer[];",
  ].join(" ");
  const errors = compile("wrong", `${head}\n${wrong.join("")}`);
  const lines = [...errors.matchAll(/wrong\.ts\((\d+),\d+\): error/g)].map(([, line]) => Number(line) - 3);
  assert.deepEqual([...new Set(lines)].sort((a, b) => a - b), wrong.map((_, at) => at), errors);
});

test("what types cannot say is refused: an operation without any argument", async () => {
  const engine = await load();
  for (const op of ["and", "or", "add", "seq"]) {
    assert.throws(() => engine.admit([op]), { name: "Refusal", code: "arity", message: `$: ${op} needs at least one argument` });
  }
});

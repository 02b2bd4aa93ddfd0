// A recorder of what is decided over catalogs, and ranked and stepped over routers, written once more from docs/replay.md: it
// takes results from the interface `prepared`, and replay makes them again by the stateless verbs.
import { seal, sha256 } from "./ledgers.js";
import { load as loadModule } from "./page/module.js";

const { compile, Instance } = await loadModule("../src/component.ts");
const { COMPONENT_SHA256: component, CORE_SHA256: core } = await loadModule("../src/digests.ts");

const module = await compile();
const ENGINE = { component, core, path: "component", runtime: "wasmtime 0", version: "0.1.0" };

/** JSON with its members in order, which for ASCII without special numbers is RFC 8785. */
export function canonical(value) {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = Object.keys(value).filter((key) => value[key] !== undefined).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

/** The bits of a double, 16 hexadecimal digits. */
function bits(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}

/** The result of a verb as a record has it. */
function outcomeOf(verb, read) {
  try {
    return read(verb());
  } catch (error) {
    if (error.name !== "Refusal") throw error;
    return { refused: error.code };
  }
}

export class Recorder {
  /** Kinds and bodies; a test changes bodies before they are sealed. */
  records = [{ kind: "genesis", body: { format: "sigmapol-ledger/v1" } }];
  #known = new Set();

  /** Puts a text in the ledger, once, and gives its digest. */
  text(text) {
    const digest = sha256(text);
    if (!this.#known.has(digest)) this.records.push({ kind: "text", body: { sha256: digest, text } });
    this.#known.add(digest);
    return digest;
  }

  add(kind, body) {
    this.records.push({ kind, body: { ...body, result: body.result ?? sha256(canonical(body.outcome)) } });
    return this.records.length - 1;
  }

  /** The records of a kind by their numbers. */
  of(kind) {
    return this.records.flatMap((record, number) => (record.kind === kind ? [[number, record.body]] : []));
  }

  lines() {
    return seal(this.records.map(({ kind, body }) => ({ kind, body: canonical(body) })));
  }

  segment() {
    return Buffer.from(this.lines().join(""));
  }

  catalog(text) {
    return new RecordedCatalog(this, text);
  }

  router(text) {
    return new RecordedRouter(this, text);
  }
}

/** A catalog whose decisions are recorded. */
class RecordedCatalog {
  #recorder;
  #instance = new Instance(module);
  #over;
  #names;
  #vocabulary;

  constructor(recorder, text) {
    this.#recorder = recorder;
    this.#instance.call(({ prepared }) => prepared.load(text));
    this.#over = { catalog: recorder.text(text) };
    const { candidates, vocabulary = {} } = JSON.parse(text);
    this.#names = candidates.map(({ provider_id: provider, model_family: model }) => ({ model, provider }));
    this.#vocabulary = JSON.stringify(vocabulary);
  }

  patch(changes) {
    this.#instance.call(({ prepared }) => prepared.patch(changes));
    const after = this.#over.changes === undefined ? "" : `"after":"${this.#over.changes}",`;
    this.#over = { ...this.#over, changes: this.#recorder.text(`{${after}"changes":${changes}}`) };
  }

  /** Decides and records; `ctx` is members as JSON texts, by name. Gives the number of the record. */
  decide(policy, ctx = {}, { options = {}, more = {} } = {}) {
    const own = (members) => `{${Object.keys(members).sort().map((key) => `"${key}":${members[key]}`).join(",")}}`;
    const outcome = outcomeOf(() => this.#instance.call(({ prepared }) => (
      prepared.decide(prepared.policy(policy, own(options)), own(ctx))
    )), decisionOf);
    const whole = { ...ctx, ...options };
    const first = outcome.decision?.ordered[0]?.[0];
    const admitted = outcomeOf(
      () => this.#instance.call(({ engine }) => engine.admit(policy, this.#vocabulary)),
      ({ canonical }) => this.#recorder.text(canonical),
    );
    return this.#recorder.add("decision", {
      chosen: this.#names[first],
      ctx: { blanked: false, inline: whole, sha256: sha256(own(whole)), texts: {} },
      engine: ENGINE,
      fuel: { limit: "20000000000", used: "1" },
      outcome,
      over: this.#over,
      policy: { canonical: typeof admitted === "string" ? admitted : undefined, sha256: this.#recorder.text(policy) },
      request: outcome.decision?.request ?? undefined,
      seed: whole.seed,
      ...more,
    });
  }
}

function decisionOf({ identity, ordered, scores, rejected, why, reasons, request, reactions, cost }) {
  const hex = (score) => score.toString(16).padStart(16, "0");
  return {
    decision: {
      cost: String(cost),
      identity,
      ordered: Array.from(ordered, (candidate, at) => [candidate, hex(scores[at])]),
      reactions: reactions.map(({ action, backoffMs }) => [action, bits(backoffMs)]),
      rejected: Array.from(rejected, (candidate, at) => [candidate, reasons[why[at]]]),
      request: request === undefined ? null : sha256(request),
    },
  };
}

/** A router whose rankings and steps are recorded. */
class RecordedRouter {
  #recorder;
  #instance = new Instance(module);
  #router;
  #state;
  #names;

  constructor(recorder, text) {
    this.#recorder = recorder;
    const candidates = JSON.parse(this.#instance.call(({ prepared }) => prepared.loadRouter(text)));
    this.#names = candidates.map(({ provider_id: provider, model_family: model }) => ({ model, provider }));
    this.#router = recorder.text(text);
  }

  restate(state) {
    this.#instance.call(({ prepared }) => prepared.restate(state));
    this.#state = this.#recorder.text(state);
  }

  /** Ranks and records; gives the number of the record. */
  rank(ask) {
    const outcome = outcomeOf(
      () => this.#instance.call(({ prepared }) => prepared.rank(ask)),
      (choice) => ({ ranking: rankingOf(choice, this.#names) }),
    );
    const [first] = outcome.ranking?.ordered ?? [];
    return this.#recorder.add("rank", {
      ask: this.#recorder.text(ask),
      chosen: first && { model: first[1], provider: first[0] },
      engine: ENGINE,
      outcome,
      router: this.#router,
      state: this.#state,
      texts: true,
    });
  }

  /** Takes a step and records it; gives the turn, or nothing where it was refused. */
  step(event, run) {
    let turn;
    const outcome = outcomeOf(
      () => (turn = this.#instance.call(({ prepared }) => prepared.step(run, event))),
      (turn) => ({ turn: turnOf(turn) }),
    );
    const { kind, state } = JSON.parse(event);
    const call = turn?.effect.tag === "call" ? JSON.parse(turn.effect.val) : undefined;
    this.#recorder.add("step", {
      chosen: call && { model: call.model_family, provider: call.provider_id },
      engine: ENGINE,
      event: this.#recorder.text(event),
      fuel: { limit: "20000000000", used: "1" },
      kind,
      outcome,
      over: { router: this.#router, state: state === undefined ? this.#state : undefined },
      run: run === undefined ? undefined : this.#recorder.text(run),
      texts: true,
    });
    return turn;
  }
}

function turnOf({ run, state, effect, logs, cost }) {
  return {
    cost: String(cost),
    effect: [effect.tag, effect.tag === "wait" ? bits(effect.val) : sha256(effect.val)],
    logs: logs.map(sha256),
    run: sha256(run),
    state: sha256(state),
  };
}

function rankingOf({ ordered, scores, rejected, why, reasons, cost }, names) {
  const entry = (at, what) => [names[at].provider, names[at].model, what];
  const doubles = new Float64Array(scores.buffer, scores.byteOffset, scores.length);
  return {
    cost: String(cost),
    // JSON has one zero
    ordered: Array.from(ordered, (at, rank) => entry(at, bits(doubles[rank] + 0))),
    pin_not_found: reasons.at(-1) === "pin_not_found",
    rejected: Array.from(rejected, (at, place) => entry(at, reasons[why[place]])),
  };
}

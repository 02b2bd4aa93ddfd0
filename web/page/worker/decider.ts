import { type Admission, type Ask, type Catalog, type Decision, type Engine, type Pred, Refusal } from "../../src/index.js";
import type { Candidate } from "../logic/candidate.js";
import { normalizeUnknown } from "../logic/notes.js";
import type { Question } from "../logic/question.js";
import { policyOf, responsible } from "../logic/responsible.js";
import { members, parsed, written } from "../logic/texts.js";
import type { Answer, Columns, Edit, Fault, Part, Responsible } from "./protocol.js";

/** Policies that one reading of the catalog takes; each keeps its place in the engine's memory. */
const POLICIES = 64;
/** How long a decision is repeated to be timed, in milliseconds: clocks of workers are coarse. */
const TIMING_MS = 2;

type Decide = (ask?: string) => Decision;

/** The candidates, read once, and decisions over them. */
export class Decider {
  readonly #engine: Engine;
  #candidates: Candidate[] = [];
  #vocabulary = "";
  #catalog: Catalog | undefined;
  #policies = new Map<string, Decide>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get candidates(): readonly Candidate[] {
    return this.#candidates;
  }

  load(candidates: Candidate[]): void {
    this.#candidates = candidates;
    this.#forget();
  }

  edit({ at, remove, with: added }: Edit): void {
    this.#candidates.splice(at, remove, ...added);
    this.#forget();
  }

  #forget(): void {
    this.#catalog = undefined;
    this.#policies.clear();
  }

  decide(question: Question): Answer {
    const answer: Answer = { faults: [], notes: [] };
    const attempt = <T>(part: Part, what: () => T): T | undefined => {
      try {
        return what();
      } catch (error) {
        answer.faults.push(faultOf(part, error));
        if (!(error instanceof Refusal)) this.#forget();
        return undefined;
      }
    };
    const { policy, request, vocabulary, envelope, customs } = question;
    for (const [part, text] of Object.entries({ request, customs })) {
      attempt(part as Part, () => this.#syntax(text));
    }
    const words = attempt("vocabulary", () => this.#engine.admit(["top"], vocabulary || "{}"));
    if (!words) return answer;
    const admission = attempt("policy", () => this.#engine.admit(policy, vocabulary || "{}"));
    if (admission) answer.admission = admission;
    const bound = envelope === "" || attempt("envelope", () => this.#pred(envelope, vocabulary));
    attempt("catalog", () => this.#read(vocabulary));
    if (answer.faults.length > 0 || !admission || !bound) return answer;

    const decide = attempt("policy", () => this.#policy(policy, members({ envelope, customs })));
    const decision = decide && attempt("state", () => columns(decide, asked(question)));
    if (decision) {
      answer.decision = decision;
      answer.notes = normalizeUnknown(parsed(policy), this.#candidates, question.state, decision.rejected);
    }
    return answer;
  }

  /** Who of the filter rejects a candidate for that reason. */
  responsible(question: Question, at: number, reason: string): Responsible {
    const { policy, request, vocabulary, envelope, customs, seed, state, now_ms } = question;
    const candidates = written([this.#candidates[at]]);
    const texts = { candidates, request, vocabulary, customs, state: written(state) };
    const ctx = members({ ...texts, seed: written(seed), now_ms: written(now_ms) });
    const ask = (pred: Pred) => this.#engine.decide(JSON.stringify(policyOf(pred)), ctx).rejected[0]?.reason;
    const filter = (parsed(policy) as Pred[])[1]!;
    return {
      candidate: at,
      reason,
      paths: responsible(ask, filter, reason).map((path) => [1, ...path]),
      envelope: envelope !== "" && ask(parsed(envelope) as Pred) === reason,
    };
  }

  /** Refuses what is not one value of JSON; what the value says is not looked at. */
  #syntax(text: string): void {
    if (text === "") return;
    try {
      this.#engine.hash(text);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code.startsWith("json-")) throw error;
    }
  }

  #pred(envelope: string, vocabulary: string): Admission {
    const admission = this.#engine.admit(envelope, vocabulary || "{}");
    if (admission.sort === "pred") return admission;
    throw new Refusal("sort-mismatch", `$: expected Pred, got ${admission.sort}`);
  }

  #read(vocabulary: string): Catalog {
    if (!this.#catalog || vocabulary !== this.#vocabulary || this.#policies.size >= POLICIES) {
      this.#forget();
      this.#catalog = this.#engine.catalog(members({ candidates: written(this.#candidates), vocabulary }));
      this.#vocabulary = vocabulary;
    }
    return this.#catalog;
  }

  #policy(policy: string, options: string): Decide {
    const key = `${options}\n${policy}`;
    let decide = this.#policies.get(key);
    if (!decide) {
      decide = this.#read(this.#vocabulary).policy(policy, options);
      this.#policies.set(key, decide);
    }
    return decide;
  }
}

/** What a decision over the catalog takes. */
function asked({ request, seed, now_ms, state }: Question): string {
  return members({ request, seed: written(seed), now_ms: written(now_ms), state: written(state) } satisfies {
    [key in keyof Ask]: string;
  });
}

function columns(decide: Decide, ask: string): Columns {
  let decision = decide(ask);
  const start = performance.now();
  let [runs, spent] = [0, 0];
  do {
    decision = decide(ask);
    runs += 1;
    spent = performance.now() - start;
  } while (spent < TIMING_MS);
  const { identity, ordered, rejected, requestText } = decision;
  const reasons = [...new Set(rejected.map(({ reason }) => reason))];
  const numbers = new Map(reasons.map((reason, number) => [reason, number]));
  return {
    identity,
    digest: decision.digest(),
    cost: String(decision.cost),
    ordered: Uint32Array.from(ordered, ({ candidate }) => candidate),
    scores: Float64Array.from(ordered, ({ score }) => score),
    rejected: Uint32Array.from(rejected, ({ candidate }) => candidate),
    why: Uint32Array.from(rejected, ({ reason }) => numbers.get(reason)!),
    reasons,
    ...(requestText === undefined ? {} : { request: requestText }),
    micros: (spent / runs) * 1000,
  };
}

/** Whose a refusal is, by the position that its message begins with. */
function faultOf(part: Part, error: unknown): Fault {
  if (!(error instanceof Refusal)) return { part, code: "trap", message: String(error) };
  const { code, message } = error;
  const begins = (start: string) => message.startsWith(start);
  if (begins("ctx.request")) part = "request";
  else if (begins("ctx.seed")) part = "seed";
  else if (begins("ctx.customs")) part = "customs";
  else if (begins("ir: $.policy[1].and[1]") && part === "envelope") part = "envelope";
  return { part, code, message };
}


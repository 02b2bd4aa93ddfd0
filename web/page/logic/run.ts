import type { Engine, EventOf, FailReason, Hop, RunOutcome, Trace, Turn, Vocabulary } from "../../src/index.js";
import type { Candidate } from "./candidate.js";
import { startOf } from "./config.js";
import type { Question } from "./question.js";
import { isRecord, member, parsed } from "./texts.js";

/** What a provider may answer: a label, how long it takes in milliseconds, the response. */
export const ANSWERS = {
  ok: { label: "ok", ms: undefined, response: { ok: true, response: { text: "hello" } } },
  timeout: { label: "timeout", ms: undefined, response: failure("timeout", "no answer in time") },
  rate_limit: { label: "429", ms: 60, response: failure("rate_limit", "slow down", 429) },
  retry_after: {
    label: "429, retry after 2 s", ms: 60,
    response: { ...failure("rate_limit", "slow down", 429), retry_after_ms: 2000 },
  },
  server_error: { label: "500", ms: 240, response: failure("server_error", "out of order", 500) },
  network_error: { label: "network", ms: 30, response: failure("network_error", "connection refused") },
  auth_error: { label: "401", ms: 40, response: failure("auth_error", "no such key", 401) },
  bad_request: { label: "400", ms: 40, response: failure("bad_request", "not understood", 400) },
  model_unavailable: { label: "404", ms: 40, response: failure("model_unavailable", "no such model", 404) },
  content_filter: { label: "content filter", ms: 180, response: failure("content_filter", "refused", 400) },
  context_overflow: { label: "context overflow", ms: 80, response: failure("context_overflow", "too long", 413) },
} as const;

export type Answered = keyof typeof ANSWERS;

function failure(error_kind: FailReason, error_message: string, http_status?: number) {
  return { ok: false as const, error_kind, error_message, ...(http_status === undefined ? {} : { http_status }) };
}

/** What happened; times are milliseconds since the run began. */
export type RunEvent =
  | { kind: "called"; at: number; provider: string; model: string; answer: Answered; took: number }
  | { kind: "waited"; at: number; ms: number }
  | { kind: "opened" | "disabled"; at: number; provider: string; ms: number }
  | { kind: "skipped"; at: number; provider: string; model: string }
  | { kind: "done"; at: number; ok: boolean; what: string };

/** A run as far as it went. */
export interface Run {
  events: RunEvent[];
  /** Who is being called, if anybody. */
  calling?: { provider: string; model: string };
  /** In which order the machine tries them: `provider model` each. */
  ranked: string[];
  /** What the machine cannot be told of the ctx, in words. */
  notes: string[];
  /** What the engine has on record, all of it: so far, or of the whole run. */
  trace: Trace;
}

/** Where a run begins when the ctx has no time. */
const EPOCH = 1_760_000_000_000;
/** How long an answer takes where the candidate does not say, in milliseconds. */
const LATENCY = 500;
const WINDOWS = { circuit_breakers: 30_000, disabled_providers: 300_000 };

/** Starts a run and answers its calls; waits are waited for, on a clock of their own. */
export function run(
  engine: Engine, question: Question, candidates: readonly Candidate[], answers: readonly Answered[],
): Run {
  const request = parsed(question.request);
  const begin = typeof question.now_ms === "number" ? question.now_ms : EPOCH;
  const { event, notes } = startOf(candidates, {
    policy: parsed(question.policy),
    request: isRecord(request) ? request : {},
    vocabulary: (parsed(question.vocabulary) ?? {}) as Vocabulary,
    envelope: parsed(question.envelope),
    customs: parsed(question.customs),
    seed: question.seed,
    state: question.state,
  }, begin);
  const machine = new Machine(engine, event, begin, new Map(candidates.map((one) => [nameOf(one), one.latency_ms])));
  const ranked = (machine.trace.ranked ?? []).map(nameOf);
  let left = 0;
  while (machine.goesOn()) {
    const answer = answers[left++];
    if (!answer) break;
    machine.answer(answer);
  }
  const { events, calling, trace } = machine;
  return { events, ranked, notes, trace, ...(calling ? { calling } : {}) };
}

type Step = Turn<RunOutcome, unknown>;

/** A run under way, with a clock of its own. */
class Machine {
  readonly events: RunEvent[] = [];
  readonly #engine: Engine;
  readonly #admission: EventOf<"start">["admission"];
  readonly #begin: number;
  readonly #latency: ReadonlyMap<string, number | undefined>;
  #now: number;
  #turn: Step;
  #state: Runtime;
  /** Hops of the trace that are among the events. */
  #seen = 0;

  constructor(engine: Engine, event: EventOf<"start">, begin: number, latency: ReadonlyMap<string, number | undefined>) {
    this.#engine = engine;
    this.#admission = event.admission;
    this.#begin = this.#now = begin;
    this.#latency = latency;
    this.#state = event.state as Runtime;
    this.#turn = engine.step(undefined, event);
    this.#note();
  }

  get calling(): { provider: string; model: string } | undefined {
    const { effect } = this.#turn;
    if (effect.kind !== "call") return undefined;
    const { provider_id: provider, model_family: model } = effect.request as Named;
    return { provider, model };
  }

  /** The trace so far. A step changes nothing, so a run that is given up on the side goes on here. */
  get trace(): Trace {
    const { effect } = this.#turn.effect.kind === "done"
      ? this.#turn
      : this.#engine.step(this.#turn.run, { kind: "cancel", reason: "", ...this.#shared(JSON.parse(this.#turn.state)) });
    if (effect.kind !== "done") throw new Error("expected a run that is given up to be done");
    return effect.outcome.trace;
  }

  /** Waits where the run waits; whether it wants an answer then. */
  goesOn(): boolean {
    for (;;) {
      const { effect, run } = this.#turn;
      if (effect.kind === "call") return true;
      if (effect.kind === "done") {
        const { outcome } = effect;
        this.events.push({ kind: "done", at: this.#at, ok: outcome.ok, what: outcome.ok ? "answered" : outcome.error });
        return false;
      }
      this.events.push({ kind: "waited", at: this.#at, ms: effect.untilMs - this.#now });
      this.#now = effect.untilMs;
      this.#turn = this.#engine.step(run, { kind: "resume", ...this.#shared(this.#state) });
      this.#note();
    }
  }

  /** Answers the call that is open. */
  answer(answer: Answered): void {
    const { effect, run } = this.#turn;
    if (effect.kind !== "call") throw new Error("expected a call that is open");
    const request = effect.request as Named & { timeout_ms?: unknown };
    const { provider_id: provider, model_family: model, timeout_ms } = request;
    const own = answer === "timeout" ? timeout_ms : this.#latency.get(nameOf(request));
    const took = ANSWERS[answer].ms ?? (typeof own === "number" ? own : LATENCY);
    this.events.push({ kind: "called", at: this.#at, provider, model, answer, took });
    this.#now += took;
    const { response } = ANSWERS[answer];
    this.#turn = this.#engine.step(run, { kind: "respond", response, ...this.#shared(this.#state) });
    this.#note();
  }

  get #at(): number {
    return this.#now - this.#begin;
  }

  #shared(state: object) {
    return { admission: this.#admission, state, now_ms: this.#now };
  }

  /** What a turn has changed beside the call: who was skipped, whose breaker opened, who is disabled. */
  #note(): void {
    const path: Hop[] = this.trace.decision_path;
    for (const hop of path.slice(this.#seen)) {
      if (hop.event !== "skipped") continue;
      this.events.push({ kind: "skipped", at: this.#at, provider: hop.provider_id, model: hop.model_family });
    }
    this.#seen = path.length;
    const after = JSON.parse(this.#turn.state) as Runtime;
    for (const [provider, { window_ms }] of begun(this.#state, after, "circuit_breakers")) {
      const ms = typeof window_ms === "number" ? window_ms : WINDOWS.circuit_breakers;
      this.events.push({ kind: "opened", at: this.#at, provider, ms });
    }
    for (const [provider] of begun(this.#state, after, "disabled_providers")) {
      this.events.push({ kind: "disabled", at: this.#at, provider, ms: WINDOWS.disabled_providers });
    }
    this.#state = after;
  }
}

interface Named {
  provider_id: string;
  model_family: string;
}

const nameOf = ({ provider_id, model_family }: Named): string => `${provider_id} ${model_family}`;

/** Sections of the runtime state, by provider. */
interface Runtime {
  circuit_breakers?: Record<string, unknown>;
  disabled_providers?: Record<string, unknown>;
}

/** The providers that an event has opened a breaker of, or disabled, and their entries. */
function begun(before: Runtime, after: Runtime, section: keyof Runtime): [string, Record<string, unknown>][] {
  const since = (entry: unknown): unknown => {
    if (!isRecord(entry)) return undefined;
    return section === "disabled_providers" ? entry.at_ms : entry.open === true ? entry.opened_at_ms : undefined;
  };
  return Object.entries(after[section] ?? {}).filter((pair): pair is [string, Record<string, unknown>] => {
    const at = since(pair[1]);
    return at !== undefined && at !== since(member(before[section] ?? {}, pair[0]));
  });
}

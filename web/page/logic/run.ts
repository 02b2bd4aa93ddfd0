import type { Candidate, Engine, Request, Turn, Vocabulary } from "../../src/index.js";
import type { Question } from "../worker/protocol.js";
import { startOf } from "./config.js";
import { isRecord, parsed } from "./texts.js";

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

function failure(error_kind: string, error_message: string, http_status?: number) {
  return { ok: false, error_kind, error_message, ...(http_status === undefined ? {} : { http_status }) };
}

/** What happened; times are milliseconds since the run began. */
export type Happened =
  | { kind: "called"; at: number; provider: string; model: string; answer: Answered; took: number }
  | { kind: "waited"; at: number; ms: number }
  | { kind: "opened" | "disabled" | "skipped"; at: number; provider: string; model?: string; ms?: number }
  | { kind: "done"; at: number; ok: boolean; what: string };

/** A run as far as it went. */
export interface Run {
  happened: Happened[];
  /** Who is being called, if anybody. */
  calling?: { provider: string; model: string; request: string };
  /** In which order the machine tries them: `provider model` each. */
  ranked: string[];
  /** What the machine cannot be told of the ctx, in words. */
  notes: string[];
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
  const request = (parsed(question.request) ?? {}) as Request;
  const world = {
    policy: parsed(question.policy), request, vocabulary: (parsed(question.vocabulary) ?? {}) as Vocabulary,
    envelope: parsed(question.envelope), customs: parsed(question.customs), seed: question.seed, state: question.state,
  };
  const begin = typeof question.now_ms === "number" ? question.now_ms : EPOCH;
  const { event, notes } = startOf(candidates, world, begin);
  const admission = event.admission;
  const latency = new Map(candidates.map((c) => [nameOf(c), c.latency_ms]));
  const result: Run = { happened: [], ranked: [], notes };
  const { happened } = result;

  let now = begin;
  let turn = engine.step(undefined, event);
  let before = event.state as Runtime;
  let seen = 0;
  const note = () => {
    const { decision_path: path = [] } = traceOf(engine, turn, now, admission);
    for (const { event, provider_id: provider, model_family: model } of path.slice(seen)) {
      if (event === "skipped") happened.push({ kind: "skipped", at: now - begin, provider, model });
    }
    seen = path.length;
    const after = JSON.parse(turn.state) as Runtime;
    for (const provider of begun(before, after, "circuit_breakers")) {
      const { window_ms: ms = WINDOWS.circuit_breakers } = after.circuit_breakers![provider]!;
      happened.push({ kind: "opened", at: now - begin, provider, ms });
    }
    for (const provider of begun(before, after, "disabled_providers")) {
      happened.push({ kind: "disabled", at: now - begin, provider, ms: WINDOWS.disabled_providers });
    }
    before = after;
  };
  result.ranked = (traceOf(engine, turn, now, admission).ranked ?? []).map(nameOf);
  note();

  const left = [...answers];
  for (;;) {
    const { effect } = turn;
    if (effect.kind === "done") {
      const { ok, error } = effect.outcome;
      happened.push({ kind: "done", at: now - begin, ok: ok === true, what: ok === true ? "answered" : String(error) });
      return result;
    }
    if (effect.kind === "wait") {
      happened.push({ kind: "waited", at: now - begin, ms: effect.untilMs - now });
      now = effect.untilMs;
      turn = engine.step(turn.run, { kind: "resume", admission, state: before, now_ms: now });
    } else {
      const { provider_id: provider, model_family: model, timeout_ms } = effect.request;
      const answer = left.shift();
      if (!answer) {
        result.calling = { provider, model, request: JSON.stringify(effect.request) };
        return result;
      }
      const own = answer === "timeout" ? timeout_ms : latency.get(nameOf(effect.request));
      const took = ANSWERS[answer].ms ?? (typeof own === "number" ? own : LATENCY);
      happened.push({ kind: "called", at: now - begin, provider, model, answer, took });
      now += took;
      const { response } = ANSWERS[answer];
      turn = engine.step(turn.run, { kind: "respond", admission, state: before, now_ms: now, response });
    }
    note();
  }
}

interface Named {
  provider_id: string;
  model_family: string;
}

export const nameOf = ({ provider_id, model_family }: Named): string => `${provider_id} ${model_family}`;

interface Runtime {
  circuit_breakers?: Record<string, { open?: boolean; opened_at_ms?: number; window_ms?: number }>;
  disabled_providers?: Record<string, unknown>;
}

/** The providers that an event has opened a breaker of, or disabled. */
function begun(before: Runtime, after: Runtime, section: keyof Runtime): string[] {
  const since = (of: Runtime, id: string): unknown => {
    const entry = of[section]?.[id];
    if (!isRecord(entry)) return undefined;
    return section === "disabled_providers" ? entry.at_ms : entry.open === true ? entry.opened_at_ms : undefined;
  };
  return Object.keys(after[section] ?? {}).filter((id) => {
    const at = since(after, id);
    return at !== undefined && at !== since(before, id);
  });
}

interface Trace {
  decision_path?: (Named & { event: string })[];
  ranked?: Named[];
}

/** The trace so far. A step changes nothing, so a run that is given up on the side goes on here. */
function traceOf(engine: Engine, turn: Turn, now_ms: number, admission: unknown): Trace {
  const { effect } = turn.effect.kind === "done"
    ? turn
    : engine.step(turn.run, { kind: "cancel", admission, reason: "", state: JSON.parse(turn.state), now_ms });
  return (effect.kind === "done" ? effect.outcome.trace : undefined) ?? {};
}

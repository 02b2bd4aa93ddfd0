/**
 * What a host tells the engine, and what it hears at the end: the events of `step` by their kinds.
 *
 * @see docs/runs.md for what each does.
 */

import type { Vocabulary } from "./ctx.js";
import type { CallRequest, FlowCall, Ranking, RunOutcome, Status } from "./outcome.js";
import type { Contract, Offers, Profile, RetryTable, RouterConfig } from "./router.js";
import type { FailReason, Policy } from "./term.js";

/** The runtime state of a turn, read from its text: breakers, disabled providers, prices, credits, offers. */
export type RuntimeState = object;

/** What every event may carry. */
interface Shared {
  /** `strict` unless told otherwise. */
  admission?: "strict" | "reference" | undefined;
  /** Of the last turn; a new one where it is absent. */
  state?: RuntimeState | undefined;
}

interface Timed extends Shared {
  /** Milliseconds; time always comes in. */
  now_ms: number;
}

interface Asked extends Timed {
  config: RouterConfig;
  contract: Contract;
  /** By discovery. */
  offers?: Readonly<Record<string, Offers>> | undefined;
  /** By `provider|source`, or by provider. */
  multipliers?: Readonly<Record<string, number>> | undefined;
}

/** What a provider answered. */
export type Response =
  | { ok: true; response: unknown }
  | {
    ok: false;
    error_kind?: FailReason | undefined;
    http_status?: number | undefined;
    error_message?: string | undefined;
    /** Makes the wait of a retry longer; up to 60,000. */
    retry_after_ms?: number | undefined;
  };

/** A node of a flow. */
export type FlowNode =
  | { kind: "input" }
  | { kind: "output"; inputs: readonly [string] | readonly string[] }
  | {
    kind: "llm";
    /** 1 to 32. */
    inputs: readonly string[];
    system: string;
    policy: Policy;
    /** With `$1`, `$2`, … for the inputs. */
    template?: string | undefined;
  };

/** Up to 256 nodes, by id. */
export type Flow = readonly [op: "flow", nodes: Readonly<Record<string, FlowNode>>];

/** Events by their kinds, without the kind. */
export interface Events {
  init: Shared & { config: RouterConfig; metrics?: unknown; now_ms?: number | undefined };
  start: Asked;
  rank: Asked;
  status: Timed & { config: RouterConfig };
  /** None at all is a failure of the kind `unknown`. */
  respond: Timed & { response?: Response | undefined };
  resume: Timed;
  /** Leaves the candidate, and goes on with the next one. */
  skip: Timed & { reason: string };
  cancel: Timed & { reason: string };
  elaborate: Shared & { profile: Profile; retry_table?: RetryTable | undefined; contract?: Contract | undefined };
  restore: Timed & { snapshot: RuntimeState };
  observe: Shared & { provider: string; model: string; delta: Readonly<Record<string, unknown>> };
  forget: Shared & { discovery_id: string };
  flow: Shared & { flow: Flow; input?: string | undefined; vocabulary?: Vocabulary | undefined };
  answer: Shared & { text: string };
}

export type EventKind = keyof Events;
/** The event of a kind. */
export type EventOf<K extends EventKind> = { kind: K } & Events[K];
/** An event of any kind. */
export type Event = { [K in EventKind]: EventOf<K> }[EventKind];

/** The kinds that go on with a run; all others begin one, or belong to none. */
export type GoesOn = "respond" | "resume" | "skip" | "cancel" | "answer";

/** The run that an event of a kind takes. */
export type RunOf<K extends EventKind> = K extends GoesOn ? string : undefined;

/** What the run is done with, by the kind of its last event. */
export interface Outcomes {
  init: { ok: boolean; info: Record<string, unknown> };
  start: RunOutcome;
  respond: RunOutcome;
  resume: RunOutcome;
  skip: RunOutcome;
  cancel: RunOutcome;
  rank: Ranking | { error: string };
  status: Status;
  elaborate: { term: Policy };
  restore: { ok: boolean; error?: string };
  observe: { ok: boolean };
  forget: { ok: boolean };
  /** Without an input the flow is named, with one it runs. */
  flow: { identity: string; fingerprint: string; canonical: string } | { output: string };
  answer: { output: string };
}

/** Whom an event of a kind makes the host call. */
export type CallOf<K extends EventKind> = K extends "flow" | "answer" ? FlowCall : CallRequest;

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

/** What goes on when a node of a flow fails, and where its first input is empty. */
export interface FlowOptions {
  /** A node that fails hands on its first input. */
  on_error?: "input" | undefined;
}

/** Options of the nodes that call. */
export interface FlowCallOptions extends FlowOptions {
  /** Nothing is called about `{}` and `[]`. */
  skip_empty?: boolean | undefined;
  /** Of the whole node; 1 to 40,000. */
  timeout_ms?: number | undefined;
}

/** A question of a decision; texts of 1 to 2000 bytes. */
export type FlowQuestion =
  | { type: "choice"; instructions: string; criteria: Readonly<Record<string, string>> }
  | { type: "score"; instructions: string; criteria: readonly string[] }
  | { type: "noul"; instructions: string; criteria?: { true: string; false: string } | undefined };

/** A model chooses the policy that a node calls under. */
export interface FlowRouting {
  policy: Policy;
  instructions: string;
  /** 2 to 16. */
  choices: Readonly<Record<string, { description: string; policy: Policy }>>;
  fallback: string;
  /** From 0 to 1. */
  min_confidence: number;
  /** 100 to 10,000. */
  timeout_ms: number;
}

/** What a node does with data; nothing is called. */
export type FlowOperation =
  | { operation: "project"; path: readonly string[] }
  | { operation: "select"; field: string; equals: string }
  | {
    operation: "overlay";
    min_string_bytes?: number | undefined;
    max_string_bytes?: number | undefined;
    only_shrink?: boolean | undefined;
  }
  | { operation: "union" };

/** A node of a flow. */
export type FlowNode =
  | { kind: "input" }
  | { kind: "output"; inputs: readonly [string] | readonly string[] }
  | (FlowCallOptions & {
    kind: "llm";
    /** 1 to 32. */
    inputs: readonly string[];
    system: string;
    policy: Policy;
    /** With `$1`, `$2`, … for the inputs. */
    template?: string | undefined;
    /** Without the conversation around the flow. */
    context?: "inputs" | undefined;
    /** The answer is data. */
    output_format?: "json" | undefined;
    /** 1 to 4096. */
    max_tokens?: number | undefined;
    routing?: FlowRouting | undefined;
  })
  | (FlowCallOptions & {
    kind: "decision";
    inputs: readonly string[];
    policy: Policy;
    /** 1 to 32. */
    questions: Readonly<Record<string, FlowQuestion>>;
  })
  | (FlowOptions & FlowOperation & { kind: "data"; inputs: readonly string[] });

/** Up to 256 nodes, by id. */
export type Flow = readonly [op: "flow", nodes: Readonly<Record<string, FlowNode>>];

/** How a flow is done. */
export type FlowEnd =
  & ({ output: string; data?: true } | { error: string; node: string; place: number })
  & { notes?: FlowNote[] };

/** What there is to say of a node. */
export interface FlowNote {
  node: string;
  skipped?: true;
  error?: string;
  fallback?: "input";
  choice?: string;
  reason?: "decision_failed" | "invalid_decision" | "uncertain";
}

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
  flow: Shared & {
    flow: Flow;
    input?: string | undefined;
    /** The input is JSON. */
    data?: boolean | undefined;
    /** The effect is `{calls}`, up to so many that are open; 1 to 32. */
    at_once?: number | undefined;
    vocabulary?: Vocabulary | undefined;
  };
  /** `node` is needed where calls are open at once. */
  answer: Shared & ({ text: string } | { error: string }) & { node?: string | undefined };
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
  flow: { identity: string; fingerprint: string; canonical: string } | FlowEnd;
  answer: FlowEnd;
}

/** Whom an event of a kind makes the host call. */
export type CallOf<K extends EventKind> = K extends "flow" | "answer" ? FlowCall : CallRequest;

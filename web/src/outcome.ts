/** What comes out of a run. */

import type { FailReason, Policy, Tier } from "./term.js";

interface Named {
  provider_id: string;
  model_family: string;
}

/** A request for a provider. */
export interface CallRequest extends Named {
  served_model_id?: string;
  base_url?: string;
  api_kind?: string;
  auth?: unknown;
  auth_env?: string;
  aws_region?: string;
  messages: unknown[];
  timeout_ms: number;
  /** What the policy set, and what the contract brought. */
  [key: string]: unknown;
}

/** A call that a node of a flow makes; answer it by the event `answer`. */
export interface FlowCall {
  node: string;
  /** Absent for the call of an `llm` node. */
  kind?: "decision" | "routing";
  /** Of an `llm` node. */
  system: string;
  prompt: string;
  policy: Policy;
  policy_fingerprint: string;
  /** The options of the node that are for hosts, `questions`, or `instructions` and `choices`. */
  [key: string]: unknown;
}

/** A score in JSON: infinite ones are texts. */
export type ScoreText = number | "inf" | "-inf";

/** What happened in a run, in order. Times are milliseconds. */
export type Hop =
  | (Named & {
    event: "attempted";
    attempt: number;
    latency_ms: number;
    error_kind?: FailReason;
    http_status?: number;
    error_message?: string;
  })
  | (Named & { event: "retry_scheduled"; attempt: number; backoff_ms: number })
  | (Named & { event: "skipped"; reason: string })
  | { event: "provider_disabled"; provider_id: string; reason: string };

/** A candidate that the filter refused, or a pin that nobody is. */
export type Refused =
  | { provider: string; model: string; reason: string }
  | { reason: "pin_not_found"; pin: unknown };

/** A run, from the ranking to its end. */
export interface Trace {
  decision_path: Hop[];
  rejected: Refused[];
  started_at_ms: number;
  /** Absent where the contract could not be resolved, as what follows. */
  ranked?: (Named & { tier?: Tier; score: ScoreText })[];
  policy_identity?: string;
  policy_fingerprint?: string;
  total_latency_ms?: number;
}

/** An answer or an error, with the whole trace. */
export type RunOutcome =
  | { ok: true; response?: unknown; chosen: Chosen; trace: Trace }
  | { ok: false; error: string; trace: Trace };

/** Who answered. Prices are USD per million tokens. */
export interface Chosen extends Named, Prices {
  served_by?: string;
  served_model_id?: string;
}

interface Prices {
  price_in?: number;
  price_out?: number;
  raw_price_in?: number;
  raw_price_out?: number;
  price_multiplier?: number;
}

/** Who would be tried. */
export interface Ranking {
  ordered: (Named & Prices & { served_model_id?: string; base_url?: string; tier?: Tier; score: ScoreText })[];
  rejected: Refused[];
}

/** Every provider with its breaker, prices and credits. */
export interface Status {
  schema: string;
  generated_at_ms: number;
  providers: Record<string, {
    available: boolean;
    breaker: { open: boolean; consecutive_failures: number; opened_at_ms?: number; ms_until_recovery: number };
    disabled?: { kind?: FailReason; at_ms: number; ms_until_recovery: number };
    /** USD. */
    credits_remaining_usd?: number;
    models: Record<string, { price_in?: number; price_out?: number; last_quality_eval?: unknown }>;
  }>;
}

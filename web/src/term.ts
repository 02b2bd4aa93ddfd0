/**
 * The language as types: an editor completes a term, and a compiler says where it is not one.
 *
 * The engine checks more than types can say (domains of parameters, sizes, declared fields); what
 * it refuses is thrown as a `Refusal`.
 *
 * @see docs/specification.md for what each operation means.
 */

/** Fields of the core vocabulary that are numbers. A vocabulary may declare more. */
export type CoreNumField =
  | "price_in" | "price_out" | "latency_ms" | "tok_s" | "success_rate" | "credits" | "context";

/** Fields of the core vocabulary that are true or false. A vocabulary may declare more. */
export type CoreBoolField = "has_tee" | "no_log" | "breaker_open" | "disabled";

/** A name that is completed and may be another. */
type Open<Known extends string> = Known | (string & {});

/** USD per million tokens, milliseconds, tokens, …: see the vocabulary. */
export type NumField = Open<CoreNumField>;
export type BoolField = Open<CoreBoolField>;
export type Tier = Open<"fallback" | "marketplace" | "partner">;
export type Capability = Open<"supports_tools" | "supports_json_mode" | "supports_vision" | "supports_seed">;
export type FailReason = Open<
  | "unknown" | "auth_error" | "bad_request" | "bad_response" | "content_filter" | "context_overflow"
  | "model_unavailable" | "network_error" | "payment_required" | "rate_limit" | "server_error"
  | "stream_interrupted" | "timeout"
>;

/** Parameters of a request that a policy may set; others are refused unless the profile is `reference`. */
export type ParamName = Open<
  | "temperature" | "top_p" | "top_k" | "max_tokens" | "seed" | "frequency_penalty"
  | "presence_penalty" | "reasoning_effort" | "timeout_ms" | "first_token_timeout_ms"
>;

/** IEEE comparisons. */
export type Rel = "lt" | "le" | "eq" | "ne" | "ge" | "gt";

/** What a failure is answered by. */
export type ActionName =
  | "retry_same" | "next_candidate" | "next_provider_same_model" | "disable_provider" | "abort";

export interface Action {
  action: ActionName;
  /** For `retry_same`: how often, 0 to 10. */
  attempts?: number;
  /** For `retry_same`: the waits, in milliseconds, up to 16 of at most 60,000. */
  backoff_ms?: number | number[];
  /** For `retry_same`: what comes after the last attempt. */
  then_action?: ActionName;
  /** How long the provider's breaker is open, in milliseconds. */
  open_breaker_ms?: number;
}

/** A link of a chain. */
export type Link =
  | { provider: string; model: string }
  | { provider_id: string; model_family: string };

/** Steps of a content filter: names, and flat records of numbers. */
export type Recipe = (string | Record<string, number>)[];

/** Decides for each candidate whether it may be tried. */
export type Pred =
  | [op: "top"]
  | [op: "bot"]
  | [op: "meets_req"]
  | [op: "scope_matches"]
  | [op: "and", first: Pred, ...more: Pred[]]
  | [op: "or", first: Pred, ...more: Pred[]]
  | [op: "not", pred: Pred]
  | [op: "is", field: BoolField]
  | [op: "cmp", field: NumField, rel: Rel, value: number]
  | [op: "tier_eq", tier: Tier]
  | [op: "min_tier", tier: Tier]
  | [op: "family_eq", family: string]
  | [op: "provider_eq", provider: string]
  | [op: "served_by_eq", peer: string]
  | [op: "has_cap", capability: Capability];

/** Gives each candidate that passed a number; more is better. */
export type Scorer =
  | [op: "zero"]
  | [op: "add", first: Scorer, ...more: Scorer[]]
  | [op: "scale", weight: number, scorer: Scorer]
  | [op: "gate", pred: Pred, scorer: Scorer]
  | [op: "neg", scorer: Scorer]
  | [op: "normalize", scorer: Scorer]
  | [op: "clamp", low: number, high: number, scorer: Scorer]
  | [op: "field", field: NumField]
  | [op: "lit", value: number];

/** Orders the candidates that passed. */
export type Selector =
  | [op: "argmax"]
  | [op: "ordered"]
  | [op: "sample", temperature: number]
  | [op: "chain", links: Link[]]
  | [op: "top_k", count: number, selector: Selector]
  | [op: "prefer", pred: Pred, selector: Selector];

/** Changes the outgoing request. */
export type Xform =
  | [op: "id"]
  | [op: "seq", first: Xform, ...more: Xform[]]
  | [op: "set_param", name: ParamName, value: number | string | boolean]
  | [op: "inject_seed", name: ParamName]
  | [op: "clamp_param", name: ParamName, low: number, high: number]
  | [op: "jitter", name: ParamName, amplitude: number]
  | [op: "filter_text", recipe: Recipe]
  | [op: "filter_image", recipe: Recipe]
  | [op: "custom", symbol: string]
  | [op: "when", pred: Pred, xform: Xform];

/** Says what each kind of failure means. */
export type FailPlan =
  | [op: "always", action: Action]
  | [op: "override", plan: FailPlan, reason: FailReason, action: Action];

/** Filter, rank, select, mutate, fall back. */
export type Policy = [
  op: "policy",
  filter: Pred,
  rank: Scorer,
  select: Selector,
  mutate: Xform,
  fallback: FailPlan,
];

/** A term of any sort. */
export type Term = Pred | Scorer | Selector | Xform | FailPlan | Policy;

/** Every operation. */
export type Op = Term[0];

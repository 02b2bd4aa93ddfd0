/**
 * The language as types: an editor completes a term, and a compiler says where it is not one.
 *
 * The engine checks more than types can say (domains of parameters, sizes, declared fields, that
 * `and`, `or`, `add` and `seq` have an argument); what it refuses is thrown as a `Refusal`.
 *
 * @see docs/specification.md for what each operation means.
 */

/** Fields of the core vocabulary that are numbers. A vocabulary may declare more. */
export type CoreNumField =
  | "price_in" | "price_out" | "latency_ms" | "tok_s" | "success_rate" | "credits" | "context";

/** Fields of the core vocabulary that are true or false. A vocabulary may declare more. */
export type CoreBoolField = "has_tee" | "no_log" | "breaker_open" | "disabled";

/** A name that an editor completes and that may be another. */
export type Open<Known extends string> = Known | (string & {});

/** USD per million tokens, milliseconds, tokens, …: see the vocabulary. */
export type NumField = Open<CoreNumField>;
export type BoolField = Open<CoreBoolField>;
export type Tier = Open<"fallback" | "marketplace" | "partner">;
export type Capability = Open<"supports_tools" | "supports_json_mode" | "supports_vision" | "supports_seed">;
/** What a plan is written over. The engine takes any text; these are what the router's providers fail with. */
export type FailReason = Open<
  | "unknown" | "auth_error" | "bad_request" | "bad_response" | "content_filter" | "context_overflow"
  | "model_unavailable" | "network_error" | "payment_required" | "rate_limit" | "server_error"
  | "stream_interrupted" | "timeout" | "unsupported"
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
  attempts?: number | undefined;
  /** For `retry_same`: the waits, in milliseconds, up to 16 of at most 60,000. */
  backoff_ms?: number | readonly number[] | undefined;
  /** For `retry_same`: what comes after the last attempt. */
  then_action?: ActionName | undefined;
  /** How long the provider's breaker is open, in milliseconds. */
  open_breaker_ms?: number | undefined;
}

/** A link of a chain. */
export type Link =
  | { provider: string; model: string }
  | { provider_id: string; model_family: string };

/** Steps of a content filter: names, and flat records of numbers. */
export type Recipe = readonly (string | Readonly<Record<string, number>>)[];

// What repeats has no label: a labelled one would make the compiler find the type in itself.

/** Decides for each candidate whether it may be tried. */
export type Pred =
  | readonly [op: "top"]
  | readonly [op: "bot"]
  | readonly [op: "meets_req"]
  | readonly [op: "scope_matches"]
  | readonly [op: "and", ...Pred[]]
  | readonly [op: "or", ...Pred[]]
  | readonly [op: "not", pred: Pred]
  | readonly [op: "is", field: BoolField]
  | readonly [op: "cmp", field: NumField, rel: Rel, value: number]
  | readonly [op: "tier_eq", tier: Tier]
  | readonly [op: "min_tier", tier: Tier]
  | readonly [op: "family_eq", family: string]
  | readonly [op: "provider_eq", provider: string]
  | readonly [op: "served_by_eq", peer: string]
  | readonly [op: "has_cap", capability: Capability];

/** Gives each candidate that passed a number; more is better. */
export type Scorer =
  | readonly [op: "zero"]
  | readonly [op: "add", ...Scorer[]]
  | readonly [op: "scale", weight: number, scorer: Scorer]
  | readonly [op: "gate", pred: Pred, scorer: Scorer]
  | readonly [op: "neg", scorer: Scorer]
  | readonly [op: "normalize", scorer: Scorer]
  | readonly [op: "clamp", low: number, high: number, scorer: Scorer]
  | readonly [op: "field", field: NumField]
  | readonly [op: "lit", value: number];

/** Orders the candidates that passed. */
export type Selector =
  | readonly [op: "argmax"]
  | readonly [op: "ordered"]
  | readonly [op: "sample", temperature: number]
  | readonly [op: "chain", links: readonly Link[]]
  | readonly [op: "top_k", count: number, selector: Selector]
  | readonly [op: "prefer", pred: Pred, selector: Selector];

/** Changes the outgoing request. */
export type Xform =
  | readonly [op: "id"]
  | readonly [op: "seq", ...Xform[]]
  | readonly [op: "set_param", name: ParamName, value: number | string | boolean]
  | readonly [op: "inject_seed", name: ParamName]
  | readonly [op: "clamp_param", name: ParamName, low: number, high: number]
  | readonly [op: "jitter", name: ParamName, amplitude: number]
  | readonly [op: "filter_text", recipe: Recipe]
  | readonly [op: "filter_image", recipe: Recipe]
  | readonly [op: "custom", symbol: string]
  | readonly [op: "when", pred: Pred, xform: Xform];

/** Says what each kind of failure means. */
export type FailPlan =
  | readonly [op: "always", action: Action]
  | readonly [op: "override", plan: FailPlan, reason: FailReason, action: Action];

/** Filter, rank, select, mutate, fall back. */
export type Policy = readonly [
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

/**
 * A term whose places the compiler does not know, as `resolveJsonModule` reads one from a file: an array,
 * and no tuple. The engine says what is wrong with it.
 */
export type Imported<T extends readonly unknown[]> =
  T & (T extends readonly [] | readonly [unknown, ...unknown[]] ? never : unknown);

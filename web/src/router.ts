/**
 * A router's configuration and what it is asked for, as events of `step` carry them.
 *
 * @see docs/router.md for every key, docs/runs.md for what the engine does with it.
 */

import type { Candidate, FieldDeclaration, Requirements } from "./ctx.js";
import type { Action, FailReason, Link, Open, ParamName, Policy, Pred, Recipe, Scorer, Tier, Xform } from "./term.js";

type ByName<T> = Readonly<Record<string, T>>;

/** How an adapter calls a provider. */
export type ApiKind = Open<"openai_compatible" | "openai_codex" | "anthropic" | "google" | "bedrock" | "ollama">;

/** Credentials as the adapter reads them; they are no part of a decision. */
export interface Auth {
  kind: "bearer" | "none" | "oauth";
  auth_env?: string | undefined;
  command?: unknown;
  file?: string | undefined;
  provider?: string | undefined;
}

interface AnyProvider {
  api_kind: ApiKind;
  tier?: Tier | undefined;
  /** What the provider promises; `false` unless told otherwise. */
  has_tee?: boolean | undefined;
  no_log?: boolean | undefined;
  auth?: Auth | undefined;
  auth_env?: string | undefined;
  /** For `bedrock`. */
  aws_region?: string | undefined;
  /** For the adapter: kinds of failures by what a response says. */
  error_map?: unknown;
  /** The name that price multipliers go by; `discovery_id` unless told otherwise. */
  source?: string | undefined;
  /** USD per million tokens: offers above are left out. */
  market_price_cap?: PriceCap | undefined;
  /** The family of a marketplace's names for models. */
  service_aliases?: ByName<string> | undefined;
  /** For people. */
  notes?: unknown;
  cloud_url?: string | undefined;
}

/** At an address, or wherever the offers of a marketplace say. */
export type Provider =
  | (AnyProvider & { discovery: "static"; base_url: string; discovery_id?: string | undefined })
  | (AnyProvider & { discovery: "marketplace"; discovery_id: string; base_url?: string | undefined });

/** USD per million tokens. */
export interface PriceCap {
  input?: number | undefined;
  output?: number | undefined;
}

/** Who serves a model; a static provider makes a candidate of each. */
export interface ServedBy {
  provider: string;
  provider_model_id?: string | undefined;
  /** Go before those of the model. */
  fields?: Observed | undefined;
}

/** Declared fields, and `price_in`, `price_out`, `latency_ms`, `tok_s`, `success_rate`. */
export type Observed = ByName<number | boolean>;

export interface Model {
  /** Not empty. */
  served_by: readonly ServedBy[];
  capabilities: Candidate["capabilities"];
  /** `chat` where it is absent; other contracts name theirs. */
  protocol?: string | undefined;
  /** 0 to 1. */
  static_quality_hint?: number | undefined;
  fields?: Observed | undefined;
  /** For people. */
  vendor?: string | undefined;
}

/** What a filter of a profile is lowered from; a list is `all_of`. */
export type Filter =
  | "requirements" | "not_disabled" | "breaker_closed" | "scope_matches"
  | readonly Filter[]
  | { all_of: readonly Filter[] } | { any_of: readonly Filter[] } | { none_of: readonly Filter[] }
  | { tier_in: readonly Tier[] } | { family_in: readonly string[] }
  | { provider_in: readonly string[] } | { provider_not_in: readonly string[] }
  | { served_by_in: readonly string[] } | { served_by_not_in: readonly string[] }
  | { price_max: PriceCap };

/** What the mutation of a profile is lowered from; a list is `pipe`. */
export type Mutation =
  | "identity"
  | readonly Mutation[]
  | { pipe: readonly Mutation[] }
  | { filter_text: Recipe } | { filter_image: Recipe }
  | { jitter: { [name in ParamName]?: number } }
  | { set_param: { [name in ParamName]?: number | string | boolean } }
  /** The highest; the lowest is 0. */
  | { clamp: { [name in ParamName]?: number } };

/** A whole policy, or the parts that one is lowered from. */
export interface Profile {
  /** A profile to start from: maps merge one level, lists and terms replace. */
  extends?: string | undefined;
  policy_ir?: Policy | undefined;
  filter?: Filter | undefined;
  scorer?: Scorer | undefined;
  selector?: "argmax" | "softmax_sample" | "top_k" | "chain" | undefined;
  selector_opts?: { k?: number | undefined; temp?: number | undefined } | undefined;
  chain?: readonly Link[] | undefined;
  mutate?: Mutation | undefined;
  /** A name of `retry_policies`. */
  retry_policy?: string | undefined;
}

/** The action of each kind of failure; `unknown` is that of all other kinds. */
export type RetryTable = { readonly [reason in FailReason]?: Action };

/** Milliseconds and counts. */
export interface Defaults {
  /** 3. */
  circuit_breaker_threshold?: number | undefined;
  /** 30,000. */
  circuit_breaker_rate_limit_ms?: number | undefined;
  /** 300,000. */
  disable_provider_ttl_ms?: number | undefined;
  /** 60,000. */
  discovery_cache_ttl_ms?: number | undefined;
  /** 30,000. */
  caller_open_breaker_max_ms?: number | undefined;
  /** 64. */
  max_attempts_per_execution?: number | undefined;
  /** 5,000; for hosts that call and wait. */
  fallback_wait_ms?: number | undefined;
}

/** Who there is, and by which policies they are chosen. */
export interface RouterConfig {
  /** By id. */
  providers: ByName<Provider>;
  /** By family. */
  models: ByName<Model>;
  /** By name; a contract without one has `default`. */
  profiles: ByName<Profile>;
  retry_policies?: ByName<RetryTable> | undefined;
  /** Every policy of a contract is put under it. */
  policy_envelope?: Pred | undefined;
  /** `group` is for people. */
  fields?: ByName<FieldDeclaration & { group?: string | undefined }> | undefined;
  /** From worst to best. */
  tier_order?: readonly string[] | undefined;
  customs?: ByName<Xform> | undefined;
  defaults?: Defaults | undefined;
}

/** What a caller asks for. */
export interface Contract {
  prompt?: string | undefined;
  messages?: readonly unknown[] | undefined;
  tools?: unknown;
  images?: unknown;
  response_format?: unknown;
  temperature?: number | undefined;
  max_tokens?: number | undefined;
  timeout_ms?: number | undefined;
  seed?: number | undefined;
  scope?: string | undefined;
  /** `chat` where it is absent; candidates of another one are rejected. */
  protocol?: string | undefined;
  requirements?: ContractRequirements | undefined;
  /** A name of `profiles`. */
  profile?: string | undefined;
  /** In the place of the profile's, under the envelope. */
  policy_ir?: Policy | undefined;
  chain?: readonly Link[] | undefined;
  /** Of configured providers, unless the event is `reference`. */
  extra_candidates?: readonly Candidate[] | undefined;
}

export interface ContractRequirements extends Requirements {
  /** Only this one, or nobody. */
  pin?: { provider: string; model: string } | undefined;
  /** The timeout where the contract has none. */
  max_latency_ms?: number | undefined;
}

/** What a discovery replied. */
export interface Offers {
  ok: boolean;
  offers?: readonly unknown[] | undefined;
  fetched_at_ms?: number | undefined;
  error?: unknown;
}

import type { FailReason, Pred, Tier, Xform } from "./term.js";

/** A field that a vocabulary declares; a candidate has it under its own key. */
export type FieldDeclaration =
  | { sort: "Num"; default: number }
  | { sort: "Bool"; default: boolean };

/** What policies may observe beside the core fields, and which terms are admitted. */
export interface Vocabulary {
  /** `strict` unless told otherwise. */
  profile?: "strict" | "reference" | undefined;
  fields?: Readonly<Record<string, FieldDeclaration>> | undefined;
  /** From worst to best. */
  tier_order?: readonly string[] | undefined;
}

/** `T`, and whatever else: a literal with more keys, or a value of an interface of your own. */
export type Extended<T> = T | (T & { readonly [key: string]: unknown });

/** What a candidate says of itself under the keys that the engine knows. */
export interface CandidateFields {
  provider_id: string;
  model_family: string;
  served_model_id?: string | undefined;
  /** `chat` where it is absent. */
  protocol?: string | undefined;
  /** `fallback` where it is absent. */
  tier?: Tier | undefined;
  scope?: string | undefined;
  /** USD per million tokens. */
  price_in?: number | undefined;
  /** USD per million tokens. */
  price_out?: number | undefined;
  latency_ms?: number | undefined;
  /** Tokens per second. */
  tok_s?: number | undefined;
  /** 0 to 1. */
  success_rate?: number | undefined;
  /** Attested to run in a trusted environment. */
  has_tee?: boolean | undefined;
  no_log?: boolean | undefined;
  /** 0 to 1. */
  quality_hint?: number | undefined;
  capabilities?: Capabilities | undefined;
}

/** A model at a provider. Keys that a vocabulary declares are its own. */
export type Candidate = Extended<CandidateFields>;

/** What a model can do. */
export type Capabilities = Extended<{
  /** Tokens. */
  context?: number | undefined;
  supports_tools?: boolean | undefined;
  supports_json_mode?: boolean | undefined;
  supports_vision?: boolean | undefined;
  supports_seed?: boolean | undefined;
}>;

/** What the call needs; `meets_req` looks at it. */
export interface Requirements {
  needs?: readonly ("json_mode" | "seed" | "tools" | "vision")[] | undefined;
  /** Tokens. */
  min_context?: number | undefined;
  model_family?: string | undefined;
  tier?: Tier | undefined;
  privacy?: "standard" | "no_log" | "tee_required" | undefined;
  /** 0 to 1. */
  min_quality?: number | undefined;
  /** Tokens per second. */
  min_tok_s?: number | undefined;
}

/** The members of a request that policies look at, and those that most requests have. */
export interface RequestFields {
  requirements?: Requirements | undefined;
  scope?: string | undefined;
  messages?: readonly unknown[] | undefined;
  prompt?: string | undefined;
  tools?: unknown;
  images?: unknown;
  response_format?: unknown;
  temperature?: number | undefined;
  max_tokens?: number | undefined;
}

/** The request, as the caller has it; what is not named here is carried along. */
export type Request = Extended<RequestFields>;

/** What the host knows of providers. */
export interface State {
  /** Observed prices, by `provider|family`. */
  ema?: Readonly<Record<string, { price_in?: number | undefined; price_out?: number | undefined }>> | undefined;
  /** By provider. */
  breakers?: Readonly<Record<string, boolean>> | undefined;
  /** By provider; whatever is there disables it. */
  disabled?: Readonly<Record<string, unknown>> | undefined;
  /** USD, by provider. */
  credits?: Readonly<Record<string, number>> | undefined;
}

/** A failure to ask the fail plan about. */
export interface Failure {
  kind: FailReason;
  /** From 1. */
  attempt?: number | undefined;
}

/** What a catalog is read from. */
export interface CatalogText {
  candidates: readonly Candidate[];
  vocabulary?: Vocabulary | undefined;
  state?: State | undefined;
}

/** What a decision over a catalog takes. */
export interface Ask {
  request?: Request | undefined;
  /** The outgoing request, where it is not `request`. */
  body?: Request | undefined;
  /** Takes the place of the catalog's. */
  state?: State | undefined;
  /** An integer of magnitude at most 2^53 − 1. */
  seed?: number | undefined;
  now_ms?: number | undefined;
  /** At most 256. */
  failures?: readonly Failure[] | undefined;
}

/** What belongs to a policy. */
export interface PolicyOptions {
  /** Conjoined to the filter: callers narrow, never widen. */
  envelope?: Pred | undefined;
  /** What `custom` means here. */
  customs?: Readonly<Record<string, Xform>> | undefined;
}

/** Everything a decision may know. */
export type Ctx = CatalogText & Ask & PolicyOptions;

import type { Capability, FailReason, Pred, Tier, Xform } from "./term.js";

/** A field that a vocabulary declares; a candidate has it under its own key. */
export type FieldDeclaration =
  | { sort: "Num"; default: number }
  | { sort: "Bool"; default: boolean };

/** What policies may observe beside the core fields, and which terms are admitted. */
export interface Vocabulary {
  /** `strict` unless told otherwise. */
  profile?: "strict" | "reference";
  fields?: Record<string, FieldDeclaration>;
  /** From worst to best. */
  tier_order?: string[];
}

/** A model at a provider. Keys that a vocabulary declares are its own. */
export interface Candidate {
  provider_id: string;
  model_family: string;
  served_model_id?: string;
  tier?: Tier;
  scope?: string;
  /** USD per million tokens. */
  price_in?: number;
  /** USD per million tokens. */
  price_out?: number;
  latency_ms?: number;
  /** Tokens per second. */
  tok_s?: number;
  /** 0 to 1. */
  success_rate?: number;
  /** Attested to run in a trusted environment. */
  has_tee?: boolean;
  no_log?: boolean;
  /** 0 to 1. */
  quality_hint?: number;
  capabilities?: { context?: number } & { [capability in Capability]?: boolean | number | string };
  [key: string]: unknown;
}

/** What the call needs; `meets_req` looks at it. */
export interface Requirements {
  needs?: ("json_mode" | "seed" | "tools" | "vision")[];
  /** Tokens. */
  min_context?: number;
  model_family?: string;
  tier?: Tier;
  privacy?: "standard" | "no_log" | "tee_required";
  /** 0 to 1. */
  min_quality?: number;
  /** Tokens per second. */
  min_tok_s?: number;
}

/** The request, as the caller has it; what is not named here is carried along. */
export interface Request {
  requirements?: Requirements;
  scope?: string;
  [key: string]: unknown;
}

/** What the host knows of providers. */
export interface State {
  /** Observed prices, by `provider|family`. */
  ema?: Record<string, { price_in?: number; price_out?: number }>;
  /** By provider. */
  breakers?: Record<string, boolean>;
  /** By provider; whatever is there disables it. */
  disabled?: Record<string, unknown>;
  /** USD, by provider. */
  credits?: Record<string, number>;
}

/** A failure to ask the fail plan about. */
export interface Failure {
  kind: FailReason;
  /** From 1. */
  attempt?: number;
}

/** What a catalog is read from. */
export interface CatalogText {
  candidates: Candidate[];
  vocabulary?: Vocabulary;
  state?: State;
}

/** What a decision over a catalog takes. */
export interface Ask {
  request?: Request;
  /** The outgoing request, where it is not `request`. */
  body?: Request;
  /** Takes the place of the catalog's. */
  state?: State;
  /** An integer of magnitude at most 2^53 − 1. */
  seed?: number;
  now_ms?: number;
  /** At most 256. */
  failures?: Failure[];
}

/** What belongs to a policy. */
export interface PolicyOptions {
  /** Conjoined to the filter: callers narrow, never widen. */
  envelope?: Pred;
  /** What `custom` means here. */
  customs?: Record<string, Xform>;
}

/** Everything a decision may know. */
export type Ctx = CatalogText & Ask & PolicyOptions;

import signature from "../../../golden/signature.json";

export const SORTS = ["Pred", "Scorer", "Selector", "Xform", "FailPlan", "Policy"] as const;
export type Sort = (typeof SORTS)[number];
/** A sort of terms, or a domain of parameters. */
export type Domain = Sort | (string & {});

export interface Operation {
  op: string;
  sort: Sort;
  arguments: Domain[];
  variadic: boolean;
}

export const OPERATIONS = signature.operations as Operation[];
const byName = new Map(OPERATIONS.map((operation) => [operation.op, operation]));

export const operation = (op: string): Operation | undefined => byName.get(op);
export const isSort = (domain: Domain | undefined): domain is Sort => SORTS.includes(domain as Sort);

/** What the argument place of an operation takes; places count from 1. */
export function domainOf(op: string, place: number): Domain | undefined {
  const { arguments: domains = [], variadic = false } = byName.get(op) ?? {};
  return variadic ? domains[0] : domains[place - 1];
}

/** `cmp NumField Rel Num` */
export const formOf = ({ op, arguments: domains, variadic }: Operation): string =>
  [op, ...domains, ...(variadic ? ["…"] : [])].join(" ");

/** What each operation does, in a line. */
export const MEANINGS: Record<string, string> = {
  top: "everybody passes",
  bot: "nobody passes",
  meets_req: "passes who has what the request requires",
  scope_matches: "passes who has no scope, or that of the request",
  and: "passes who passes all",
  or: "passes who passes any",
  not: "passes who does not",
  is: "passes where the field is true",
  cmp: "compares a field with a number",
  tier_eq: "passes whose tier is this",
  min_tier: "passes whose tier is at least this",
  family_eq: "passes this model family",
  provider_eq: "passes this provider",
  served_by_eq: "passes who is served by this peer, or provider",
  has_cap: "passes who has the capability",
  zero: "0 for everybody",
  add: "the sum of scores",
  scale: "a score, times a weight",
  gate: "the score of those that pass, 0 for the others",
  neg: "1 minus the score",
  normalize: "the least score becomes 0, the greatest 1",
  clamp: "a score, kept between two numbers",
  field: "the value of a field",
  lit: "the same number for everybody",
  argmax: "best score first; ties keep their order",
  ordered: "the order of the candidates",
  sample: "drawn from the seed, better ones more often; higher is more even",
  chain: "these, in this order",
  top_k: "the first k of an order",
  prefer: "those that pass first, both groups in their order",
  id: "the request as it is",
  seq: "one change after the other",
  set_param: "sets a parameter of the request",
  inject_seed: "sets a parameter to the seed",
  clamp_param: "keeps a number between two others",
  jitter: "shifts a number by up to the amplitude, drawn from the seed",
  filter_text: "a recipe for text, for the host to apply",
  filter_image: "a recipe for images, for the host to apply",
  custom: "what ctx.customs defines under this symbol",
  when: "a change for those that pass",
  always: "what every failure is answered by",
  override: "what failures of one kind are answered by",
  policy: "filter, rank, select, mutate, fall back",
};

export const RELATIONS: Record<string, string> = {
  lt: "less", le: "less or equal", eq: "equal", ne: "not equal", ge: "greater or equal", gt: "greater",
};
export const NUM_FIELDS: Record<string, string> = {
  price_in: "USD per million tokens of input",
  price_out: "USD per million tokens of output",
  latency_ms: "milliseconds to the first token",
  tok_s: "tokens per second",
  success_rate: "0 to 1",
  credits: "USD left at the provider",
  context: "tokens",
};
export const BOOL_FIELDS: Record<string, string> = {
  has_tee: "attested hardware",
  no_log: "keeps no logs",
  breaker_open: "the breaker of the provider is open",
  disabled: "the provider is disabled",
};
export const CAPABILITIES = ["supports_tools", "supports_json_mode", "supports_vision", "supports_seed"];
export const PARAMETERS = [
  "temperature", "top_p", "top_k", "max_tokens", "seed", "frequency_penalty", "presence_penalty", "reasoning_effort",
  "timeout_ms", "first_token_timeout_ms",
];
export const ACTIONS: Record<string, string> = {
  retry_same: "the same candidate again, after a wait",
  next_candidate: "the next one of the order",
  next_provider_same_model: "the next one with the same model",
  disable_provider: "nobody asks this provider for a while",
  abort: "the run ends",
};
export const ACTION_KEYS: Record<string, string> = {
  action: "what is done",
  attempts: "how often, 0 to 10",
  backoff_ms: "the waits, in milliseconds: a number or an array",
  then_action: "what comes after the last attempt",
  open_breaker_ms: "how long the breaker is open, in milliseconds",
};
export const FAILURES = [
  "unknown", "auth_error", "bad_request", "bad_response", "content_filter", "context_overflow", "model_unavailable",
  "network_error", "payment_required", "rate_limit", "server_error", "stream_interrupted", "timeout", "unsupported",
];
export const TIERS = ["fallback", "marketplace", "partner"];

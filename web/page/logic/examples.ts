import catalog from "../../../examples/catalog.json";
import agent from "../../../examples/agent.json?raw";
import type { Candidate } from "./candidate.js";
import type { Work } from "./work.js";

export interface Example extends Work {
  name: string;
  /** A sentence. */
  about: string;
}

/** Families that a compact catalog has; the offers are those of examples/catalog.json. */
const FAMILIES = new Set([
  "claude-sonnet-4-5", "claude-haiku-4-5", "gpt-5-mini", "gpt-4.1-mini", "gpt-oss-120b", "gemini-2.5-flash",
  "gemini-2.5-flash-lite", "deepseek-v3.1", "llama-3.3-70b", "mistral-small-3.2", "phi-4",
]);
const offers = catalog.candidates as unknown as Candidate[];
const compact = offers.filter(({ model_family }) => FAMILIES.has(model_family));

/** Two offers in attested hardware, for policies that ask for it. Their numbers are made up. */
const attested: Candidate[] = ["gpt-oss-120b", "llama-3.3-70b"].map((model_family, at) => ({
  ...offers.find((offer) => offer.model_family === model_family)!,
  provider_id: "enclave",
  served_model_id: model_family,
  api_kind: "openai_compatible",
  base_url: "https://enclave.example/v1",
  tier: "marketplace",
  price_in: [0.35, 0.95][at]!,
  price_out: [1.1, 1.2][at]!,
  latency_ms: [800, 950][at]!,
  tok_s: [90, 60][at]!,
  has_tee: true,
  no_log: true,
}));

const vocabulary = `{"fields": {
  "bench_intelligence": {"sort": "Num", "default": 0}
}}`;
const plain = { bench_intelligence_rank: undefined, cap_tools: undefined };
const candidates = [...compact, ...attested].map(withoutUndeclared);

/** A candidate without the fields that no example declares. */
function withoutUndeclared(candidate: Candidate): Candidate {
  return JSON.parse(JSON.stringify({ ...candidate, ...plain })) as Candidate;
}

function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

const parcel = {
  messages: [{ role: "user", content: "My parcel has not arrived. Where is it?" }],
  tools: [{ type: "function", function: { name: "track_parcel" } }],
  temperature: 1.3,
  requirements: { min_context: 32000 },
};
const question = { messages: [{ role: "user", content: "Summarise this contract in five points." }], temperature: 0.7 };

const base = { vocabulary, candidates, envelope: "", customs: "", seed: "42", nowMs: "", state: {} };

export const EXAMPLES: readonly Example[] = [
  {
    ...base,
    name: "cheap, with a floor",
    about: "The cheapest output among models that are good enough, quick enough and up.",
    policy: `["policy",
  ["and",
    ["meets_req"],
    ["not", ["is", "breaker_open"]],
    ["cmp", "bench_intelligence", "ge", 0.65],
    ["cmp", "latency_ms", "le", 2000],
    ["cmp", "price_out", "le", 10]],
  ["neg", ["normalize", ["field", "price_out"]]],
  ["argmax"],
  ["clamp_param", "temperature", 0, 1],
  ["override",
    ["override",
      ["always", {"action": "next_candidate"}],
      "rate_limit", {"action": "retry_same", "attempts": 2, "backoff_ms": [250, 1000]}],
    "auth_error", {"action": "disable_provider"}]]`,
    request: json(parcel),
    state: { breakers: { groq: true } },
  },
  {
    ...base,
    name: "sampled split",
    about: "Spreads calls over providers: cheaper ones more often, drawn from the seed.",
    request: json({ ...question, requirements: { needs: ["json_mode"] } }),
    policy: `["policy",
  ["and",
    ["meets_req"],
    ["not", ["is", "breaker_open"]],
    ["or", ["tier_eq", "partner"], ["tier_eq", "marketplace"]],
    ["cmp", "price_out", "le", 3]],
  ["neg", ["normalize", ["add",
    ["scale", 0.3, ["field", "price_in"]],
    ["scale", 0.7, ["field", "price_out"]]]]],
  ["sample", 2],
  ["inject_seed", "seed"],
  ["override",
    ["always", {"action": "next_candidate"}],
    "rate_limit", {"action": "next_provider_same_model"}]]`,
  },
  {
    ...base,
    name: "privacy",
    about: "Attested hardware first; the operator's envelope lets no provider through that keeps logs.",
    request: json({ ...question, requirements: { min_tok_s: 40 } }),
    envelope: `["or", ["is", "has_tee"], ["is", "no_log"]]`,
    policy: `["policy",
  ["and",
    ["meets_req"],
    ["not", ["is", "disabled"]],
    ["cmp", "latency_ms", "le", 1000]],
  ["add",
    ["gate", ["is", "has_tee"], ["lit", 1]],
    ["scale", 0.5, ["normalize", ["field", "bench_intelligence"]]]],
  ["top_k", 5, ["argmax"]],
  ["seq",
    ["set_param", "temperature", 0],
    ["clamp_param", "max_tokens", 1, 2048]],
  ["override",
    ["always", {"action": "next_candidate"}],
    "auth_error", {"action": "disable_provider"}]]`,
  },
  {
    ...base,
    name: "chain with fallback",
    about: "Three links in their order; who fails is followed by the next.",
    request: json({ ...question, max_tokens: 800 }),
    policy: `["policy",
  ["and",
    ["not", ["is", "breaker_open"]],
    ["not", ["is", "disabled"]]],
  ["zero"],
  ["chain", [
    {"provider": "anthropic", "model": "claude-haiku-4-5"},
    {"provider": "bedrock", "model": "gpt-oss-120b"},
    {"provider": "openrouter", "model": "phi-4"}]],
  ["set_param", "timeout_ms", 8000],
  ["override",
    ["override",
      ["override",
        ["always", {"action": "next_candidate"}],
        "timeout", {"action": "retry_same", "attempts": 1, "backoff_ms": 500, "then_action": "next_candidate"}],
      "server_error", {"action": "next_candidate", "open_breaker_ms": 20000}],
    "content_filter", {"action": "abort"}]]`,
  },
  {
    ...base,
    name: "agent",
    about: "Quality against price; temperature with jitter, the seed passed on, retries with backoff.",
    policy: agent.trimEnd().replace(
      `["clamp_param", "temperature", 0, 1],`,
      `["jitter", "temperature", 0.2],\n    ["clamp_param", "temperature", 0, 1],`,
    ),
    request: json(parcel),
    state: { breakers: { groq: true }, disabled: { deepseek: { kind: "auth_error" } } },
  },
];

import type { Contract, EventOf, RouterConfig, State, Vocabulary } from "../../src/index.js";
import type { Candidate } from "./candidate.js";
import { isRecord } from "./texts.js";
import { sectionOf } from "./work.js";

/** What a configuration says of a provider; its candidates cannot say otherwise. */
const OF_PROVIDERS = ["api_kind", "auth", "auth_env", "aws_region", "base_url", "has_tee", "no_log", "tier"] as const;
/** Those of them that a policy can see. */
const SEEN = ["tier", "has_tee", "no_log"] as const;
/** The keys of a request that a contract has too. */
const OF_CONTRACTS = new Set([
  "images", "max_tokens", "messages", "prompt", "requirements", "response_format", "scope", "temperature",
  "timeout_ms", "tools",
]);

/** What a decision is made of, but for the candidates, read from the texts of the page. */
export interface Inputs {
  policy: unknown;
  request: Record<string, unknown>;
  vocabulary: Vocabulary;
  envelope: unknown;
  customs: unknown;
  seed: unknown;
  state: State;
}

/** A start of the machine, and what of a ctx it cannot say, in words. */
export interface Start {
  event: EventOf<"start">;
  notes: string[];
}

/**
 * The event that starts a run for what a ctx says.
 *
 * Every candidate goes as one that the contract brings: so the pool has the order of the catalog,
 * a model may be at a provider twice, and all of its fields travel.
 */
export function startOf(candidates: readonly Candidate[], inputs: Inputs, nowMs: number): Start {
  const { policy, request, vocabulary, envelope, customs, seed, state } = inputs;
  const notes: string[] = [];
  const strict = vocabulary.profile !== "reference";
  // a provider may have any name, that of a member of every object too
  const providers = new Map<string, Record<string, unknown>>();
  const differing = new Set<string>();
  for (const candidate of candidates) {
    const provider = providers.get(candidate.provider_id) ?? configured(candidate);
    providers.set(candidate.provider_id, provider);
    for (const key of SEEN) {
      if (strict && provider[key] !== candidate[key]) differing.add(`${candidate.provider_id} (${key})`);
    }
  }
  if (differing.size > 0) {
    const which = listed(differing);
    notes.push(`In a configuration these are one for a provider; the first candidate's are taken: ${which}.`);
  }
  const left = Object.keys(request).filter((key) => !OF_CONTRACTS.has(key));
  if (left.length > 0) notes.push(`A contract has no such keys; they stay behind: ${listed(left)}.`);
  if (strict && disablesElsewhere(policy)) {
    const otherwise = "for other failures the next one is asked";
    notes.push(`A policy that comes with a contract disables providers on auth_error alone; ${otherwise}.`);
  }
  const contract = {
    ...Object.fromEntries(Object.entries(request).filter(([key]) => OF_CONTRACTS.has(key))),
    policy_ir: policy,
    extra_candidates: strict ? candidates.map(withoutProvider) : candidates,
    ...(seed === undefined ? {} : { seed }),
  };
  const config = {
    providers: Object.fromEntries(providers),
    models: {},
    profiles: { default: {} },
    ...given({ policy_envelope: envelope, customs, fields: vocabulary.fields, tier_order: vocabulary.tier_order }),
  };
  return {
    event: {
      kind: "start",
      admission: strict ? "strict" : "reference",
      // what the texts of the page say is the engine's to check
      config: config as unknown as RouterConfig,
      contract: contract as Contract,
      now_ms: nowMs,
      state: runtimeOf(state, nowMs),
    },
    notes,
  };
}

/** Whether a policy wants providers disabled for another failure than `auth_error`. */
function disablesElsewhere(policy: unknown): boolean {
  const disables = (action: unknown) => isRecord(action) && action.action === "disable_provider";
  let plan: unknown = Array.isArray(policy) ? policy[5] : undefined;
  while (Array.isArray(plan) && plan[0] === "override") {
    if (plan[2] !== "auth_error" && disables(plan[3])) return true;
    plan = plan[1];
  }
  return Array.isArray(plan) && disables(plan[1]);
}

function configured(candidate: Candidate): Record<string, unknown> {
  const own = OF_PROVIDERS.filter((key) => candidate[key] !== undefined).map((key) => [key, candidate[key]]);
  return {
    discovery: "static",
    api_kind: "openai_compatible",
    base_url: `https://${encodeURIComponent(candidate.provider_id)}.invalid`,
    ...Object.fromEntries(own),
  };
}

function withoutProvider(candidate: Candidate): Candidate {
  const own = { ...candidate };
  for (const key of OF_PROVIDERS) delete own[key];
  return own;
}

/** The state of a ctx as the runtime state of runs; what is open or disabled has just become so. */
function runtimeOf(state: State, nowMs: number) {
  const open = Object.entries(sectionOf(state, "breakers")).filter(([, open]) => open === true);
  const kind = (value: unknown) => (isRecord(value) && typeof value.kind === "string" ? value.kind : "unknown");
  return {
    initialized: true,
    circuit_breakers: Object.fromEntries(open.map(([id]) => [id, { open: true, opened_at_ms: nowMs }])),
    disabled_providers: Object.fromEntries(
      Object.entries(sectionOf(state, "disabled")).map(([id, value]) => [id, { kind: kind(value), at_ms: nowMs }]),
    ),
    ema_metrics: {
      ...sectionOf(state, "ema"),
      ...Object.fromEntries(
        Object.entries(sectionOf(state, "credits")).map(([id, left]) => [`__credits|${id}`, { free_credits_remaining_usd: left }]),
      ),
    },
  };
}

const given = (members: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

function listed(names: Iterable<string>): string {
  const all = [...names];
  return all.length > 4 ? `${all.slice(0, 4).join(", ")} and ${all.length - 4} more` : all.join(", ");
}

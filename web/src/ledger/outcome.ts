/** Results as records have them, and what follows from them. */

import type { Turn } from "../../build/component/interfaces/sigmapol-policy-engine.js";
import { bits, type Decision, digest } from "../decision.js";
import { Refusal, Trap } from "../error.js";
import { isObject, parsed } from "../values.js";
import { blank } from "./blank.js";
import { canonical } from "./canonical.js";
import { members, valueOf } from "./json.js";
import type { Chosen } from "./receipt.js";

/** What came of a verb: its result as a record has it, or the code alone of a refusal or a trap. */
export function outcome(verb: () => unknown): unknown {
  try {
    return verb();
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.code };
    if (error instanceof Trap) return { stopped: error.code };
    throw error;
  }
}

/** The request by its digest, with its strings blanked where those of the ctx are. */
export function decisionOutcome(decision: Decision, blanked: boolean): unknown {
  const request = decision.requestText;
  return decision.outcome(blanked && request !== undefined ? blank(request) : request);
}

/** @internal Everything that came out, by digest. */
export function turnOutcome({ run, state, effect, logs, cost }: Turn): unknown {
  return {
    turn: {
      run: digest(run),
      state: digest(state),
      effect: [effect.tag, effect.tag === "wait" ? bits(effect.val) : digest(effect.val)],
      logs: logs.map(digest),
      cost: String(cost),
    },
  };
}

/** The digest of an outcome. */
export function resultDigest(outcome: unknown): string {
  return digest(canonical(outcome));
}

/** Who a candidate is, at this index of a catalog in which everybody has a name. */
export function candidate(candidates: string, index: number): Chosen | undefined {
  const catalog = parsed(candidates);
  const names = Array.isArray(catalog) ? catalog.map(name) : [];
  return names.includes(undefined) ? undefined : names[index];
}

/** @internal Who a turn wants to call. */
export function called({ effect }: Turn): Chosen | undefined {
  return effect.tag === "call" ? name(parsed(effect.val)) : undefined;
}

/** The kind of an event, as far as it can be read. */
export function eventKind(event: string): string | undefined {
  const read = members(event);
  const kind = read && valueOf(read, "kind");
  const value = kind === undefined ? undefined : parsed(kind);
  return typeof value === "string" ? value : undefined;
}

function name(value: unknown): Chosen | undefined {
  if (!isObject(value)) return undefined;
  const { provider_id: provider, model_family: model } = value;
  return typeof provider === "string" && typeof model === "string" ? { provider, model } : undefined;
}

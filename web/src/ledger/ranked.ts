/** A ranking over a router that was read before, made again by the event `rank` of a step. */

import type { Turn } from "../../build/component/interfaces/sigmapol-policy-engine.js";
import { bits } from "../decision.js";
import type { Engine } from "../engine.js";
import { field, parsed } from "../values.js";
import { difference } from "./difference.js";
import { type Member, members, object } from "./json.js";
import { INPUT_LENGTH } from "./limits.js";
import { outcome, resultDigest } from "./outcome.js";
import type { RankReceipt } from "./receipt.js";
import { membersOf, putInto } from "./router.js";
import type { Texts } from "./texts.js";
import { compared, type Verdict } from "./verdict.js";

/** Why a pinned candidate is not there; it is of no candidate. */
const PIN_NOT_FOUND = "pin_not_found";

/** What a router that was read before refuses, and the event answers with an error that has no code. */
const ERRORS = ["config", "event"];

/** What may be asked of a router that was read before. */
const ASK = ["contract", "now_ms"];

/** Ranks again and compares. */
export function replayRank(engine: Engine, receipt: RankReceipt, texts: Texts): Verdict {
  const event = eventText(receipt, texts);
  return compared(engine.component, receipt.engine, () => {
    let ranking: Ranking | undefined;
    const now = outcome(() => {
      ranking = rankingOf(engine.stepText(undefined, event));
      return ranking ? { ranking } : { refused: errorCode(receipt.outcome) };
    });
    const first = ranking?.ordered[0];
    const recorded = { chosen: receipt.chosen, result: receipt.result };
    const chosen = first && { model: first[1], provider: first[0] };
    return difference(receipt.outcome, now) ?? difference(recorded, { chosen, result: resultDigest(now) });
  });
}

/** The event that ranks for the same: what was asked, the router, and the state in the place of its own. */
function eventText({ ask, router, state }: RankReceipt, texts: Texts): string {
  const known = membersOf(texts, router, "router");
  const asked = texts.getShort(ask, "ask", INPUT_LENGTH);
  const own = members(asked);
  // no object: the event is refused as the ask was
  if (!own) return asked;
  // what an event may have and an ask may not is named so that an event may not either
  const named = own.map(([key, value]): Member => [ASK.includes(key) ? key : `ask.${key}`, value]);
  const event = object([["kind", '"rank"'], ...named]);
  return putInto(known, event, state === undefined ? undefined : texts.getShort(state, "state", INPUT_LENGTH));
}

/** Provider, model, and the score or the reason. */
type Entry = unknown[];

interface Ranking {
  cost: string;
  ordered: Entry[];
  pin_not_found: boolean;
  rejected: Entry[];
}

/** What the event answered, as a record has a ranking; nothing where it is an error. */
function rankingOf({ cost, effect }: Turn): Ranking | undefined {
  const done = effect.tag === "done" ? parsed(effect.val) : undefined;
  const [ordered, rejected] = [field(done, "ordered"), field(done, "rejected")];
  if (!Array.isArray(ordered) || !Array.isArray(rejected)) return undefined;
  const pin = field(rejected[0], "reason") === PIN_NOT_FOUND;
  return {
    cost: String(cost),
    ordered: ordered.map((one) => [...entry(one, "provider_id", "model_family"), scoreBits(field(one, "score"))]),
    pin_not_found: pin,
    rejected: rejected.slice(pin ? 1 : 0).map((one) => entry(one, "provider", "model", "reason")),
  };
}

/** What an entry has; what is absent is `null` in it. */
function entry(value: unknown, ...names: string[]): unknown[] {
  return names.map((name) => field(value, name) ?? null);
}

/** Infinite scores are texts. */
function scoreBits(score: unknown): string | null {
  if (score === "inf" || score === "-inf") return bits(score === "inf" ? Infinity : -Infinity);
  return typeof score === "number" ? bits(score) : null;
}

/** Which of the two codes it had is taken from the record. */
function errorCode(recorded: unknown): string {
  const code = field(recorded, "refused");
  return typeof code === "string" && ERRORS.includes(code) ? code : "event";
}

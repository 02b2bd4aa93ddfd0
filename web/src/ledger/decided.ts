/** A decision, made again. */

import { type Decision, digest } from "../decision.js";
import type { Engine } from "../engine.js";
import { field } from "../values.js";
import { beside, type Input } from "./beside.js";
import { candidatesText, lengthOf, withOwn } from "./catalog.js";
import { difference } from "./difference.js";
import { byUtf8, members, object, valueOf } from "./json.js";
import { CTX_LENGTH } from "./limits.js";
import { decisionOutcome, outcome } from "./outcome.js";
import type { Catalogs } from "./over.js";
import type { DecisionReceipt, Over } from "./receipt.js";
import { Mismatch } from "./shape.js";
import type { Texts } from "./texts.js";
import { compared, NotRecorded, type Verdict } from "./verdict.js";

/** How a decision stops that may cost more than its limit. */
const TOO_DEAR = { stopped: "exhausted cost" };

/** Decides again and compares. */
export function replayDecision(engine: Engine, receipt: DecisionReceipt, texts: Texts, catalogs: Catalogs): Verdict {
  const policy = texts.get(receipt.policy.sha256);
  const own = ownText(receipt, texts);
  const { over, outcome: before } = receipt;
  const input = over ? overInput(over, own, catalogs) : plainInput(own);
  return compared(engine.component, receipt.engine, () => {
    const limit = limitOf(receipt);
    // how much a decision may cost is not known before it is made, and it is not made to no end
    if (limit !== undefined && difference(before, TOO_DEAR) === undefined) {
      throw new NotRecorded("cost_limit: expected a bound on the cost, which only the host has");
    }
    const { now, request } = decide(engine, policy, input, receipt.ctx.blanked, limit);
    // what is wrong is found in another order where the catalog was read before
    const bothRefused = over !== undefined && field(before, "refused") !== undefined && field(now, "refused") !== undefined;
    const inOutcome = bothRefused ? undefined : difference(before, now);
    return inOutcome ?? beside(engine, policy, receipt, input, { outcome: over ? before : now, request });
  });
}

function decide(
  engine: Engine,
  policy: string,
  { ctx }: Input,
  blanked: boolean,
  limit: bigint | undefined,
): { now: unknown; request: string | undefined } {
  if (ctx === undefined) return { now: { refused: "input-size" }, request: undefined };
  let decision: Decision | undefined;
  const now = outcome(() => decisionOutcome((decision = engine.decide(policy, ctx)), blanked));
  // its cost is below every bound on it
  const isTooDear = decision && limit !== undefined && decision.cost > limit;
  return { now: isTooDear ? TOO_DEAR : now, request: isTooDear ? undefined : decision?.requestText };
}

/** The limit of the cost, as the host reads it: what is no number allows nothing. */
function limitOf({ cost_limit: limit }: DecisionReceipt): bigint | undefined {
  if (limit === undefined) return undefined;
  const read = /^\+?\d{1,1000}$/.test(limit) ? BigInt(limit.replace("+", "")) : 0n;
  return read < 1n << 64n ? read : 0n;
}

/** The ctx of the record, its members in byte order. */
function ownText({ ctx, over }: DecisionReceipt, texts: Texts): string {
  const found = new Map<string, string>(ctx.inline);
  let length = 0;
  for (const [key, digest] of ctx.texts) {
    const text = texts.get(digest);
    length += text.length;
    // one text may stand for many members
    if (length > CTX_LENGTH) throw new Mismatch("ctx.texts", `at most ${CTX_LENGTH} characters`);
    found.set(key, text);
  }
  // a ctx without members has a digest alone; over a catalog it is a ctx
  const isEmpty = over !== undefined && ctx.sha256 === digest("{}");
  if (found.size === 0 && !isEmpty) throw new NotRecorded();
  return object([...found].sort(([a], [b]) => byUtf8(a, b)));
}

function plainInput(own: string): Input {
  const parts = members(own);
  return { own, members: parts, candidates: parts && valueOf(parts, "candidates"), ctx: own };
}

function overInput(over: Over, own: string, catalogs: Catalogs): Input {
  const version = catalogs.version(over);
  const parts = members(own);
  if (!parts) throw new NotRecorded("ctx: expected members that are JSON");
  if (lengthOf(version, own) > CTX_LENGTH) return { own, members: parts, candidates: undefined, ctx: undefined };
  const candidates = candidatesText(version);
  return { own, members: parts, candidates, ctx: withOwn(version, candidates, parts) };
}

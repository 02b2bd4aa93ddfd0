/** A decision, made again. */

import { type Decision, digest } from "../decision.js";
import type { Engine } from "../engine.js";
import { field } from "../values.js";
import { candidatesText, lengthOf, withOwn } from "./catalog.js";
import { difference } from "./difference.js";
import { byUtf8, type Member, members, object, valueOf } from "./json.js";
import { CTX_LENGTH } from "./limits.js";
import { candidate, decisionOutcome, outcome, resultDigest } from "./outcome.js";
import type { Catalogs } from "./over.js";
import type { DecisionReceipt, Over } from "./receipt.js";
import { Mismatch } from "./shape.js";
import type { Texts } from "./texts.js";
import { compared, NotRecorded, type Verdict } from "./verdict.js";

/** How a decision stops that may cost more than its limit. */
const TOO_DEAR = { stopped: "exhausted cost" };

/** What a decision is made on again. */
interface Input {
  /** The ctx of the record. */
  own: string;
  /** Its members, as far as they can be read. */
  members: readonly Member[] | undefined;
  /** The candidates, of the ctx or of the catalog. */
  candidates: string | undefined;
  /** What is decided on; nothing where it is longer than any engine reads. */
  ctx: string | undefined;
}

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
    const now = decide(engine, policy, input, receipt.ctx.blanked, limit);
    // what is wrong is found in another order where the catalog was read before
    const bothRefused = over !== undefined && field(before, "refused") !== undefined && field(now, "refused") !== undefined;
    const inOutcome = bothRefused ? undefined : difference(before, now);
    return inOutcome ?? beside(receipt, input, over ? before : now);
  });
}

function decide(engine: Engine, policy: string, { ctx }: Input, blanked: boolean, limit: bigint | undefined): unknown {
  if (ctx === undefined) return { refused: "input-size" };
  let decision: Decision | undefined;
  const now = outcome(() => decisionOutcome((decision = engine.decide(policy, ctx)), blanked));
  // its cost is below every bound on it
  return decision && limit !== undefined && decision.cost > limit ? TOO_DEAR : now;
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

/** The first difference of what a record says beside its outcome. All of it follows from texts and outcome. */
function beside(receipt: DecisionReceipt, input: Input, outcome: unknown): string | undefined {
  const { own, members, candidates } = input;
  // a recorder takes apart what it can read, and nothing else
  if (members === undefined) return "ctx: expected members that are JSON";
  const decision = field(outcome, "decision");
  const isDecided = decision !== undefined;
  const first = firstOf(decision);
  const { blanked } = receipt.ctx;
  const recorded = {
    catalog: receipt.catalog,
    chosen: receipt.chosen,
    ctx: { sha256: receipt.ctx.sha256 },
    policy: { canonical: receipt.policy.canonical },
    request: receipt.request,
    result: receipt.result,
    seed: receipt.seed,
  };
  const isBare = valueOf(members, "envelope") === undefined;
  return difference(recorded, {
    // what was read before is not in the ctx
    catalog: receipt.over || candidates === undefined ? undefined : digest(candidates),
    chosen: candidates === undefined || first === undefined ? undefined : candidate(candidates, first),
    // what was blanked cannot be derived; under an envelope another policy runs than was given
    ctx: { sha256: blanked ? receipt.ctx.sha256 : digest(own) },
    policy: { canonical: isDecided && isBare ? field(decision, "identity") : receipt.policy.canonical },
    request: isDecided && !blanked ? field(decision, "request") : receipt.request,
    result: resultDigest(outcome),
    seed: valueOf(members, "seed"),
  });
}

/** The first of the ordered candidates; over a catalog a record may say anything. */
function firstOf(decision: unknown): number | undefined {
  const ordered = field(decision, "ordered");
  const first: unknown = Array.isArray(ordered) && Array.isArray(ordered[0]) ? ordered[0][0] : undefined;
  return typeof first === "number" && Number.isInteger(first) && first >= 0 ? first : undefined;
}

/** What the record of a decision says beside its outcome. */

import { utf8ToBytes } from "@noble/hashes/utils.js";
import { digest } from "../decision.js";
import type { Engine } from "../engine.js";
import { Refusal, Trap } from "../error.js";
import { field } from "../values.js";
import { blanked } from "./blank.js";
import { difference } from "./difference.js";
import { type Member, valueOf } from "./json.js";
import { candidate, resultDigest } from "./outcome.js";
import type { DecisionReceipt } from "./receipt.js";

/** The members of a ctx that may say more than is needed to decide. */
const SAID = ["body", "request"];

/** How much longer an escape is than the byte that it stands for. */
const ESCAPE_BYTES = 5;

/** What a decision is made on again. */
export interface Input {
  /** The ctx of the record. */
  own: string;
  /** Its members, as far as they can be read. */
  members: readonly Member[] | undefined;
  /** The candidates, of the ctx or of the catalog. */
  candidates: string | undefined;
  /** What is decided on; nothing where it is longer than any engine reads. */
  ctx: string | undefined;
}

/** What the decision came to, and its request as it came out now. */
interface Made {
  outcome: unknown;
  request: string | undefined;
}

/** The first difference. */
export function beside(
  engine: Engine,
  policy: string,
  receipt: DecisionReceipt,
  input: Input,
  { outcome, request }: Made,
): string | undefined {
  const { own, members, candidates } = input;
  // a recorder takes apart what it can read, and nothing else
  if (members === undefined) return "ctx: expected members that are JSON";
  const said = receipt.ctx.blanked ? saidIn(members) : { bytes: 0 };
  if (said.open !== undefined) return `ctx.${said.open}: expected strings that are blanked`;
  const isWhole = said.bytes === 0;
  const wrong = wrongLimit(receipt) ?? (isWhole ? undefined : wrongDigest(receipt, request)) ?? wrongBytes(receipt, own, said.bytes);
  if (wrong !== undefined) return wrong;
  const first = firstOf(field(outcome, "decision"));
  const recorded = {
    catalog: receipt.catalog,
    chosen: receipt.chosen,
    ctx: { sha256: receipt.ctx.sha256 },
    policy: { canonical: receipt.policy.canonical },
    request: receipt.request,
    result: receipt.result,
    seed: receipt.seed,
  };
  // what was blanked cannot be derived, and is believed as far as it may be so
  const asked = isWhole ? request && digest(request) : receipt.request;
  return difference(recorded, {
    // what was read before is not in the ctx
    catalog: receipt.over || candidates === undefined ? undefined : digest(candidates),
    chosen: candidates === undefined || first === undefined ? undefined : candidate(candidates, first),
    ctx: { sha256: isWhole ? digest(own) : receipt.ctx.sha256 },
    policy: { canonical: canonicalOf(engine, policy, receipt, members, outcome) },
    request: request === undefined ? undefined : asked,
    result: resultDigest(outcome),
    seed: valueOf(members, "seed"),
  });
}

/** How many bytes of a ctx were blanked, and a member that should be blanked and is not. */
function saidIn(members: readonly Member[]): { bytes: number; open?: string } {
  const parts = SAID.flatMap((name) => {
    const text = valueOf(members, name);
    return text === undefined ? [] : [{ name, text, blank: blanked(text) }];
  });
  const open = parts.find(({ text, blank }) => blank.text !== text)?.name;
  const bytes = parts.reduce((sum, { blank }) => sum + blank.bytes, 0);
  return open === undefined ? { bytes } : { bytes, open };
}

/** A limit that is no number. */
function wrongLimit({ cost_limit: cost, fuel }: DecisionReceipt): string | undefined {
  const wrong = [cost, fuel?.limit].find((limit) => limit !== undefined && countOf(limit) === undefined);
  return wrong === undefined ? undefined : `limit: expected a number, recorded ${wrong}`;
}

/** A digest that is believed, and is none; there is one of a request where there is a request. */
function wrongDigest({ ctx: { sha256 }, request }: DecisionReceipt, now: string | undefined): string | undefined {
  const digests: [place: string, recorded: string | undefined][] = [
    ["ctx.sha256", sha256],
    ["request", request ?? (now === undefined ? undefined : "null")],
  ];
  const wrong = digests.find(([, recorded]) => recorded !== undefined && !/^[0-9a-f]{64}$/.test(recorded));
  return wrong && `${wrong[0]}: expected a digest, recorded ${wrong[1]}`;
}

/** Bytes that the text did not have, or cannot have had before so many were blanked. */
function wrongBytes({ ctx: { bytes } }: DecisionReceipt, own: string, blanked: number): string | undefined {
  if (bytes === undefined) return undefined;
  const least = utf8ToBytes(own).length;
  const most = least + ESCAPE_BYTES * blanked;
  const recorded = countOf(bytes);
  if (recorded !== undefined && recorded >= least && recorded <= most) return undefined;
  return blanked === 0 ? `ctx.bytes: recorded ${bytes}, now ${least}` : `ctx.bytes: expected ${least} to ${most}, recorded ${bytes}`;
}

/** Digits of a number of 64 bits. */
function countOf(digits: string): bigint | undefined {
  if (!/^\+?\d{1,1000}$/.test(digits)) return undefined;
  const count = BigInt(digits.replace("+", ""));
  return count < 1n << 64n ? count : undefined;
}

/** The digest of the policy before an envelope: that of the decision, or of an admission where there is an envelope or no decision. */
function canonicalOf(
  engine: Engine,
  policy: string,
  receipt: DecisionReceipt,
  members: readonly Member[],
  outcome: unknown,
): unknown {
  const decision = field(outcome, "decision");
  if (decision !== undefined && valueOf(members, "envelope") === undefined) return field(decision, "identity");
  const recorded = receipt.policy.canonical;
  // a recorder that could not admit it says nothing
  if (recorded === undefined && field(outcome, "stopped") !== undefined) return undefined;
  try {
    return engine.hashText(policy, valueOf(members, "vocabulary") ?? "{}");
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    if (error instanceof Trap) return recorded;
    throw error;
  }
}

/** The first of the ordered candidates; over a catalog a record may say anything. */
function firstOf(decision: unknown): number | undefined {
  const ordered = field(decision, "ordered");
  const first: unknown = Array.isArray(ordered) && Array.isArray(ordered[0]) ? ordered[0][0] : undefined;
  return typeof first === "number" && Number.isInteger(first) && first >= 0 ? first : undefined;
}

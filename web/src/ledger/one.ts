/** One record, made again. */

import type { Turn } from "../../build/component/interfaces/sigmapol-policy-engine.js";
import { digest } from "../decision.js";
import type { Engine } from "../engine.js";
import { difference } from "./difference.js";
import { byUtf8, members } from "./json.js";
import { called, candidate, decisionOutcome, eventKind, outcome, resultDigest, turnOutcome } from "./outcome.js";
import type { DecisionReceipt, StepReceipt } from "./receipt.js";
import { Mismatch } from "./shape.js";
import type { Texts } from "./texts.js";

/** The most characters of a ctx that is put together: four times what the engine reads. */
const CTX_LENGTH = 64 << 20;

/** What came of replaying a record. */
export type Verdict =
  /** The outcome is the same to the last bit, and what the record says beside it follows from it. */
  | { kind: "same" }
  /** It is not: the first difference, such as `decision.cost: recorded 10, now 11`. */
  | { kind: "diverged"; difference: string }
  /** The record was made by another component, of this SHA-256. */
  | { kind: "component-mismatch"; component: string }
  /** The ledger has not the texts: their digests are all that was recorded. */
  | { kind: "not-recorded" };

/** Decides again and compares. */
export function replayDecision(engine: Engine, receipt: DecisionReceipt, texts: Texts): Verdict {
  const ctx = ctxText(receipt, texts);
  const policy = texts.get(receipt.policy.sha256);
  if (ctx === undefined || policy === undefined) return { kind: "not-recorded" };
  if (receipt.engine.component !== engine.component) return mismatch(receipt);
  const now = outcome(() => decisionOutcome(engine.decide(policy, ctx), receipt.ctx.blanked));
  return verdict(difference(receipt.outcome, now) ?? besideDecision(receipt, ctx, now));
}

/** Makes a step again and compares. */
export function replayStep(engine: Engine, receipt: StepReceipt, texts: Texts): Verdict {
  const event = texts.get(receipt.event);
  const run = receipt.run === undefined ? undefined : texts.get(receipt.run);
  const isMissing = event === undefined || (run === undefined && receipt.run !== undefined);
  if (isMissing) return { kind: "not-recorded" };
  if (receipt.engine.component !== engine.component) return mismatch(receipt);
  let turn: Turn | undefined;
  const now = outcome(() => turnOutcome((turn = engine.stepText(run, event))));
  const recorded = { chosen: receipt.chosen, kind: receipt.kind, result: receipt.result };
  const beside = { chosen: turn && called(turn), kind: eventKind(event), result: resultDigest(now) };
  return verdict(difference(receipt.outcome, now) ?? difference(recorded, beside));
}

function verdict(difference: string | undefined): Verdict {
  return difference === undefined ? { kind: "same" } : { kind: "diverged", difference };
}

function mismatch({ engine: { component } }: DecisionReceipt | StepReceipt): Verdict {
  return { kind: "component-mismatch", component };
}

/** The text to decide on again, its members in byte order; nothing where the record has a digest alone. */
function ctxText({ ctx }: DecisionReceipt, texts: Texts): string | undefined {
  const found = new Map<string, string>(ctx.inline);
  let length = 0;
  for (const [key, digest] of ctx.texts) {
    const text = texts.get(digest);
    if (text === undefined) return undefined;
    length += text.length;
    // one text may stand for many members
    if (length > CTX_LENGTH) throw new Mismatch("ctx.texts", `at most ${CTX_LENGTH} characters`);
    found.set(key, text);
  }
  if (found.size === 0) return undefined;
  const ordered = [...found].sort(([a], [b]) => byUtf8(a, b));
  return `{${ordered.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
}

/** The first difference of what a record says beside its outcome. All of it follows from texts and outcome. */
function besideDecision(receipt: DecisionReceipt, ctx: string, now: unknown): string | undefined {
  const parts = members(ctx);
  // a recorder takes apart what it can read, and nothing else
  if (parts === undefined) return "ctx: expected members that are JSON";
  const part = (name: string) => parts.find(([key]) => key === name)?.[1];
  const catalog = part("candidates");
  const { decision: decided } = now as { decision?: Decided };
  const first = decided?.ordered[0]?.[0];
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
  return difference(recorded, {
    catalog: catalog === undefined ? undefined : digest(catalog),
    chosen: catalog === undefined || first === undefined ? undefined : candidate(catalog, first),
    // what was blanked cannot be derived; under an envelope another policy runs than was given
    ctx: { sha256: blanked ? receipt.ctx.sha256 : digest(ctx) },
    policy: { canonical: decided && part("envelope") === undefined ? decided.identity : receipt.policy.canonical },
    request: decided && !blanked ? decided.request : receipt.request,
    result: resultDigest(now),
    seed: part("seed"),
  });
}

/** The part of an outcome that a decision has. */
interface Decided {
  identity: string;
  ordered: [candidate: number, score: string][];
  request: string | null;
}

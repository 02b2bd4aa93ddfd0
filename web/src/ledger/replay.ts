import { wrongType } from "../argument.js";
import type { Engine } from "../engine.js";
import { replayDecision } from "./decided.js";
import { ReplayError } from "./error.js";
import { type Line, stringOf, TEXT } from "./line.js";
import { Catalogs } from "./over.js";
import { replayRank } from "./ranked.js";
import { type Chosen, decision, rank, step } from "./receipt.js";
import { Mismatch, type Shape } from "./shape.js";
import { replayStep } from "./stepped.js";
import { Texts } from "./texts.js";
import { judged, type Verdict } from "./verdict.js";
import { checkFunction, type Options, walk } from "./verify.js";

/** A decision, a step or a ranking that was made again. */
export interface Replayed {
  /** The number of the record. */
  number: number;
  /** When it was appended, by the clock of the writer: `2026-02-24T12:00:30.000000Z`. */
  at: string;
  record: "decision" | "step" | "rank";
  /** Who was chosen or called, as the record says. */
  chosen?: Chosen;
  verdict: Verdict;
}

/** How many records came out how. */
export interface Summary {
  records: number;
  same: number;
  diverged: number;
  componentMismatch: number;
  notRecorded: number;
}

/**
 * The most values of a record that is made again. One for each candidate that an input of 16 MiB can hold, some
 * 430,000, takes three; what has more was not written by a recorder, and would fill the memory.
 */
const RECEIPT_VALUES = 1 << 22;

const COUNTED = {
  same: "same",
  diverged: "diverged",
  "component-mismatch": "componentMismatch",
  "not-recorded": "notRecorded",
} as const;

/**
 * Makes every decision, step and ranking of a ledger again; the chain is verified on the way. `each` hears of
 * every record, in their order.
 *
 * Nothing here counts fuel or time, so fuel is not compared, and a call that its limits stopped has
 * another outcome now: it diverged. What a decision costs at most is not known here either: one that a
 * limit of cost stopped counts as not recorded.
 *
 * Throws a `LedgerError` as `verify` does, after the records before were replayed, and a `ReplayError`
 * for a record that is not what its kind says.
 */
export function replay(
  engine: Engine,
  segments: readonly Uint8Array[],
  each: (replayed: Replayed) => void = () => {},
  options: Options = {},
): Summary {
  if (typeof engine?.stepText !== "function") throw wrongType("engine", "an Engine", engine);
  checkFunction("each", each);
  const texts = new Texts();
  const catalogs = new Catalogs(texts);
  const summary: Summary = { records: 0, same: 0, diverged: 0, componentMismatch: 0, notRecorded: 0 };
  walk(segments, options, (line, bytes) => {
    if (line.kind === TEXT) texts.add(stringOf(line, "sha256")!, bytes);
    const replayed = again(engine, line, texts, catalogs);
    if (replayed === undefined) return;
    summary.records += 1;
    summary[COUNTED[replayed.verdict.kind]] += 1;
    each(replayed);
  });
  return summary;
}

/** Nothing for a record of another kind. */
function again(engine: Engine, line: Line, texts: Texts, catalogs: Catalogs): Replayed | undefined {
  const { kind, number } = line;
  if (kind !== "decision" && kind !== "step" && kind !== "rank") return undefined;
  const replayed = <T extends { chosen: Chosen | undefined }>(shape: Shape<T>, verb: (receipt: T) => Verdict): Replayed => {
    const receipt = body(line, shape);
    const { chosen } = receipt;
    const verdict = judged(() => verb(receipt));
    return { number: Number(number), at: line.at, record: kind, ...(chosen && { chosen }), verdict };
  };
  try {
    switch (kind) {
      case "decision":
        return replayed(decision, (receipt) => replayDecision(engine, receipt, texts, catalogs));
      case "step":
        return replayed(step, (receipt) => replayStep(engine, receipt, texts));
      case "rank":
        return replayed(rank, (receipt) => replayRank(engine, receipt, texts));
    }
  } catch (error) {
    throw error instanceof Mismatch ? new ReplayError(Number(number), kind, error.message) : error;
  }
}

function body<T>({ body, values }: Line, shape: Shape<T>): T {
  if (values > RECEIPT_VALUES) throw new Mismatch("body", `at most ${RECEIPT_VALUES} values, got ${values}`);
  return shape(JSON.parse(body), "");
}

/** A step, made again. */

import type { Turn } from "../../build/component/interfaces/sigmapol-policy-engine.js";
import type { Engine } from "../engine.js";
import { difference } from "./difference.js";
import { called, eventKind, outcome, resultDigest, turnOutcome } from "./outcome.js";
import type { StepReceipt } from "./receipt.js";
import type { Texts } from "./texts.js";
import { compared, type Verdict } from "./verdict.js";

/** Makes a step again and compares. */
export function replayStep(engine: Engine, receipt: StepReceipt, texts: Texts): Verdict {
  const run = receipt.run === undefined ? undefined : texts.get(receipt.run);
  const event = texts.get(receipt.event);
  return compared(engine.component, receipt.engine, () => {
    let turn: Turn | undefined;
    const now = outcome(() => turnOutcome((turn = engine.stepText(run, event))));
    const recorded = { chosen: receipt.chosen, kind: receipt.kind, result: receipt.result };
    const beside = { chosen: turn && called(turn), kind: eventKind(event), result: resultDigest(now) };
    return difference(receipt.outcome, now) ?? difference(recorded, beside);
  });
}

/** A step, made again: also one over a router that was read before, by the event with the router put into it. */

import type { Turn } from "../../build/component/interfaces/sigmapol-policy-engine.js";
import type { Engine } from "../engine.js";
import { difference } from "./difference.js";
import { INPUT_LENGTH } from "./limits.js";
import { called, eventKind, outcome, resultDigest, turnOutcome } from "./outcome.js";
import type { StepReceipt } from "./receipt.js";
import { hasState, membersOf, putInto } from "./router.js";
import type { Texts } from "./texts.js";
import { compared, type Verdict } from "./verdict.js";

/** Makes a step again and compares. */
export function replayStep(engine: Engine, receipt: StepReceipt, texts: Texts): Verdict {
  const { over } = receipt;
  const run = receipt.run === undefined ? undefined : texts.get(receipt.run);
  const own = texts.get(receipt.event);
  const event = over ? whole(over, own, texts) : own;
  return compared(engine.component, receipt.engine, () => {
    let turn: Turn | undefined;
    const now = outcome(() => turnOutcome((turn = engine.stepText(run, event))));
    // a state of the event's own leaves nothing to say of the router's
    const state = hasState(own) ? undefined : over?.state;
    const recorded = { chosen: receipt.chosen, kind: receipt.kind, over: { state: over?.state }, result: receipt.result };
    const beside = { chosen: turn && called(turn), kind: eventKind(event), over: { state }, result: resultDigest(now) };
    return difference(receipt.outcome, now) ?? difference(recorded, beside);
  });
}

/** The event of the stateless step. */
function whole({ router, state }: NonNullable<StepReceipt["over"]>, event: string, texts: Texts): string {
  const told = state === undefined ? undefined : texts.getShort(state, "over.state", INPUT_LENGTH);
  return putInto(membersOf(texts, router, "over.router"), event, told);
}

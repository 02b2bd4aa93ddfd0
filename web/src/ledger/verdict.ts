import { CORE_SHA256 } from "../digests.js";

/** What came of replaying a record. */
export type Verdict =
  /** The outcome is the same to the last bit, and what the record says beside it follows from it. */
  | { kind: "same" }
  /** It is not: the first difference, such as `decision.cost: recorded 10, now 11`. */
  | { kind: "diverged"; difference: string }
  /** The record was made by another component, of this SHA-256. */
  | { kind: "component-mismatch"; component: string }
  /**
   * The ledger has not the texts: their digests are all that was recorded. Where it is something else that cannot
   * be made again, the reason says what.
   */
  | { kind: "not-recorded"; reason?: string };

/** What cannot be made again. The message is the reason; an empty one says that a text is not in the ledger. */
export class NotRecorded extends Error {
  override readonly name = "NotRecorded";
}

/** The verdict on a record of a component: what differs, if anything. */
export function compared(
  component: string,
  recorded: { component: string; core: string },
  differs: () => string | undefined,
): Verdict {
  if (recorded.component !== component) return { kind: "component-mismatch", component: recorded.component };
  const isOther = recorded.core !== CORE_SHA256;
  const difference = isOther ? `engine.core: recorded ${recorded.core}, now ${CORE_SHA256}` : differs();
  return difference === undefined ? { kind: "same" } : { kind: "diverged", difference };
}

/** The verdict that a verb comes to, or why there is none. */
export function judged(verb: () => Verdict): Verdict {
  try {
    return verb();
  } catch (error) {
    if (!(error instanceof NotRecorded)) throw error;
    return error.message === "" ? { kind: "not-recorded" } : { kind: "not-recorded", reason: error.message };
  }
}

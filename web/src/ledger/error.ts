/** Why a ledger is not what it should be. The message is for people and begins with the code. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";

  /** @internal */
  constructor(
    readonly code: "damaged" | "torn" | "anchor" | "not-a-ledger" | "version",
    what: string,
  ) {
    super(`${code}: ${what}`);
  }
}

/** A record that holds, but is not what its kind says. The message names the member. */
export class ReplayError extends Error {
  override readonly name = "ReplayError";

  /** @internal */
  constructor(
    /** Of the record. */
    readonly number: number,
    kind: "decision" | "step" | "rank",
    reason: string,
  ) {
    super(`record ${number}: expected a ${kind}: ${reason}`);
  }
}

/** What a line is instead of the record that belongs there: the message says what was expected. */
export class Fault extends Error {
  override readonly name = "Fault";
}

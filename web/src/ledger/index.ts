/**
 * sigmapol/ledger: verifies a ledger of decisions, and makes the decisions again.
 *
 * ```ts
 * import { load } from "sigmapol";
 * import { replay, verify } from "sigmapol/ledger";
 *
 * const segments = [await readFile("log/000001.jsonl")];
 * const { records, head } = verify(segments);
 * const { same, diverged } = replay(await load(), segments);
 * ```
 *
 * @see docs/ledger.md for the format, docs/replay.md for what records say.
 */

export { LedgerError, ReplayError } from "./error.js";
export type { Chosen } from "./receipt.js";
export { replay, type Replayed, type Summary } from "./replay.js";
export type { Verdict } from "./verdict.js";
export { type Entry, type Options, type Report, verify } from "./verify.js";

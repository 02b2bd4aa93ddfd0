/**
 * sigmapol/ledger: verifies a ledger of decisions.
 *
 * ```ts
 * import { verify } from "sigmapol/ledger";
 *
 * const segments = [await readFile("log/000001.jsonl")];
 * const { records, head } = verify(segments);
 * ```
 *
 * @see docs/ledger.md for the format.
 */

export { LedgerError } from "./error.js";
export { type Entry, type Options, type Report, verify } from "./verify.js";

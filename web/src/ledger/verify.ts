import { wrongType } from "../argument.js";
import { isObject } from "../values.js";
import { Fault, LedgerError } from "./error.js";
import { check, type Line, TEXT } from "./line.js";
import { Lines } from "./lines.js";

/** The number and the seal of a record: what stands for it, and for all records before it. */
export interface Entry {
  /** Records count from 0, without gaps. */
  number: number;
  /** 64 lower-case hexadecimal digits. */
  seal: string;
}

/** What a whole ledger has. */
export interface Report {
  /** Records, those of the ledger itself too. */
  records: number;
  /** Records that are texts. */
  texts: number;
  segments: number;
  /** Bytes of all segments. */
  bytes: number;
  /** The last record. */
  head: Entry;
}

export interface Options {
  /** A record that has to be there; without it nobody sees that records are missing at the end. */
  anchor?: Entry;
  /** Hears how many bytes have been read, after each MiB and at the end. */
  progress?: (bytes: number) => void;
}

const PROGRESS_BYTES = 1 << 20;

/**
 * Checks every record of a ledger: its form, its seal, the digest of a text, the number, the seal
 * before. Given an anchor, that this record is still there.
 *
 * Segments are the bytes of the files in their order; what `sigmapol ledger export` prints, all
 * segments in one, is taken as well. The first thing that is wrong is thrown as a `LedgerError`.
 */
export function verify(segments: readonly Uint8Array[], options: Options = {}): Report {
  return walk(segments, options, () => {});
}

/** As `verify`; `visit` gets each record after it was checked, and its line. */
export function walk(
  segments: readonly Uint8Array[],
  options: Options,
  visit: (line: Line, bytes: Uint8Array) => void,
): Report {
  checkArguments(segments, options);
  const { anchor, progress = () => {} } = options;
  const lines = new Lines(segments);
  let head: Entry | undefined;
  let anchored: Entry | undefined;
  let texts = 0;
  let told = 0;
  try {
    for (let bytes = lines.next(); bytes !== undefined; bytes = lines.next()) {
      const line = check(bytes, lines.segment, lines.line === 1);
      head = follow(head, line);
      if (anchor?.number === head.number) anchored = head;
      if (line.kind === TEXT) texts += 1;
      visit(line, bytes);
      if (lines.bytes - told >= PROGRESS_BYTES) progress((told = lines.bytes));
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const place = `segment ${lines.segment}, line ${lines.line}, number ${next(head)}`;
    throw new LedgerError("damaged", `${place}: ${error.message}`);
  }
  progress(lines.bytes);
  if (anchor) compare(anchor, anchored, head!);
  return { records: next(head), texts, segments: lines.segment, bytes: lines.bytes, head: head! };
}

function checkArguments(segments: unknown, options: unknown): void {
  if (!Array.isArray(segments)) throw wrongType("segments", "an array of Uint8Array, one a segment", segments);
  for (const [at, segment] of segments.entries()) {
    if (!(segment instanceof Uint8Array)) throw wrongType(`segments[${at}]`, "a Uint8Array", segment);
  }
  if (!isObject(options)) throw wrongType("options", "an object", options);
  const { anchor, progress } = options;
  if (anchor !== undefined && !(isObject(anchor) && typeof anchor.number === "number" && typeof anchor.seal === "string")) {
    throw wrongType("options.anchor", "{number, seal}", anchor);
  }
  checkFunction("options.progress", progress);
}

/** A function, or nothing. */
export function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") throw wrongType(name, "a function", value);
}

/** The number of the record that belongs after this one. */
function next(head: Entry | undefined): number {
  return head === undefined ? 0 : head.number + 1;
}

/** The new head, if the line follows on this one. */
function follow(head: Entry | undefined, { number, prev, seal }: Line): Entry {
  const expected = { number: next(head), prev: head?.seal ?? "0".repeat(64) };
  if (number !== String(expected.number)) {
    throw new Fault(`expected the number ${expected.number}, got ${number}`);
  }
  if (prev !== expected.prev) throw new Fault(`expected the prev ${expected.prev}, got ${prev}`);
  return { number: expected.number, seal };
}

function compare({ number, seal }: Entry, found: Entry | undefined, head: Entry): void {
  if (found === undefined) {
    throw new LedgerError("anchor", `expected the record ${number}, the last one is ${head.number}`);
  }
  if (found.seal !== seal) {
    throw new LedgerError("anchor", `expected the seal ${seal} of the record ${number}, got ${found.seal}`);
  }
}

import { utf8ToBytes } from "@noble/hashes/utils.js";
import { Fault, LedgerError } from "./error.js";
import { opening } from "./line.js";

/** The most bytes of a line, its line feed included. */
const LINE_BYTES = 64 << 20;

/** The bytes of a line before what follows the time: `{"at":"`, and the time. */
const TIME_BYTES = 7 + 27;

const LINE_FEED = 10;

/**
 * The lines of a ledger, one after the other. Where they are is counted as in its folder, whether
 * segments come one by one or all in one: a single file goes on to the next segment where the first
 * record of that one stands.
 */
export class Lines {
  /** The segment of the line that was read last, from 1. */
  segment = 1;
  /** That line, from 1. */
  line = 0;
  /** Bytes that were read, of all segments. */
  bytes = 0;
  readonly #files: readonly Uint8Array[];
  #file = 0;
  /** Where the next line begins in the file, and where the segment does. */
  #at = 0;
  #start = 0;
  /** How the next segment begins, after the time. */
  #next = begin(2);

  constructor(files: readonly Uint8Array[]) {
    if (files.length === 0) throw new LedgerError("not-a-ledger", "expected the file 000001.jsonl");
    this.#files = files;
  }

  /** The next line without its line feed; nothing at the end. Another ending is a `Fault` or `torn`. */
  next(): Uint8Array | undefined {
    const isLast = this.#file === this.#files.length - 1;
    const file = this.#files[this.#file]!;
    const from = this.#at;
    if (from > 0 && from === file.length) {
      if (isLast) return undefined;
      this.#file += 1;
      this.#at = 0;
      this.#begin(0);
      return this.next();
    }
    if (this.#files.length === 1 && from > 0 && this.#isNext(file)) this.#begin(from);
    this.line += 1;
    const end = file.indexOf(LINE_FEED, from);
    if (end < 0) throw this.#unended(file.length - from, isLast);
    if (end - from >= LINE_BYTES) throw new Fault(`expected a line of at most ${LINE_BYTES} bytes`);
    this.#at = end + 1;
    this.bytes += end + 1 - from;
    return file.subarray(from, end);
  }

  #begin(start: number): void {
    this.#start = start;
    this.segment += 1;
    this.line = 0;
    this.#next = begin(this.segment + 1);
  }

  #isNext(file: Uint8Array): boolean {
    const at = this.#at + TIME_BYTES;
    return this.#next.every((byte, index) => file[at + index] === byte);
  }

  #unended(bytes: number, isLast: boolean): Error {
    if (!isLast) return new Fault(bytes === 0 ? "expected a record" : "expected the end of the line");
    const place = `segment ${this.segment}, offset ${this.#at - this.#start}`;
    return new LedgerError("torn", `${place}: expected the end of the last line after ${bytes} bytes`);
  }
}

function begin(segment: number): Uint8Array {
  const [kind, body] = opening(segment);
  return utf8ToBytes(`","body":${body},"kind":"${kind}",`);
}

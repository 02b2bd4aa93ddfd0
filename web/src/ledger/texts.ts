import { textOf } from "./line.js";
import { NotRecorded } from "./verdict.js";

/** UTF-16 units of texts that are kept. What decisions share is far less; what they do not is used once. */
const KEPT_LENGTH = 16 << 20;

/** The texts of a ledger by digest: where they are, and as many as are worth keeping. */
export class Texts {
  readonly #lines = new Map<string, Uint8Array>();
  /** The oldest first. */
  readonly #kept = new Map<string, string>();
  #length = 0;
  #bytes = 0;

  /** The bytes of all lines that were added. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a text by its line, which was checked. The first one of a digest stays. */
  add(digest: string, line: Uint8Array): void {
    if (this.#lines.has(digest)) return;
    this.#lines.set(digest, line);
    this.#bytes += line.length;
  }

  /** The text of a digest; one that was not met is `NotRecorded`. */
  get(digest: string): string {
    const kept = this.#kept.get(digest);
    if (kept !== undefined) return kept;
    const line = this.#lines.get(digest);
    if (line === undefined) throw new NotRecorded();
    const text = textOf(line);
    this.#keep(digest, text);
    return text;
  }

  /** As `get`; a text that is longer than so is `NotRecorded` with the reason, which begins with this place. */
  getShort(digest: string, place: string, length: number): string {
    const text = this.get(digest);
    if (text.length > length) throw new NotRecorded(`${place}: expected at most ${length} characters`);
    return text;
  }

  #keep(digest: string, text: string): void {
    this.#kept.set(digest, text);
    this.#length += text.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#length <= KEPT_LENGTH) break;
      this.#kept.delete(oldest);
      this.#length -= length;
    }
  }
}

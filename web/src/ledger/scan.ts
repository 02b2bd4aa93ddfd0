/**
 * Whether a text is canonical JSON (RFC 8785), without building what it says: a line may have tens of
 * millions of values, and checking a ledger needs none of them.
 */

import { LEVELS } from "./canonical.js";

/**
 * How many values one canonical object has, itself included; nothing for any other text. `member` hears of each
 * member of the object itself: its key, and where its value begins and ends.
 */
export function scanObject(
  text: string,
  member: (key: string, from: number, to: number) => void = () => {},
): number | undefined {
  const scan = new Scan(text, member);
  const isWhole = text.charCodeAt(0) === OPEN_BRACE && scan.value(1) && scan.at === text.length;
  return isWhole ? scan.values : undefined;
}

const code = (character: string): number => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code("\\");
const COMMA = code(",");
const COLON = code(":");
const OPEN_BRACE = code("{");
const CLOSE_BRACE = code("}");
const OPEN_BRACKET = code("[");
const CLOSE_BRACKET = code("]");
const ZERO = code("0");
const NINE = code("9");
const MINUS = code("-");
const PLUS = code("+");
const POINT = code(".");
const EXPONENT = code("e");

/** Digits of an integer that is exact, and is written as it is. */
const EXACT_DIGITS = 15;

/** What is escaped, and in the shortest way: what cannot stand for itself. */
const ESCAPE = /\\(?:["\\bfnrt]|u00(?:0[0-7be-f]|1[0-9a-f]))/y;
const WORD = /true|false|null/y;

/** Reads canonical JSON; `false` at the first unit that is not. */
class Scan {
  at = 0;
  values = 0;
  readonly #text: string;
  readonly #member: (key: string, from: number, to: number) => void;

  constructor(text: string, member: (key: string, from: number, to: number) => void) {
    this.#text = text;
    this.#member = member;
  }

  /** `level` is that of an array or object that begins here. */
  value(level: number): boolean {
    this.values += 1;
    const first = this.#text.charCodeAt(this.at);
    if (first === QUOTE) return this.#string();
    if (first === OPEN_BRACE) return level <= LEVELS && this.#object(level);
    if (first === OPEN_BRACKET) return level <= LEVELS && this.#array(level);
    if (first === MINUS || (first >= ZERO && first <= NINE)) return this.#number();
    return this.#matches(WORD);
  }

  #array(level: number): boolean {
    this.at += 1;
    if (this.#is(CLOSE_BRACKET)) return true;
    do {
      if (!this.value(level + 1)) return false;
    } while (this.#is(COMMA));
    return this.#is(CLOSE_BRACKET);
  }

  #object(level: number): boolean {
    this.at += 1;
    if (this.#is(CLOSE_BRACE)) return true;
    let before: string | undefined;
    do {
      const from = this.at;
      if (!this.#string()) return false;
      const key = this.#unquoted(from, this.at);
      // in the order of UTF-16, which is that of ECMAScript, and each once
      if (before !== undefined && !(before < key)) return false;
      before = key;
      if (!this.#is(COLON)) return false;
      const begin = this.at;
      if (!this.value(level + 1)) return false;
      if (level === 1) this.#member(key, begin, this.at);
    } while (this.#is(COMMA));
    return this.#is(CLOSE_BRACE);
  }

  #string(): boolean {
    if (!this.#is(QUOTE)) return false;
    const text = this.#text;
    for (;;) {
      const unit = text.charCodeAt(this.at);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) {
        if (!this.#matches(ESCAPE)) return false;
      } else if (unit >= 0x20) {
        this.at += 1;
      } else {
        return false; // a control character, or NaN at the end
      }
    }
    this.at += 1;
    return true;
  }

  #unquoted(from: number, to: number): string {
    const key = this.#text.slice(from + 1, to - 1);
    return key.includes("\\") ? JSON.parse(this.#text.slice(from, to)) : key;
  }

  #number(): boolean {
    const text = this.#text;
    const from = this.at;
    let isInteger = true;
    if (text.charCodeAt(from) === MINUS) this.at += 1;
    for (; ; this.at += 1) {
      const unit = text.charCodeAt(this.at);
      if (unit >= ZERO && unit <= NINE) continue;
      if (unit !== POINT && unit !== EXPONENT && unit !== PLUS && unit !== MINUS) break;
      isInteger = false;
    }
    const begin = text.charCodeAt(from) === MINUS ? from + 1 : from;
    const digits = this.at - begin;
    if (isInteger && digits > 0 && digits <= EXACT_DIGITS && text.charCodeAt(begin) !== ZERO) return true;
    const number = text.slice(from, this.at);
    return String(Number(number)) === number;
  }

  #is(unit: number): boolean {
    if (this.#text.charCodeAt(this.at) !== unit) return false;
    this.at += 1;
    return true;
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.#text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}

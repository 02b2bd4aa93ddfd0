/**
 * One record as one line: how it is taken apart and checked.
 *
 * The members are in their canonical order and the seal is the last of them, so the seal is checked
 * on the bytes: it is over the name of the format, a line feed, and the record without its seal.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { digest } from "../decision.js";
import { Fault, LedgerError } from "./error.js";
import { scanObject } from "./scan.js";

/** The name of the format, in the first record and under every seal. */
const FORMAT = "sigmapol-ledger/v1";

/** The first record of a ledger. */
const GENESIS = "genesis";
/** The first record of any later segment. */
const SEGMENT = "segment";
/** A text that other records refer to by its digest. */
export const TEXT = "text";
/** What a recovery cut off. */
const RECOVERED = "recovered";

/** A record as it stands in its line. */
export interface Line {
  at: string;
  /** A canonical object, as text. */
  body: string;
  /** How many values the body has, itself included. */
  values: number;
  /** Those members of the body that are looked at, as they stand in it. */
  members: ReadonlyMap<string, string>;
  kind: string;
  /** Its digits: a number that is out of place may be more than a double holds. */
  number: string;
  prev: string;
  seal: string;
}

/** Members of a body that the ledger looks at. All others are the caller's. */
const LOOKED_AT = ["bytes", "format", "offset", "segment", "sha256", "text"];

type Members = [at: string, body: string, kind: string, number: string, prev: string, seal: string];

const MEMBERS = new RegExp(
  String.raw`^\{"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)","body":(\{.*\}),` +
    String.raw`"kind":"([a-z][a-z0-9_.-]{0,63})","number":(0|[1-9]\d{0,19}),` +
    String.raw`"prev":"([0-9a-f]{64})","seal":"([0-9a-f]{64})"\}$`,
  "s",
);

/** The bytes of a line from its seal on: `,"seal":"`, the digits, `"}`. */
const SEAL_BYTES = 9 + 64 + 2;

/** The last number and the last time that a record can have. */
const LAST_NUMBER = String(2n ** 64n - 1n);
const LAST_TIME = "9999-12-30T22:00:00.999999Z";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What is hashed before a record without its seal, and after it. */
const BEFORE = utf8ToBytes(`${FORMAT}\n`);
const AFTER = utf8ToBytes("}");

/** The first record of a segment: its kind, and its body as text. */
export function opening(segment: number): [kind: string, body: string] {
  return segment === 1 ? [GENESIS, `{"format":"${FORMAT}"}`] : [SEGMENT, `{"segment":${segment}}`];
}

/** The text of a line; what is not UTF-8 throws a `Fault`. */
export function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Fault("expected UTF-8");
  }
}

/**
 * Checks what a line can be checked for alone: its form, its seal, the digest of a text, and whether
 * it belongs at the beginning of this segment. What is wrong is thrown as a `Fault`.
 */
export function check(bytes: Uint8Array, segment: number, first: boolean): Line {
  const line = parse(decode(bytes));
  if (line === undefined) throw new Fault("expected a record as canonical JSON");
  const { body, kind, seal } = line;
  if (first && segment === 1 && kind === GENESIS) checkVersion(line);
  const actual = sealOf(bytes);
  if (actual !== seal) throw new Fault(`expected the seal ${actual}, got ${seal}`);
  const expected = opening(segment);
  if (first && (kind !== expected[0] || body !== expected[1])) {
    throw new Fault(`expected the kind ${expected[0]} and the body ${expected[1]}`);
  }
  if (!first && (kind === GENESIS || kind === SEGMENT)) throw new Fault(`expected no ${kind} here`);
  if (kind === TEXT) checkText(line);
  if (kind === RECOVERED) checkRecovered(line);
  return line;
}

/** Takes a line apart; nothing if it is not exactly a record. */
function parse(text: string): Line | undefined {
  const members = MEMBERS.exec(text)?.slice(1) as Members | undefined;
  if (members === undefined) return undefined;
  const [at, body, kind, number, prev, seal] = members;
  const inRange = number.length < LAST_NUMBER.length || number <= LAST_NUMBER;
  if (!inRange || !isTime(at)) return undefined;
  const found = new Map<string, string>();
  const values = scanObject(body, (key, from, to) => {
    if (LOOKED_AT.includes(key)) found.set(key, body.slice(from, to));
  });
  return values === undefined ? undefined : { at, body, values, members: found, kind, number, prev, seal };
}

/** Whether there is such a time. The clock knows no leap seconds. */
function isTime(at: string): boolean {
  const seconds = at.slice(0, 19);
  const time = new Date(`${seconds}Z`);
  return at <= LAST_TIME && !Number.isNaN(time.getTime()) && time.toISOString().startsWith(seconds);
}

function sealOf(bytes: Uint8Array): string {
  const record = bytes.subarray(0, -SEAL_BYTES);
  return bytesToHex(sha256.create().update(BEFORE).update(record).update(AFTER).digest());
}

/** Before the seal is looked at: another version may seal in another way. */
function checkVersion(line: Line): void {
  const format = stringOf(line, "format");
  if (format !== undefined && format !== FORMAT) {
    throw new LedgerError("version", `expected ${FORMAT}, got ${format}`);
  }
}

function checkText(line: Line): void {
  const sha256 = stringOf(line, "sha256");
  const text = stringOf(line, "text");
  // the object, and its two members
  if (!isDigest(sha256) || text === undefined || line.values !== 3) {
    throw new Fault("expected sha256 and text in the body of a text");
  }
  const actual = digest(text);
  if (sha256 !== actual) throw new Fault(`expected the digest ${actual}, got ${sha256}`);
}

function checkRecovered(line: Line): void {
  const isCount = (name: string): boolean => {
    const digits = line.members.get(name) ?? "";
    return /^(?:0|[1-9]\d{0,19})$/.test(digits) && BigInt(digits) < 2n ** 64n;
  };
  const counts = ["bytes", "offset", "segment"].every(isCount);
  if (!counts || !isDigest(stringOf(line, "sha256")) || line.values !== 5) {
    throw new Fault("expected bytes, offset, segment and sha256 in the body of a recovered");
  }
}

function isDigest(text: string | undefined): boolean {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text);
}

/** A member of the body that is looked at and is a string. */
export function stringOf({ members }: Line, name: string): string | undefined {
  const text = members.get(name);
  return text?.startsWith('"') ? JSON.parse(text) : undefined;
}

/** The text of a line that was checked before. */
export function textOf(bytes: Uint8Array): string {
  const line = parse(decode(bytes));
  const text = line && stringOf(line, "text");
  if (text === undefined) throw new Fault("expected the text that was here");
  return text;
}

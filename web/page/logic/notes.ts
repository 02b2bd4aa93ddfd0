/**
 * What is worth knowing about a decision that is in order: things a policy says that its author may not mean.
 */

import type { State } from "../../src/index.js";
import { type Candidate, modelOf, providerOf } from "./candidate.js";
import { isRecord, member } from "./texts.js";

/** A remark. Codes are stable, and those of the command. */
export interface Note {
  code: "normalize-unknown";
  /** Begins with the code. */
  message: string;
}

/** Fields that are +∞ where a candidate does not have them. */
const UNBOUNDED = ["price_in", "price_out", "latency_ms"] as const;
type Field = (typeof UNBOUNDED)[number];

/** How a scorer reads a field that has no bound. */
interface Reading {
  field: Field;
  /** `1` where a greater value makes a greater score, `-1` where it makes a smaller one. */
  sign: 1 | -1;
}

/**
 * Where `normalize` sees +∞: a candidate without the field takes the greatest value, and the distances between all
 * others become 0. A note for each such field; it names the first candidate that passes the filter and lacks it.
 *
 * Nothing is said where fewer than two others are left, since there is nothing to tell apart then, nor where `clamp`
 * keeps the value finite.
 */
export function normalizeUnknown(
  policy: unknown,
  candidates: readonly Candidate[],
  state: State,
  rejected: Iterable<number>,
): Note[] {
  const readings = Array.isArray(policy) ? distinct(normalized(policy[2])) : [];
  if (readings.length === 0) return [];
  const refused = new Set(rejected);
  const survivors = [...candidates.keys()].filter((at) => !refused.has(at));
  const lacking = new Map(UNBOUNDED.map((field) => (
    [field, new Set(survivors.filter((at) => !isKnown(candidates[at]!, field, state)))]
  )));
  const found = new Map<Field, string>();
  for (const read of readings) {
    // of opposite signs they are NaN together, which normalize ignores
    const infinite = survivors.filter((at) => {
      const missing = read.filter(({ field }) => lacking.get(field)!.has(at));
      return missing.length > 0 && missing.every(({ sign }) => sign > 0);
    });
    if (survivors.length - infinite.length < 2) continue;
    for (const { field } of read) {
      const without = infinite.filter((at) => lacking.get(field)!.has(at));
      const [first] = without;
      if (first === undefined || found.has(field)) continue;
      found.set(field, messageOf(field, first, candidates[first], without.length - 1));
    }
  }
  return [...found.values()].map((message) => ({ code: "normalize-unknown", message }));
}

/** Each way of reading once: what a policy has very many of is looked at no more often than there are ways. */
function distinct(readings: Reading[][]): Reading[][] {
  const keyed = readings.filter((read) => read.length > 0).map((read): [string, Reading[]] => {
    const once = new Map(read.map((one) => [`${one.field} ${one.sign}`, one]));
    return [[...once.keys()].sort().join(), [...once.values()]];
  });
  return [...new Map(keyed).values()];
}

function messageOf(field: Field, at: number, candidate: Candidate | undefined, more: number): string {
  const who = `candidate ${at} (${providerOf(candidate)}/${modelOf(candidate)})`;
  const lacks = more === 0 ? `has no ${field}` : `and ${more} more have no ${field}`;
  return `normalize-unknown: ${who} ${lacks}, so normalize gives every other candidate the same score`;
}

/** A candidate has a price of its own, or the host has observed one. */
function isKnown(candidate: Candidate, field: Field, { ema }: State): boolean {
  if (candidate[field] !== undefined) return true;
  if (field === "latency_ms" || !isRecord(ema)) return false;
  const observed = member(ema, `${providerOf(candidate)}|${modelOf(candidate)}`);
  return isRecord(observed) && observed[field] !== undefined;
}

/** What each `normalize` of a scorer reads. */
function normalized(scorer: unknown): Reading[][] {
  if (!Array.isArray(scorer)) return [];
  const inner = scorer.slice(1).flatMap(normalized);
  return scorer[0] === "normalize" ? [readingsOf(scorer[1], 1), ...inner] : inner;
}

/** The fields that a scorer reads and passes on, however large they are. */
function readingsOf(scorer: unknown, sign: Reading["sign"]): Reading[] {
  if (!Array.isArray(scorer)) return [];
  const [op, first, second] = scorer as unknown[];
  switch (op) {
    case "field": {
      const field = UNBOUNDED.find((name) => name === first);
      return field === undefined ? [] : [{ field, sign }];
    }
    case "add": return scorer.slice(1).flatMap((summand) => readingsOf(summand, sign));
    case "scale": return first === 0 ? [] : readingsOf(second, Number(first) < 0 ? opposite(sign) : sign);
    case "neg": return readingsOf(first, opposite(sign));
    case "gate": return readingsOf(second, sign);
    // `normalize` and `clamp` give numbers between bounds, `zero` and `lit` read nothing
    default: return [];
  }
}

const opposite = (sign: Reading["sign"]): Reading["sign"] => (sign === 1 ? -1 : 1);

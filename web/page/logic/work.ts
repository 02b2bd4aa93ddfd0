import type { State } from "../../src/index.js";
import type { Candidate } from "./candidate.js";
import { isRecord } from "./texts.js";

/** All that a person has made on the page: what a decision is made of. Texts are JSON, as they are being written. */
export interface Work {
  policy: string;
  request: string;
  vocabulary: string;
  envelope: string;
  customs: string;
  seed: string;
  nowMs: string;
  state: State;
  candidates: readonly Candidate[];
}

const TEXTS = ["policy", "request", "vocabulary", "envelope", "customs", "seed", "nowMs"] as const;

/** The deepest nesting that is read: that of the engine, and of what is around it here. */
const LEVELS = 128 + 2;

/**
 * Reads work out of a text that anybody may have written: a link, or what a browser has kept. The members of
 * candidates and of the state are whatever they are. What is wrong is thrown as an error, in words.
 */
export function readWork(text: string): Work & Record<string, unknown> {
  // what walks over values here and in the worker does so by recursion
  if (levelsOf(text) > LEVELS) throw new Error(`it has more than ${LEVELS} levels`);
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error("expected an object in it");
  for (const key of TEXTS) {
    if (typeof value[key] !== "string") throw new Error(`it has no text for ${key}`);
  }
  if (!isRecord(value.state)) throw new Error("it has no state");
  if (!Array.isArray(value.candidates) || !value.candidates.every(isRecord)) throw new Error("it has no candidates");
  return value as unknown as Work & Record<string, unknown>;
}

/** How deep the arrays and objects of a JSON text are nested. */
function levelsOf(text: string): number {
  let [level, deepest, quoted] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text[at];
    if (quoted) {
      if (unit === "\\") at += 1;
      else if (unit === '"') quoted = false;
    } else if (unit === '"') {
      quoted = true;
    } else if (unit === "[" || unit === "{") {
      level += 1;
      deepest = Math.max(deepest, level);
    } else if (unit === "]" || unit === "}") {
      level -= 1;
    }
  }
  return deepest;
}

/** A section of the state by provider; what is no object has nothing in it. */
export function sectionOf(state: State, name: keyof State): Record<string, unknown> {
  const section = state[name];
  return isRecord(section) ? section : {};
}

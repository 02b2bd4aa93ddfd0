/** Arguments: what a program gives must be of the type that a verb takes. What it says is the engine's to check. */

import { isObject } from "./values.js";

/** What a value is, for people: `an array`, `null`, `a Uint8Array`, … */
function described(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Uint8Array) return "a Uint8Array";
  if (value === undefined) return "undefined";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A program's mistake: the argument, what was expected, what it is. */
export function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${name}: expected ${expected}, got ${described(value)}`);
}

/** The JSON text of an argument that is an array or a text. */
export const arrayText = (name: string, value: unknown): string => text(name, value, Array.isArray(value), "an array");

/** The JSON text of an argument that is an object or a text. */
export const objectText = (name: string, value: unknown): string => text(name, value, isObject(value), "an object");

function text(name: string, value: unknown, fits: boolean, expected: string): string {
  if (typeof value === "string") return value;
  if (!fits) throw wrongType(name, `${expected} or a JSON text`, value);
  const wanted = "a value that JSON can write";
  let written: string | undefined;
  try {
    written = JSON.stringify(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`${name}: expected ${wanted}: ${reason}`, { cause: error });
  }
  if (written === undefined) throw wrongType(name, wanted, written);
  return written;
}

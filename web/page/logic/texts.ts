export { isObject as isRecord, member, parsed } from "../../src/values.js";

/** Puts texts of JSON together without reading them; empty ones are left out. */
export function members(texts: Record<string, string>): string {
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== "");
  return `{${given.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
}

/** The JSON of a value, nothing where there is none. */
export const written = (value: unknown): string => (value === undefined ? "" : JSON.stringify(value));

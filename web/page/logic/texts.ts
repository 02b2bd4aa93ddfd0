/** Puts texts of JSON together without reading them; empty ones are left out. */
export function members(texts: Record<string, string>): string {
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== "");
  return `{${given.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
}

/** The JSON of a value, nothing where there is none. */
export const written = (value: unknown): string => (value === undefined ? "" : JSON.stringify(value));

/** A text as JSON, or nothing. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The most levels of a body: every JSON reader takes as many. */
export const LEVELS = 100;

/**
 * The canonical text (RFC 8785) of a value that JSON was read into. ECMAScript writes strings and
 * numbers as that form has them; members have to be put in the order of UTF-16, which is its own too.
 *
 * Throws a `RangeError` for what has no such text: a lone surrogate, more than 100 levels.
 */
export function canonical(value: unknown, level = 1): string {
  if (typeof value === "string") return string(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (level > LEVELS) throw new RangeError(`expected at most ${LEVELS} levels`);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, level + 1)).join(",")}]`;
  const members = Object.keys(value).sort().map((key) => {
    return `${string(key)}:${canonical((value as Record<string, unknown>)[key], level + 1)}`;
  });
  return `{${members.join(",")}}`;
}

function string(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new RangeError("expected no lone surrogate");
  return JSON.stringify(text);
}

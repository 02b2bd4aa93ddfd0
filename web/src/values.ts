/** Values that JSON was read into. */

/** What a text says; nothing for one that is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member of an object, and not what every object of JavaScript has. */
export function member<T>(value: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A member of what may be an object. */
export function field(value: unknown, key: string): unknown {
  return isObject(value) ? member(value, key) : undefined;
}

/** What a value that JSON was read into has to be; another one throws a `Mismatch`. */
export type Shape<T> = (value: unknown, path: string) => T;

/** The message says the path and what was expected there. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";

  constructor(path: string, expected: string) {
    super(`${path}: expected ${expected}`);
  }
}

export const anything: Shape<unknown> = (value, path) => {
  if (value === undefined) throw new Mismatch(path, "a value");
  return value;
};

export const string: Shape<string> = (value, path) => {
  if (typeof value !== "string") throw new Mismatch(path, "a string");
  return value;
};

export const boolean: Shape<boolean> = (value, path) => {
  if (typeof value !== "boolean") throw new Mismatch(path, "true or false");
  return value;
};

/** `null` is as nothing. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, path) => (value === undefined || value === null ? undefined : shape(value, path));
}

/** An object with whatever keys. */
export function map<T>(shape: Shape<T>): Shape<Map<string, T>> {
  return (value, path) => {
    const entries = Object.entries(object(value, path));
    return new Map(entries.map(([key, item]) => [key, shape(item, below(path, key))]));
  };
}

/** An object with these members and no others. */
export function record<T extends object>(members: { [K in keyof T]: Shape<T[K]> }): Shape<T> {
  return (value, path) => {
    const given = object(value, path);
    const unknown = Object.keys(given).find((key) => !Object.hasOwn(members, key));
    if (unknown !== undefined) {
      throw new Mismatch(below(path, unknown), `one of ${Object.keys(members).join(", ")}`);
    }
    const shapes: [string, Shape<unknown>][] = Object.entries(members);
    return Object.fromEntries(shapes.map(([key, shape]) => [key, shape(given[key], below(path, key))])) as T;
  };
}

function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Mismatch(path, "an object");
  }
  return value as Record<string, unknown>;
}

function below(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

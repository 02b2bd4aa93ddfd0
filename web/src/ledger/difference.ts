import { isObject, member } from "../values.js";
import { canonical } from "./canonical.js";
import { byUtf8 } from "./json.js";

/**
 * Where two results differ first: the path, what was recorded, what came out now. What is absent is
 * as `null`.
 */
export function difference(recorded: unknown, now: unknown): string | undefined {
  const [was, is] = [ending(recorded), ending(now)];
  if (was && is && was.name !== is.name) return `outcome: recorded ${was.shown}, now ${is.shown}`;
  return differs(recorded, now, "");
}

/** How a call can end. */
const ENDINGS = ["decision", "ranking", "refused", "stopped", "turn"];

/** How a call ended, of an outcome: what it made, or the code of what was refused or stopped. */
function ending(outcome: unknown): { name: string; shown: string } | undefined {
  const entries = isObject(outcome) ? Object.entries(outcome) : [];
  const [name, value] = entries[0] ?? [];
  if (entries.length !== 1 || name === undefined || !ENDINGS.includes(name)) return undefined;
  return { name, shown: typeof value === "string" ? `${name} ${value}` : name };
}

function differs(recorded: unknown, now: unknown, path: string): string | undefined {
  if (isObject(recorded) && isObject(now)) return ofObjects(recorded, now, path);
  if (Array.isArray(recorded) && Array.isArray(now)) return ofArrays(recorded, now, path);
  if ((recorded ?? null) === (now ?? null)) return undefined;
  return `${path}: recorded ${shown(recorded)}, now ${shown(now)}`;
}

function ofObjects(
  recorded: Record<string, unknown>,
  now: Record<string, unknown>,
  path: string,
): string | undefined {
  const keys = new Set([...Object.keys(recorded), ...Object.keys(now)]);
  for (const key of [...keys].sort(byUtf8)) {
    const below = path === "" ? key : `${path}.${key}`;
    const found = differs(member(recorded, key), member(now, key), below);
    if (found !== undefined) return found;
  }
  return undefined;
}

function ofArrays(recorded: unknown[], now: unknown[], path: string): string | undefined {
  for (let at = 0; at < Math.min(recorded.length, now.length); at++) {
    const found = differs(recorded[at], now[at], `${path}[${at}]`);
    if (found !== undefined) return found;
  }
  if (recorded.length === now.length) return undefined;
  return `${path}: recorded ${recorded.length} entries, now ${now.length}`;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : canonical(value ?? null);
}

import { type Candidate, nameOf, textOf } from "./candidate.js";
import { isRecord, member, parsed } from "./texts.js";

/** A column of the catalog. */
export interface Column {
  label: string;
  about: string;
  /** Where a candidate has the value. */
  path: readonly [string] | readonly ["capabilities", string];
  kind: "text" | "number" | "flag";
  /** In pixels. */
  width: number;
}

const column = (label: string, about: string, path: Column["path"], kind: Column["kind"], width: number): Column => (
  { label, about, path, kind, width }
);

const CORE: readonly Column[] = [
  column("provider", "provider_id", ["provider_id"], "text", 96),
  column("model", "model_family", ["model_family"], "text", 158),
  column("tier", "tier", ["tier"], "text", 92),
  column("in", "price_in, USD per million tokens", ["price_in"], "number", 54),
  column("out", "price_out, USD per million tokens", ["price_out"], "number", 54),
  column("latency", "latency_ms, milliseconds", ["latency_ms"], "number", 64),
  column("tok/s", "tok_s, tokens per second", ["tok_s"], "number", 52),
  column("context", "capabilities.context, tokens", ["capabilities", "context"], "number", 72),
  column("no log", "no_log: keeps no logs", ["no_log"], "flag", 54),
  column("tee", "has_tee: attested hardware", ["has_tee"], "flag", 40),
  column("tools", "capabilities.supports_tools", ["capabilities", "supports_tools"], "flag", 46),
  column("json", "capabilities.supports_json_mode", ["capabilities", "supports_json_mode"], "flag", 44),
  column("vision", "capabilities.supports_vision", ["capabilities", "supports_vision"], "flag", 52),
  column("seed", "capabilities.supports_seed", ["capabilities", "supports_seed"], "flag", 44),
  column("quality", "quality_hint, 0 to 1", ["quality_hint"], "number", 60),
];

/** The columns: those of every candidate, then the fields that a vocabulary declares. */
export function columnsOf(vocabulary: string): Column[] {
  const value = parsed(vocabulary);
  const fields = isRecord(value) && isRecord(value.fields) ? value.fields : {};
  const declared = Object.entries(fields).slice(0, 64).map(([name, field]) => {
    const kind = isRecord(field) && field.sort === "Bool" ? "flag" : "number";
    return column(name, `${name}, declared by the vocabulary`, [name], kind, Math.min(180, 26 + name.length * 7));
  });
  return [...CORE, ...declared];
}

/** What a candidate has there. */
export function valueAt(candidate: Candidate, [key, inner]: Column["path"]): unknown {
  const value = member(candidate, key);
  if (inner === undefined) return value;
  return isRecord(value) ? member(value, inner) : undefined;
}

/** The candidate with another value there; without the key where there is none. */
export function withValue(candidate: Candidate, [key, inner]: Column["path"], value: unknown): Candidate {
  if (inner === undefined) return withMember(candidate, key, value) as Candidate;
  const own = member(candidate, key);
  return { ...candidate, [key]: withMember(isRecord(own) ? own : {}, inner, value) };
}

/** The record with another value under a key; without the key where there is none. */
export function withMember(record: Record<string, unknown>, key: string, value: unknown): Record<string, unknown> {
  const { [key]: _, ...rest } = record;
  return value === undefined ? rest : { ...record, [key]: value };
}

/** What a person wrote, as a value. What is no number stays a text, and the engine says what is wrong. */
export function valueOf(text: string, kind: Column["kind"]): unknown {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return kind === "number" && Number.isFinite(value) ? value : text;
}

/** Which candidates are shown, and in which order: their indices. Their own order stays as it is. */
export function viewOf(
  candidates: readonly Candidate[], filter: string, sort?: { column: Column; descending: boolean },
): number[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const rows: number[] = [];
  candidates.forEach((candidate, at) => {
    const text = `${nameOf(candidate)} ${textOf(candidate.tier)}`.toLowerCase();
    if (words.every((word) => text.includes(word))) rows.push(at);
  });
  if (!sort) return rows;
  const { column, descending } = sort;
  const keys = candidates.map((candidate) => valueAt(candidate, column.path));
  const sign = descending ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [keys[a], keys[b]];
    // what is absent comes last, either way
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || a - b;
    return (less(x, y) ? -1 : less(y, x) ? 1 : 0) * sign || a - b;
  });
}

const less = (x: unknown, y: unknown): boolean =>
  typeof x === "number" && typeof y === "number" ? x < y : textOf(x) < textOf(y);

/** The cell that a refusal names, `catalog.candidates[3].capabilities.context: …`. */
export function cellOf(message: string): { row: number; path: string } | undefined {
  const at = /^(?:catalog|ctx)\.candidates\[(\d+)\]\.?([\w.]*): (.*)$/s.exec(message);
  if (!at) return undefined;
  const key = /unknown key '([^']*)'/.exec(at[3]!)?.[1];
  return { row: Number(at[1]), path: at[2] || key || "" };
}

/** A catalog as a file. */
export function catalogText(candidates: readonly Candidate[], vocabulary: string): string {
  const value = parsed(vocabulary);
  const rows = candidates.map((candidate) => `  ${JSON.stringify(candidate)}`).join(",\n");
  const head = value === undefined ? "" : `"vocabulary": ${JSON.stringify(value)},\n `;
  return `{${head}"candidates": [\n${rows}\n]}\n`;
}

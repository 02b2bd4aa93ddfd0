import { isRecord } from "./texts.js";

/** A line of JSON, and how it came to be there. */
export interface Line {
  /** Spaces before the text. */
  indent: number;
  text: string;
  sign: "same" | "added" | "changed" | "removed";
  /** What was there, in short. */
  was?: string;
}

/** One value as the change of another: the later one in whole, what is gone in its place. */
export function diff(before: unknown, after: unknown): Line[] {
  return changed(before, after, 0, "", "");
}

function changed(before: unknown, after: unknown, indent: number, lead: string, tail: string): Line[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])].sort();
    if (keys.length === 0) return [{ indent, text: `${lead}{}${tail}`, sign: "same" }];
    const last = keys.findLast((key) => Object.hasOwn(after, key));
    const inner = keys.flatMap((key) => {
      const [lead, tail] = [`${JSON.stringify(key)}: `, key === last || !(Object.hasOwn(after, key)) ? "" : ","];
      if (!(Object.hasOwn(after, key))) return whole(before[key], indent + 2, lead, tail, "removed");
      if (!(Object.hasOwn(before, key))) return whole(after[key], indent + 2, lead, tail, "added");
      return changed(before[key], after[key], indent + 2, lead, tail);
    });
    return [{ indent, text: `${lead}{`, sign: "same" }, ...inner, { indent, text: `}${tail}`, sign: "same" }];
  }
  if (JSON.stringify(sorted(before)) === JSON.stringify(sorted(after))) return whole(after, indent, lead, tail, "same");
  const lines = whole(after, indent, lead, tail, "changed");
  const was = JSON.stringify(before) ?? "nothing";
  lines[0] = { ...lines[0]!, was: was.length > 60 ? `${was.slice(0, 60)}…` : was };
  return lines;
}

function whole(value: unknown, indent: number, lead: string, tail: string, sign: Line["sign"]): Line[] {
  const lines = JSON.stringify(value, undefined, 2).split("\n");
  return lines.map((line, at) => {
    const text = line.trimStart();
    const end = at === lines.length - 1 ? tail : "";
    return { indent: indent + line.length - text.length, text: `${at === 0 ? lead : ""}${text}${end}`, sign };
  });
}

/** The same value with its keys in order: their order says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

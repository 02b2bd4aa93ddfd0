/** The width that lines are kept to, where terms can be broken. */
const WIDTH = 88;
/** The width of lines that hold parameters alone; these cannot be broken. */
const LONG = 130;

/** A term the way people write it: on one line where it fits; nothing if it is no JSON. */
export function formatted(text: string): string | undefined {
  try {
    return printed(JSON.parse(text), "", 0);
  } catch {
    return undefined;
  }
}

function flat(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flat).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, value]) => `${JSON.stringify(key)}: ${flat(value)}`);
  return `{${members.join(", ")}}`;
}

/** `after` is what has to follow on the last line. */
function printed(value: unknown, indent: string, after: number): string {
  const line = flat(value);
  if (!Array.isArray(value) || indent.length + line.length + after <= WIDTH) return line;
  const inner = `${indent}  `;
  // the operation, and the parameters before the first term, stay with the bracket
  const terms = value.findIndex((part) => Array.isArray(part));
  const head = value.slice(0, terms === -1 ? 1 : terms);
  const rest = value.slice(head.length);
  const lines: string[] = [];
  rest.forEach((part, at) => {
    const text = printed(part, inner, at === rest.length - 1 ? after + 1 : 1);
    const joined = `${lines.at(-1)}, ${text}`;
    // parameters that follow a term share a line
    const fits = at > 0 && !Array.isArray(part) && !Array.isArray(rest[at - 1]) && joined.length < LONG;
    if (fits) lines[lines.length - 1] = joined;
    else lines.push(inner + text);
  });
  return `[${head.map(flat).concat("").join(", ").trimEnd()}\n${lines.join(",\n")}]`;
}

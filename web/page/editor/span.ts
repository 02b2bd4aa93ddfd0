import { opOf, propertiesOf, rootOf, stringOf, type SyntaxNode, treeOf, valuesOf } from "./tree.js";

/** A part of a text, in UTF-16 units. */
export interface Span {
  from: number;
  to: number;
}

/** The part of a text that a refusal is about: the place that its message begins with. */
export function spanOf(text: string, message: string): Span {
  const at = /^(?:\w+: )?line (\d+) column (\d+):/.exec(message);
  if (at) return lineAndColumn(text, Number(at[1]), Number(at[2]));
  const custom = /custom Sym '(.*)' not registered/.exec(message);
  const tree = treeOf(text);
  const root = tree && rootOf(tree);
  if (!root) return { from: 0, to: Math.min(text.length, lineEnd(text, 0)) };
  if (custom) return occurrence(root, text, "custom", custom[1]!) ?? whole(root);
  if (message.startsWith("ir: expected a Policy")) return whole(opOf(root) ?? root);
  const path = /^(?:ir: )?(\$[^:]*): (.*)$/s.exec(message);
  if (path) return inTerm(root, text, places(path[1]!), path[2]!);
  const member = /^(?:ctx|catalog)\.(?:request|customs|candidates)((?:\.\w+|\['[^']*'\])*): (.*)$/s.exec(message);
  if (member) return inObject(root, text, keys(member[1]!), member[2]!);
  const words = /^(fields|tier_order|profile|vocabulary): (.*)$/s.exec(message);
  if (words) return inObject(root, text, words[1] === "vocabulary" ? [] : [words[1]!], words[2]!);
  return whole(root);
}

/** The spans of terms, by paths of argument places. */
export function spansOf(text: string, paths: readonly (readonly number[])[]): Span[] {
  const tree = treeOf(text);
  const root = tree && rootOf(tree);
  if (!root) return [];
  return paths.map((path) => whole(path.reduce((node, place) => valuesOf(node)[place] ?? node, root)));
}

const whole = ({ from, to }: Span): Span => ({ from, to });

/** `$.policy[1].and[2]` as argument places, from 1. */
export const places = (path: string): number[] => [...path.matchAll(/\[(\d+)\]/g)].map(([, place]) => Number(place));

const keys = (path: string): string[] => [...path.matchAll(/\.(\w+)|\['([^']*)'\]/g)].map(([, a, b]) => a ?? b ?? "");

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

/** Columns count bytes of UTF-8, from 1. */
function lineAndColumn(text: string, line: number, column: number): Span {
  let start = 0;
  for (let left = line - 1; left > 0; left -= 1) {
    const end = text.indexOf("\n", start);
    if (end === -1) break;
    start = end + 1;
  }
  const end = lineEnd(text, start);
  let from = start;
  for (let bytes = 1; from < end && bytes < column; ) {
    const code = text.codePointAt(from)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    from += code < 0x10000 ? 1 : 2;
  }
  const word = /^(?:"[^"\n]*"?|[\w.+-]+|.)/u.exec(text.slice(from, Math.min(end, from + 200)));
  if (word) return { from, to: from + word[0].length };
  // at the end of a line there is nothing to mark but what comes before
  return { from: Math.max(0, from - 1), to: from };
}

/** What about the term is wrong is its operation, where that is what the refusal speaks of. */
const OF_OPERATION = /^(?:unknown op|\S+ takes |\S+ needs |expected \w+, got \w+$|term exceeds max )/;

function inTerm(root: SyntaxNode, text: string, path: number[], what: string): Span {
  let node = root;
  for (const place of path) {
    const next = valuesOf(node)[place];
    if (!next) break;
    node = next;
  }
  if (OF_OPERATION.test(what)) return whole(opOf(node) ?? node);
  // `Action.attempts …`, `Chain[1].provider_id …`, `Recipe[2] …`
  const part = /^(?:Action|Chain|Recipe)(?:\[(\d+)\])?(?:\.(\w+))?/.exec(what);
  if (part?.[1]) node = valuesOf(node)[Number(part[1]) - 1] ?? node;
  const value = part?.[2] && node.name === "Object" ? propertiesOf(node, text).get(part[2])?.value : undefined;
  return whole(value ?? node);
}

function inObject(root: SyntaxNode, text: string, path: string[], what: string): Span {
  let node = root;
  let mark: Span = root;
  for (const key of path) {
    const property = node.name === "Object" ? propertiesOf(node, text).get(key) : undefined;
    if (!property) break;
    node = property.value ?? property.key;
    mark = node;
  }
  const named = /(?:unknown \w+|extension|core field) '([^']*)'/.exec(what)?.[1];
  if (named === undefined) return whole(mark);
  const key = node.name === "Object" ? propertiesOf(node, text).get(named)?.key : undefined;
  const element = node.name === "Array" ? valuesOf(node).find((value) => stringOf(value, text) === named) : undefined;
  return whole(key ?? element ?? mark);
}

/** The first term of an operation that has this argument. */
function occurrence(node: SyntaxNode, text: string, op: string, argument: string): Span | undefined {
  const [first, second] = valuesOf(node);
  if (first && second && stringOf(first, text) === op && stringOf(second, text) === argument) return whole(second);
  for (const value of valuesOf(node)) {
    const found = value.name === "Array" ? occurrence(value, text, op, argument) : undefined;
    if (found) return found;
  }
  return undefined;
}

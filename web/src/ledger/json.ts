/**
 * JSON as text, taken apart without reading what is in it: the engine reads numbers its own way, and
 * digests are of texts.
 */

import { isObject, parsed } from "../values.js";

/** The strings, brackets, colons and commas of a JSON text, in their order: where each begins and ends. */
export function* tokens(text: string): Generator<[from: number, to: number]> {
  const token = /["{}[\],:]/g;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '"') token.lastIndex = endOfString(text, found.index);
    yield [found.index, token.lastIndex];
  }
}

/** Where a string ends that begins here, its second quote included. */
function endOfString(text: string, from: number): number {
  let end = from;
  let slash: number;
  do {
    end = text.indexOf('"', end + 1);
    slash = end;
    while (text[slash - 1] === "\\") slash -= 1;
  } while ((end - slash) % 2 === 1);
  return end + 1;
}

/** The members of an object in their order, the values as they stand in the text; nothing for what is no object. */
export function members(text: string): [key: string, value: string][] | undefined {
  if (!isObject(parsed(text))) return undefined;
  const found: [string, string][] = [];
  let depth = 0;
  let key: string | undefined;
  let begin = 0;
  for (const [from, to] of tokens(text)) {
    const token = text[from]!;
    const ends = depth === 1 && (token === "," || token === "}");
    if (ends && key !== undefined) found.push([key, text.slice(begin, from).trim()]);
    if (depth === 1 && token === ":") key = JSON.parse(text.slice(begin, from));
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (depth === 1 && "{,:".includes(token)) begin = to;
  }
  return found;
}

/** The order of the UTF-8 of two texts. That of UTF-16 has pairs of surrogates before U+E000. */
export function byUtf8(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

function rank(unit: number): number {
  if (Number.isNaN(unit)) return -1;
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

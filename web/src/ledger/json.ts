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

/** A member of an object: its key, and its value as it stands in the text. */
export type Member = [key: string, value: string];

/** The members of an object in their order; nothing for what is no object, or has a key that is not Unicode. */
export function members(text: string): Member[] | undefined {
  if (!isObject(parsed(text))) return undefined;
  const found: Member[] = [];
  let key: string | undefined;
  for (const { from, to, ends } of parts(text)) {
    if (ends === ":") key = JSON.parse(text.slice(from, to));
    else if (key !== undefined) found.push([key, text.slice(from, to).trim()]);
  }
  return found.some(([key]) => /\p{Surrogate}/u.test(key)) ? undefined : found;
}

/** The elements of an array as they stand in the text; nothing for what is no array. */
export function elements(text: string): string[] | undefined {
  const value = parsed(text);
  if (!Array.isArray(value)) return undefined;
  return value.length === 0 ? [] : Array.from(parts(text), ({ from, to }) => text.slice(from, to).trim());
}

/** What stands between the outermost brackets, colons and commas of an array or an object. */
function* parts(text: string): Generator<{ from: number; to: number; ends: string }> {
  let depth = 0;
  let begin = 0;
  for (const [from, to] of tokens(text)) {
    const token = text[from]!;
    if (token === "{" || token === "[") depth += 1;
    else if (depth === 1 && token !== '"') yield { from: begin, to: from, ends: token };
    if (token === "}" || token === "]") depth -= 1;
    if (depth === 1 && "{[,:".includes(token)) begin = to;
  }
}

/** An object of these members. */
export function object(members: Iterable<Member>): string {
  return `{${Array.from(members, ([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
}

/** The value of the first member of this name, as it stands in the text. */
export function valueOf(members: readonly Member[], name: string): string | undefined {
  return members.find(([key]) => key === name)?.[1];
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

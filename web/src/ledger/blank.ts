import { utf8ToBytes } from "@noble/hashes/utils.js";
import { tokens } from "./json.js";

/** The members of a request whose strings policies look at. */
const LOOKED_AT = ["requirements", "response_format", "scope"];

/** What comes after a key. */
const COLON = /\s*:/y;

/**
 * The request with every string blanked but those that policies look at: as many bytes, each an `x`.
 * Keys stay. It is JSON that the engine wrote.
 */
export function blank(request: string): string {
  return blanked(request).text;
}

/** As `blank`, and how many bytes were blanked: where there are none, nothing was said. */
export function blanked(request: string): { text: string; bytes: number } {
  let out = "";
  let bytes = 0;
  let copied = 0;
  let depth = 0;
  // the key at depth 1 that the text is under
  let kept = false;
  for (const [from, to] of tokens(request)) {
    const token = request[from]!;
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (token !== '"') continue;
    COLON.lastIndex = to;
    const isKey = COLON.test(request);
    const text: string = JSON.parse(request.slice(from, to));
    if (isKey && depth === 1) kept = LOOKED_AT.includes(text);
    if (isKey || kept) continue;
    const length = utf8ToBytes(text).length;
    out += `${request.slice(copied, from)}"${"x".repeat(length)}"`;
    bytes += length;
    copied = to;
  }
  return { text: out + request.slice(copied), bytes };
}

import type { Columns } from "../worker/protocol.js";
import { isRecord } from "./texts.js";
import { readWork, type Work } from "./work.js";

/** How many of the ranking a link carries. */
const FIRST = 8;
/** The longest link that is read, unpacked, in bytes: what the engine reads. */
const LONGEST = 16 * 1024 * 1024;
const VERSION = "#1.";

/** A decision in short: enough to say what is different about another one. */
export interface Claim {
  digest: string;
  identity: string;
  cost: string;
  ranked: number;
  rejected: number;
  /** The first of the ranking: an index, and the bits of the score in 16 hexadecimal digits. */
  first: [number, string][];
}

/** What a link carries: everything the page decides by, and what was decided. */
export interface Carried extends Work {
  claim?: Claim;
}

/** The fragment of a link: the version, then deflated JSON in base64url. */
export async function encode(carried: Carried): Promise<string> {
  const plain = new Blob([JSON.stringify(carried)]).stream();
  const packed = new Response(plain.pipeThrough(new CompressionStream("deflate-raw")));
  return VERSION + toBase64Url(new Uint8Array(await packed.arrayBuffer()));
}

/** Reads a fragment. What is wrong with it is thrown as an error, in words. */
export async function decode(fragment: string): Promise<Carried> {
  if (!fragment.startsWith(VERSION)) {
    throw new Error(`it begins with ${JSON.stringify(fragment.slice(0, 8))}, expected "${VERSION}"`);
  }
  const { claim, ...work } = readWork(await unpacked(fromBase64Url(fragment.slice(VERSION.length))));
  if (claim === undefined) return work;
  if (!isClaim(claim)) throw new Error("what it says of the decision is malformed");
  return { ...work, claim };
}

function isClaim(value: unknown): value is Claim {
  if (!isRecord(value) || !Array.isArray(value.first)) return false;
  const texts = [value.digest, value.identity, value.cost].every((text) => typeof text === "string");
  const numbers = [value.ranked, value.rejected].every(Number.isSafeInteger);
  const pair = (one: unknown) =>
    Array.isArray(one) && Number.isSafeInteger(one[0]) && /^[0-9a-f]{16}$/.test(String(one[1]));
  return texts && numbers && value.first.every(pair);
}

export function claimOf({ digest, identity, cost, ordered, rejected, scores }: Columns): Claim {
  const best = [...ordered.subarray(0, FIRST)];
  const first = best.map((candidate, at): [number, string] => [candidate, bits(scores[at]!)]);
  return { digest, identity, cost, ranked: ordered.length, rejected: rejected.length, first };
}

/** What is different about a decision, in sentences; none where it is the same one. */
export function differences(claim: Claim, made: Columns, name: (candidate: number) => string): string[] {
  const now = claimOf(made);
  if (now.digest === claim.digest) return [];
  const found: string[] = [];
  const differs = (what: string, was: unknown, is: unknown) => {
    if (was !== is) found.push(`${what}: the link says ${was}, here it is ${is}`);
  };
  differs("identity of the policy that ran", claim.identity, now.identity);
  differs("cost", claim.cost, now.cost);
  differs("candidates ranked", claim.ranked, now.ranked);
  differs("candidates rejected", claim.rejected, now.rejected);
  const at = claim.first.findIndex(([candidate, score], at) => {
    const [other, own] = now.first[at] ?? [];
    return candidate !== other || score !== own;
  });
  const [was, is] = [claim.first[at], now.first[at]];
  if (was && is && was[0] !== is[0]) differs(`place ${at + 1}`, name(was[0]), name(is[0]));
  else if (was && is) differs(`score at place ${at + 1}, ${name(was[0])}`, scoreOf(was[1]), scoreOf(is[1]));
  if (found.length === 0) {
    found.push("the difference is in what the link does not carry: later places, reasons, or the request");
  }
  found.push(`digest: the link says ${claim.digest}, here it is ${now.digest}`);
  return found;
}

const view = new DataView(new ArrayBuffer(8));

function bits(score: number): string {
  view.setFloat64(0, score);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

function scoreOf(bits: string): number {
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const wrong = text.search(/[^\w-]/);
  if (wrong !== -1) throw new Error(`there is ${JSON.stringify(text[wrong])} in it, at ${VERSION.length + wrong}`);
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  } catch {
    throw new Error("it is cut off: its length is none of base64url");
  }
}

async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = plain.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value as Uint8Array<ArrayBuffer>);
      size += value.length;
      // a few bytes may unpack to very many
      if (size > LONGEST) break;
    }
  } catch {
    throw new Error("it is damaged: what it carries cannot be unpacked");
  }
  if (size > LONGEST) throw new Error("it carries more than 16 MiB");
  return new Blob(parts).text();
}

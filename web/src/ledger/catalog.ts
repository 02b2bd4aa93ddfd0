/**
 * A catalog with its changes, as the text that a stateless decision takes.
 *
 * The values of members keep their text: the engine reads numbers its own way.
 */

import { parsed } from "../values.js";
import { elements, type Member, members, object, valueOf } from "./json.js";

/** A catalog as it stands after some changes. It does not change; versions share what they have in common. */
export interface Version {
  /** Objects as JSON text. */
  candidates: readonly string[];
  /** Sections of the state, each an object as JSON text; nothing for a catalog without one. */
  state: ReadonlyMap<string, string> | undefined;
  vocabulary: string | undefined;
  /** Characters that no other version has, and one for each candidate. */
  weight: number;
}

const MEMBERS = ["candidates", "state", "vocabulary"];

/** Reads a catalog; nothing where it is none, or has a member more. */
export function read(text: string): Version | undefined {
  const whole = members(text);
  const listed = whole && valueOf(whole, "candidates");
  const candidates = listed === undefined ? undefined : elements(listed);
  if (!whole?.every(([key]) => MEMBERS.includes(key)) || !candidates?.every(isObjectText)) return undefined;
  const stated = valueOf(whole, "state");
  const sections = stated === undefined ? [] : members(stated);
  if (!sections?.every(([, section]) => isObjectText(section))) return undefined;
  return {
    candidates,
    state: stated === undefined ? undefined : new Map(sections),
    vocabulary: valueOf(whole, "vocabulary"),
    weight: text.length + candidates.length,
  };
}

/** A JSON text that is an object. */
const isObjectText = (text: string): boolean => text.startsWith("{");

/** The candidates as one text. */
export function candidatesText({ candidates }: Version): string {
  return `[${candidates.join(",")}]`;
}

/**
 * The ctx of a stateless decision: a catalog, and the members of the ctx that was decided on, whose
 * state takes the place of the catalog's.
 */
export function withOwn(version: Version, candidates: string, own: readonly Member[]): string {
  const whole: Member[] = [["candidates", candidates]];
  if (version.state && valueOf(own, "state") === undefined) whole.push(["state", object(version.state)]);
  if (version.vocabulary !== undefined) whole.push(["vocabulary", version.vocabulary]);
  return object([...whole, ...own]);
}

/** How long that text is at least: what is put together has a bound. */
export function lengthOf({ candidates, state, vocabulary = "" }: Version, own: string): number {
  let length = own.length + vocabulary.length;
  for (const candidate of candidates) length += candidate.length + 1;
  for (const [name, section] of state ?? []) length += name.length + section.length;
  return length;
}

/** The members of an object by their keys, each with its values: an object that repeats a key stays one. */
type Table = Map<string, string[]>;

function table(text: string): Table | undefined {
  const read = members(text);
  if (!read) return undefined;
  const found: Table = new Map();
  for (const [key, value] of read) {
    const values = found.get(key);
    if (values) values.push(value);
    else found.set(key, [value]);
  }
  return found;
}

function set(table: Table, key: string, value: string): void {
  const values = table.get(key);
  if (values) values[0] = value;
  else table.set(key, [value]);
}

function text(table: Table): string {
  return object([...table].flatMap(([key, values]) => values.map((value): Member => [key, value])));
}

/** Changes of a version on the way to the next: what changes is taken apart once, however often it does. */
export class Draft {
  readonly #from: Version;
  readonly #candidates = new Map<number, Table>();
  readonly #sections = new Map<string, Table>();

  constructor(from: Version) {
    this.#from = from;
  }

  /** Makes changes as `Catalog.patch` does; `false` where they are none. */
  patch(changes: string): boolean {
    return elements(changes)?.every((text) => {
      const change = readChange(text);
      return change !== undefined && this.#make(change);
    }) ?? false;
  }

  #make({ candidate, set: values, provider, breaker_open, disabled, credits }: Change): boolean {
    if (provider === undefined) {
      const changed = this.#candidate(candidate);
      for (const [key, value] of values ?? []) if (changed) set(changed, key, value);
      return changed !== undefined;
    }
    if (breaker_open !== undefined) set(this.#section("breakers"), provider, breaker_open);
    if (credits !== undefined) set(this.#section("credits"), provider, credits);
    if (disabled === "true") set(this.#section("disabled"), provider, disabled);
    // a provider is disabled by any entry; a section that was not there stays away
    if (disabled === "false" && this.#has("disabled")) this.#section("disabled").delete(provider);
    return true;
  }

  #candidate(index = -1): Table | undefined {
    const known = this.#candidates.get(index);
    const before = this.#from.candidates[index];
    if (known || before === undefined) return known;
    const read = table(before);
    if (read) this.#candidates.set(index, read);
    return read;
  }

  #has(name: string): boolean {
    return this.#sections.has(name) || (this.#from.state?.has(name) ?? false);
  }

  #section(name: string): Table {
    let section = this.#sections.get(name);
    if (!section) {
      section = table(this.#from.state?.get(name) ?? "{}") ?? new Map();
      this.#sections.set(name, section);
    }
    return section;
  }

  /** The version after the changes. */
  finish(): Version {
    const candidates = [...this.#from.candidates];
    let weight = candidates.length;
    const written = (table: Table): string => {
      const found = text(table);
      weight += found.length;
      return found;
    };
    for (const [index, table] of this.#candidates) candidates[index] = written(table);
    const { state: before, vocabulary } = this.#from;
    const state = before || this.#sections.size > 0 ? new Map(before) : undefined;
    for (const [name, section] of this.#sections) state?.set(name, written(section));
    return { candidates, state, vocabulary, weight };
  }
}

/** A change; a text is JSON, and what is `null` is as nothing. */
interface Change {
  candidate?: number | undefined;
  set?: Member[] | undefined;
  provider?: string | undefined;
  breaker_open?: string | undefined;
  disabled?: string | undefined;
  credits?: string | undefined;
}

const FIELDS = ["candidate", "set", "provider", "breaker_open", "disabled", "credits"];

/** Nothing for what is no change, or has a member more than one. */
function readChange(text: string): Change | undefined {
  const all = members(text);
  if (!all) return undefined;
  const given = new Map(all.filter(([, value]) => value !== "null"));
  const [candidate, provider, set] = [given.get("candidate"), given.get("provider"), given.get("set")];
  const [breaker_open, disabled] = [given.get("breaker_open"), given.get("disabled")];
  const values = set === undefined ? undefined : members(set);
  const name = provider === undefined ? undefined : parsed(provider);
  const isChange = all.every(([key]) => FIELDS.includes(key))
    && new Set(all.map(([key]) => key)).size === all.length
    && (provider === undefined || (candidate === undefined && set === undefined))
    && (candidate === undefined || /^(?:0|[1-9]\d*)$/.test(candidate))
    && (set === undefined || values !== undefined)
    && (name === undefined || typeof name === "string")
    && [breaker_open, disabled].every((flag) => flag === undefined || flag === "true" || flag === "false");
  if (!isChange) return undefined;
  return {
    candidate: candidate === undefined ? undefined : Number(candidate),
    set: values,
    provider: name as string | undefined,
    breaker_open,
    disabled,
    credits: given.get("credits"),
  };
}

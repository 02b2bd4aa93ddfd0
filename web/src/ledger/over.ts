/** What was read before a decision: a catalog, and the changes that were made to it. */

import { parsed } from "../values.js";
import { Draft, read, type Version } from "./catalog.js";
import { members, valueOf } from "./json.js";
import { CHANGES, FOLLOWED_LENGTH, FOLLOWED_TIMES, INPUT_LENGTH, KEPT_VERSIONS, LINK_LENGTH } from "./limits.js";
import type { Over } from "./receipt.js";
import type { Texts } from "./texts.js";
import { NotRecorded } from "./verdict.js";

/** The text of changes, as it is recorded. */
interface Link {
  /** The digest of the changes before. */
  after: string | undefined;
  /** What was given to `Catalog.patch`. */
  changes: string;
}

/**
 * The catalogs of a ledger. Decisions follow each other over one catalog, so that most often there is
 * nothing to do, or one change to make; versions that are decided over in turns are kept.
 */
export class Catalogs {
  readonly #texts: Texts;
  /** By the digests of the catalog and of the last change; the one that was used last comes last. */
  readonly #kept = new Map<string, Version>();
  #weight = 0;
  /** Characters of all changes that were followed. */
  #followed = 0;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** The catalog after its changes; what cannot be put together is `NotRecorded`. */
  version({ catalog, changes }: Over): Version {
    const links: string[] = [];
    let version = this.#find(catalog, changes);
    for (let next = changes; !version && next !== undefined; version = this.#find(catalog, next)) {
      if (links.length === CHANGES) throw new NotRecorded(`over.changes: expected at most ${CHANGES} changes`);
      const link = this.#link(next);
      links.push(link.changes);
      next = link.after;
    }
    version ??= this.#read(catalog);
    if (links.length === 0) return version;
    const draft = new Draft(version);
    for (const changes of links.reverse()) {
      if (!draft.patch(changes)) throw new NotRecorded("over.changes: expected changes of the catalog");
    }
    return this.#keep(catalog, changes, draft.finish());
  }

  #link(digest: string): Link {
    const text = this.#texts.getShort(digest, "over.changes", LINK_LENGTH);
    this.#followed += text.length;
    if (this.#followed > FOLLOWED_LENGTH + FOLLOWED_TIMES * this.#texts.bytes) {
      throw new NotRecorded(`over.changes: expected changes that are followed at most ${FOLLOWED_TIMES} times`);
    }
    const link = readLink(text);
    if (!link) throw new NotRecorded("over.changes: expected {after?, changes}");
    return link;
  }

  #read(catalog: string): Version {
    const version = read(this.#texts.getShort(catalog, "over.catalog", INPUT_LENGTH));
    if (!version) throw new NotRecorded("over.catalog: expected a catalog");
    return this.#keep(catalog, undefined, version);
  }

  #find(catalog: string, changes: string | undefined): Version | undefined {
    const key = keyOf(catalog, changes);
    const found = this.#kept.get(key);
    if (found) {
      this.#kept.delete(key);
      this.#kept.set(key, found);
    }
    return found;
  }

  #keep(catalog: string, changes: string | undefined, version: Version): Version {
    this.#kept.set(keyOf(catalog, changes), version);
    this.#weight += version.weight;
    for (const [key, { weight }] of this.#kept) {
      if (this.#weight <= KEPT_VERSIONS || this.#kept.size === 1) break;
      this.#kept.delete(key);
      this.#weight -= weight;
    }
    return version;
  }
}

/** Digests are texts of a record, which may be anything. */
const keyOf = (catalog: string, changes: string | undefined): string => JSON.stringify([catalog, changes]);

/** Nothing for a text that is no link, and nothing else. */
function readLink(text: string): Link | undefined {
  const parts = members(text);
  const changes = parts && valueOf(parts, "changes");
  if (!parts || changes === undefined) return undefined;
  const after = parsed(valueOf(parts, "after") ?? "null");
  const isWhole = parts.length === new Set(parts.map(([key]) => key)).size
    && parts.every(([key]) => key === "after" || key === "changes")
    && (after === null || typeof after === "string");
  return isWhole ? { after: (after as string | null) ?? undefined, changes } : undefined;
}

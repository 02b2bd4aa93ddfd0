/** Bounds on what is made again: what is longer was not written by a recorder, or no engine reads it. */

/** The most characters of a text that an engine takes: it reads 16 MiB. */
export const INPUT_LENGTH = 16 << 20;

/** The most characters of a ctx that is put together. */
export const CTX_LENGTH = 4 * INPUT_LENGTH;

/** The most characters of the text of changes: an input of the engine, and the digest of those before. */
export const LINK_LENGTH = INPUT_LENGTH + 128;

/** The most changes of one catalog, as in the host. */
export const CHANGES = 1_000_000;

/**
 * How far the changes of a ledger are followed, all in all, in characters: so many times the bytes of its texts,
 * plus so many. A recorder names one change after the other, each of which is followed once.
 */
export const FOLLOWED_TIMES = 8;
export const FOLLOWED_LENGTH = 64 << 20;

/** Versions of catalogs that are kept: characters that are theirs alone, and one for each candidate. */
export const KEPT_VERSIONS = 16 << 20;

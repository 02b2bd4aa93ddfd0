/** What a record says of a decision, a step or a ranking: enough to make it again and to compare. */

import { anything, boolean, map, optional, record, type Shape, string } from "./shape.js";

/** What decided: the digests of the component and of its core module, and what ran it. */
const engine = record({ component: string, core: string, path: string, runtime: string, version: string });

/** Who is chosen or called, for people. */
const chosen = record({ model: string, provider: string });

/** Units of a runtime that is not here. They are read and not compared. */
const fuel = record({ limit: string, used: optional(string) });

/** A catalog that was read before: the digest of its text, and of the last change, `{after?, changes}`. */
const over = record({ catalog: string, changes: optional(string) });

/** A router that was read before: the digests of its text, and of the state that took the place of its own. */
const overRouter = record({ router: string, state: optional(string) });

/** The members of a ctx: short ones as JSON text, others by the digests of their texts. */
const ctx = record({
  blanked: boolean,
  /** Of the text that was decided on, where a limit of cost depends on them. */
  bytes: optional(string),
  inline: map(string),
  sha256: string,
  texts: map(string),
});

/** The body of a record of kind `decision`. */
export const decision = record({
  catalog: optional(string),
  chosen: optional(chosen),
  /** The most that it was allowed to cost, decimal. */
  cost_limit: optional(string),
  ctx,
  engine,
  fuel: optional(fuel),
  /** `{"decision": …}`, `{"refused": code}` or `{"stopped": code}`. */
  outcome: anything,
  over: optional(over),
  /** The digests of the text that was given, and of the canonical encoding of its normal form. */
  policy: record({ canonical: optional(string), sha256: string }),
  request: optional(string),
  result: string,
  seed: optional(string),
});

/** The body of a record of kind `step`. */
export const step = record({
  chosen: optional(chosen),
  engine,
  event: string,
  fuel: optional(fuel),
  kind: optional(string),
  /** `{"turn": …}`, everything by digest, or as for a decision. */
  outcome: anything,
  /** Of a step over a router, whose members are not in the event. */
  over: optional(overRouter),
  result: string,
  run: optional(string),
  texts: boolean,
});

/** The body of a record of kind `rank`. */
export const rank = record({
  /** The digest of `{contract, now_ms}`. */
  ask: string,
  chosen: optional(chosen),
  engine,
  fuel: optional(fuel),
  /** `{"ranking": …}`, or as for a decision. */
  outcome: anything,
  result: string,
  /** The digest of `{admission?, config, multipliers?, state?}`. */
  router: string,
  /** The digest of the state that took the place of the router's. */
  state: optional(string),
  texts: boolean,
});

type Of<S> = S extends Shape<infer T> ? T : never;
export type Chosen = Of<typeof chosen>;
export type Over = Of<typeof over>;
export type DecisionReceipt = Of<typeof decision>;
export type StepReceipt = Of<typeof step>;
export type RankReceipt = Of<typeof rank>;

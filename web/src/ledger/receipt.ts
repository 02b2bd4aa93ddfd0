/** What a record says of a decision or a step: enough to make it again and to compare. */

import { anything, boolean, map, optional, record, type Shape, string } from "./shape.js";

/** What decided: the digests of the component and of its core module, and what ran it. */
const engine = record({ component: string, core: string, path: string, runtime: string, version: string });

/** Who is called, for people. */
const chosen = record({ model: string, provider: string });

/** Units of a runtime that is not here. They are read and not compared. */
const fuel = record({ limit: string, used: optional(string) });

/** The body of a record of kind `decision`. */
export const decision = record({
  catalog: optional(string),
  chosen: optional(chosen),
  /** The members of the ctx: short ones as JSON text, others by the digests of their texts. */
  ctx: record({ blanked: boolean, inline: map(string), sha256: string, texts: map(string) }),
  engine,
  fuel: optional(fuel),
  /** `{"decision": …}`, `{"refused": code}` or `{"stopped": code}`. */
  outcome: anything,
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
  result: string,
  run: optional(string),
  texts: boolean,
});

type Of<S> = S extends Shape<infer T> ? T : never;
export type Chosen = Of<typeof chosen>;
export type DecisionReceipt = Of<typeof decision>;
export type StepReceipt = Of<typeof step>;

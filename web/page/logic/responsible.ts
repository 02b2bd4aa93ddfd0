import type { Pred } from "../../src/index.js";

/** The reason a predicate rejects the candidate in question for, or nothing where it passes. */
export type Ask = (pred: Pred) => string | undefined;

/** A policy whose filter is this predicate, and that does nothing else. */
export const policyOf = (pred: Pred): unknown =>
  ["policy", pred, ["zero"], ["ordered"], ["id"], ["always", { action: "abort" }]];

/**
 * The conjuncts of a filter that reject a candidate for a reason: paths of argument places below
 * the filter, `[]` being the filter itself.
 *
 * Conjunctions are what is walked through, since only they say where a candidate fails; what
 * `or` and `not` say is said by them as a whole. Who fails is the engine's answer, each time.
 */
export function responsible(ask: Ask, filter: Pred, reason: string): number[][] {
  const found: number[][] = [];
  const walk = (pred: Pred, path: number[]): void => {
    if (Array.isArray(pred) && pred[0] === "and") {
      for (const [at, conjunct] of pred.slice(1).entries()) walk(conjunct as Pred, [...path, at + 1]);
    } else if (ask(pred) === reason) {
      found.push(path);
    }
  };
  walk(filter, []);
  return found;
}

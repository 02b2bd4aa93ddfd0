import { finiteOrText } from "../../src/number.js";
import type { Columns } from "../worker/protocol.js";
import { type Candidate, modelOf, providerOf } from "./candidate.js";
import type { Answered, Run } from "./run.js";

/**
 * What was decided and what came of it, in full: the decision as `sigmapol decide --json` prints it, without what is
 * measured, and the run with its whole trace.
 */
export function documentOf(
  made: Columns,
  candidates: readonly Candidate[],
  run: Run | undefined,
  answers: readonly Answered[],
): string {
  const named = (candidate: number) => (
    { candidate, provider: providerOf(candidates[candidate]), model: modelOf(candidates[candidate]) }
  );
  const decision = {
    identity: made.identity,
    ordered: Array.from(made.ordered, (at, rank) => ({ ...named(at), score: finiteOrText(made.scores[rank]!) })),
    rejected: Array.from(made.rejected, (at, row) => ({ ...named(at), reason: made.reasons[made.why[row]!]! })),
    ...(made.request === undefined ? {} : { request: JSON.parse(made.request) as unknown }),
    cost: Number(made.cost),
    result: made.digest,
  };
  if (!run) return JSON.stringify({ decision }, undefined, 2);
  const end = run.events.at(-1);
  const done = end?.kind === "done" ? { ok: end.ok, ...(end.ok ? {} : { error: end.what }) } : { calling: run.calling };
  return JSON.stringify({ decision, run: { ...done, answers, trace: run.trace } }, undefined, 2);
}

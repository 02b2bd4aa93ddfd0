import type * as engine from "../build/component/interfaces/sigmapol-policy-engine.js";

/** What a run wants from its host. */
export type Effect =
  /** Send this request to the provider it names. */
  | { kind: "call"; request: CallRequest }
  /** Resume at this time, in milliseconds of the clock that the events carry. */
  | { kind: "wait"; untilMs: number }
  /** The run is over: an answer or an error, with the whole trace. */
  | { kind: "done"; outcome: Record<string, unknown> };

/** A request for a provider. */
export interface CallRequest {
  provider_id: string;
  model_family: string;
  [key: string]: unknown;
}

/** What came of a step. */
export interface Turn {
  /** The state of the run, opaque; give it back with the next event. `{}` when the event belongs to none. */
  run: string;
  /** The runtime state after the event, to be shared with other runs. */
  state: string;
  effect: Effect;
  logs: Record<string, unknown>[];
  /** Work units, computed from sizes alone. */
  cost: bigint;
}

/** @internal */
export function turn({ run, state, effect, logs, cost }: engine.Turn): Turn {
  return { run, state, effect: read(effect), logs: logs.map((log) => JSON.parse(log)), cost };
}

function read(effect: engine.Effect): Effect {
  switch (effect.tag) {
    case "call":
      return { kind: "call", request: JSON.parse(effect.val) };
    case "wait":
      return { kind: "wait", untilMs: effect.val };
    case "done":
      return { kind: "done", outcome: JSON.parse(effect.val) };
  }
}

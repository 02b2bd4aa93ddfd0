import type * as engine from "../build/component/interfaces/sigmapol-policy-engine.js";
import { costNumber, finiteOrText } from "./number.js";
import type { CallRequest, FlowCall } from "./outcome.js";

/** What a run wants from its host. */
export type Effect<Outcome = Record<string, unknown>, Call = CallRequest | FlowCall> =
  /** Send this request to the provider it names; or, in a flow, answer this node. */
  | { kind: "call"; request: Call }
  /** Resume at this time, in milliseconds of the clock that the events carry. */
  | { kind: "wait"; untilMs: number }
  /** The run is over: an answer or an error, with the whole trace. */
  | { kind: "done"; outcome: Outcome };

/** What came of a step. */
export class Turn<Outcome = Record<string, unknown>, Call = CallRequest | FlowCall> {
  /** The state of the run, opaque; give it back with the next event. `{}` when the event belongs to none. */
  readonly run: string;
  /** The runtime state after the event, to be shared with other runs. */
  readonly state: string;
  readonly effect: Effect<Outcome, Call>;
  readonly logs: readonly Record<string, unknown>[];
  /** Work units, computed from sizes alone. */
  readonly cost: bigint;

  /** @internal */
  constructor({ run, state, effect, logs, cost }: engine.Turn) {
    this.run = run;
    this.state = state;
    this.effect = read(effect) as Effect<Outcome, Call>;
    this.logs = logs.map((log) => JSON.parse(log));
    this.cost = cost;
  }

  /** The same members, for `JSON.stringify`: the cost is a number, an infinite time the text that a score has. */
  toJSON(): object {
    const { run, state, effect, logs, cost } = this;
    const wanted = effect.kind === "wait" ? { ...effect, untilMs: finiteOrText(effect.untilMs) } : effect;
    return { run, state, effect: wanted, logs, cost: costNumber(cost) };
  }
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

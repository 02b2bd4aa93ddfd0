import type * as engine from "../build/component/interfaces/sigmapol-policy-engine.js";

/** Why an input was refused. The set is closed; the contract of the engine says what each means. */
export type RefusalCode =
  // texts
  | "json-syntax" | "json-duplicate-key" | "json-null" | "json-number" | "json-nesting" | "input-size"
  // terms
  | "term-depth" | "term-nodes" | "term-shape" | "unknown-op" | "arity" | "sort-mismatch" | "parameter"
  | "strict" | "vocabulary" | "not-a-policy" | "unknown-custom"
  // what a decision or a step is given
  | "ctx" | "seed" | "event" | "run" | "config" | "flow" | "unsupported";

/** The engine refused its input. The message starts with the position and says what was expected. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
  }

  /** @internal */
  static of({ code, message }: engine.Refusal): Refusal {
    return new Refusal(code, message);
  }
}

/** The engine stopped, for lack of memory or in a way that no input should make it stop. */
export class Trap extends Error {
  override readonly name = "Trap";
  readonly code = "trap";

  constructor(cause: unknown) {
    super(`the component stopped: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * sigmapol: decides which LLM a call goes to, by a policy that is data.
 *
 * ```ts
 * import { load } from "sigmapol";
 *
 * const engine = await load();
 * const decision = engine.decide(policy, { candidates, request, seed: 42 });
 * ```
 */

export type * from "./ctx.js";
export { Decision, type DecisionJson, type Ranked, type Reaction, type Rejected } from "./decision.js";
export { COMPONENT_SHA256, CORE_SHA256 } from "./digests.js";
export { type Admission, Catalog, type Change, type Decide, Engine, type Json, load } from "./engine.js";
export { Refusal, type RefusalCode, Trap } from "./error.js";
export type * from "./event.js";
export type * from "./outcome.js";
export type * from "./router.js";
export type * from "./term.js";
export { type Effect, Turn } from "./turn.js";

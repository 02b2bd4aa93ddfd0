/** A router that was read before, and the events that are put to it. */

import { type Member, members, object, valueOf } from "./json.js";
import { INPUT_LENGTH } from "./limits.js";
import { eventKind } from "./outcome.js";
import type { Texts } from "./texts.js";
import { NotRecorded } from "./verdict.js";

/** The members of a router that events of these kinds take; the others take `admission` alone. */
const TAKEN = new Map([
  ["init", ["admission", "config"]],
  ["rank", ["admission", "config", "multipliers"]],
  ["start", ["admission", "config", "multipliers"]],
  ["status", ["admission", "config"]],
]);

/** The members of a text; one that is no object is `NotRecorded`, and so is one that no engine would read. */
export function membersOf(texts: Texts, digest: string, place: string): Member[] {
  const read = members(texts.getShort(digest, place, INPUT_LENGTH));
  if (!read) throw new NotRecorded(`${place}: expected an object`);
  return read;
}

/** Whether an event has a state of its own. */
export function hasState(event: string): boolean {
  const read = members(event);
  return read !== undefined && valueOf(read, "state") !== undefined;
}

/**
 * The event with the members of the router that its kind takes, and a state where it has none: this one, or that
 * of the router. What is no object stays as it is.
 */
export function putInto(router: readonly Member[], event: string, state: string | undefined): string {
  const own = members(event);
  if (!own) return event;
  const taken = TAKEN.get(eventKind(event) ?? "") ?? ["admission"];
  const isStated = valueOf(own, "state") !== undefined;
  const added = router.filter(([key]) => (key === "state" ? !isStated && state === undefined : taken.includes(key)));
  if (state !== undefined && !isStated) added.push(["state", state]);
  return object([...added, ...own]);
}

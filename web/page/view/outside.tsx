import { visible } from "../logic/visible.js";

/**
 * A text that the page did not write: a name, a reason, an answer. It is a unit of its own, whichever way it is
 * written, and what cannot be seen in it is shown.
 */
export function Outside({ text }: { text: string }) {
  return <bdi>{visible(text)}</bdi>;
}

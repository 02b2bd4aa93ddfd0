import type { State } from "../../src/index.js";

/** Everything a decision may know but the candidates. Texts are JSON; an empty one is absent. */
export interface Question {
  policy: string;
  request: string;
  vocabulary: string;
  envelope: string;
  customs: string;
  /** A number, or the text that is none. */
  seed?: number | string;
  now_ms?: number | string;
  state: State;
}

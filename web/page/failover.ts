/**
 * A run of the real machine: what providers have answered so far, and what came of it.
 */

import { computed, effect, signal } from "@preact/signals";
import { nameOf } from "./logic/candidate.js";
import type { Answered, Run } from "./logic/run.js";
import * as page from "./state.js";
import { client } from "./update.js";

/** What providers have answered so far; a change of anything begins a new run. */
export const answers = signal<readonly Answered[]>([]);
export const run = signal<Run | undefined>(undefined);
/** Why there is no run. */
export const failed = signal("");
/** How many parts of the page show the run; one that nobody sees is not made. */
const watchers = signal(0);

/** Shows that a part of the page shows the run; the result takes that back. */
export function watch(): () => void {
  watchers.value += 1;
  return () => {
    watchers.value -= 1;
  };
}

let asked = 0;
let before: unknown;
effect(() => {
  const { decision } = page.answer.value;
  const given = answers.value;
  if (watchers.value === 0) return;
  const mine = ++asked;
  if (decision !== before) {
    before = decision;
    if (given.length > 0) {
      answers.value = [];
      return;
    }
  }
  if (!decision) {
    run.value = undefined;
    failed.value = "There is no decision to follow.";
    return;
  }
  void client.call("run", { question: page.question.peek(), answers: [...given] }).then(
    (made) => {
      if (mine !== asked) return;
      run.value = made;
      failed.value = "";
    },
    (error: Error) => {
      if (mine === asked) [run.value, failed.value] = [undefined, error.message];
    },
  );
});

/** What the machine says beside what the decision says. */
export const notes = computed(() => {
  const made = run.value;
  const { decision } = page.answer.value;
  if (!made || !decision) return [];
  const names = [...decision.ordered].map((at) => nameOf(page.candidates.peek()[at]));
  const at = names.findIndex((name, at) => name !== made.ranked[at]);
  const place = at === -1 && names.length !== made.ranked.length ? Math.min(names.length, made.ranked.length) : at;
  if (place === -1) return made.notes;
  const differs = `The run ranks differently from the decision, from place ${place + 1} on: ` +
    `${made.ranked[place] ?? "nobody"} instead of ${names[place] ?? "nobody"}.`;
  return [differs, ...made.notes];
});

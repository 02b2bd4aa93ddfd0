/**
 * Keeps the answer up with what is edited: one question at a time is with the worker, and what
 * changed meanwhile is asked as one.
 */

import { batch, effect } from "@preact/signals";
import type { Candidate } from "./logic/candidate.js";
import * as page from "./state.js";
import { Client, first } from "./worker/client.js";
import type { Edit } from "./worker/protocol.js";

export const client = new Client(first());

/** The candidates that the worker has. */
let sent: readonly Candidate[] | undefined;
/** The first answer: what can wait waits for it. */
export const decided = new Promise<void>((resolve) => {
  page.answer.subscribe((answer) => {
    if (answer.decision || answer.faults.length > 0) requestAnimationFrame(() => setTimeout(resolve));
  });
});
/** The catalog that the last answer is about: what was decided over another one does not stay. */
let answered = 0;
let asking = false;
let stale = true;

async function ask(): Promise<void> {
  asking = true;
  while (stale) {
    stale = false;
    page.busy.value = true;
    try {
      if (sent !== page.candidates.peek()) {
        sent = page.candidates.peek();
        void client.call("candidates", sent as Candidate[]).catch(() => undefined);
      }
      const answer = await client.call("decide", page.question.peek());
      batch(() => {
        page.answer.value = answer;
        if (answer.decision || page.loaded.peek() !== answered) page.decision.value = answer.decision;
        answered = page.loaded.peek();
      });
    } catch (error) {
      // a new worker knows no candidates; the same question would only hang it again
      sent = undefined;
      page.answer.value = { faults: [], notes: [] };
      page.showError((error as Error).message);
    }
  }
  asking = false;
  page.busy.value = false;
}

effect(() => {
  page.question.value;
  page.candidates.value;
  stale = true;
  if (!asking) void ask();
});

/** Changes the candidates here and in the worker, which need not be sent all of them again. */
export function edit(change: Edit): void {
  const next = [...page.candidates.peek()];
  next.splice(change.at, change.remove, ...change.with);
  if (sent === page.candidates.peek()) {
    sent = next;
    void client.call("edit", change).catch(() => undefined);
  }
  page.candidates.value = next;
}

/** What is responsible for a rejection: asked when somebody inspects one. */
let inspecting = 0;
effect(() => {
  const candidate = page.inspected.value;
  const { decision } = page.answer.value;
  const at = decision && candidate !== undefined ? decision.rejected.indexOf(candidate) : -1;
  inspecting += 1;
  if (!decision || candidate === undefined || at === -1) {
    page.responsible.value = undefined;
    return;
  }
  const mine = inspecting;
  const reason = decision.reasons[decision.why[at]!]!;
  void client.call("responsible", { question: page.question.peek(), candidate, reason }).then((found) => {
    if (mine === inspecting) page.responsible.value = found;
  }, () => undefined);
});

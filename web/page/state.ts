/**
 * Everything the page knows, in one place. What a person edits is here once; what follows from it
 * is computed.
 */

import { batch, computed, signal } from "@preact/signals";
import type { State } from "../src/index.js";
import { type Candidate, textOf } from "./logic/candidate.js";
import { EXAMPLES } from "./logic/examples.js";
import type { Question } from "./logic/question.js";
import { isRecord } from "./logic/texts.js";
import type { Work } from "./logic/work.js";
import type { Answer, Audit, Columns, Responsible } from "./worker/protocol.js";

const first = EXAMPLES[0]!;

/** Texts of JSON, as they are being written. */
export const policy = signal(first.policy);
export const request = signal(first.request);
export const vocabulary = signal(first.vocabulary);
export const envelope = signal(first.envelope);
export const customs = signal(first.customs);

/** Numbers as they are being written; empty where there is none. */
export const seed = signal(first.seed);
export const nowMs = signal(first.nowMs);

export const state = signal<State>(first.state);
export const candidates = signal<readonly Candidate[]>(first.candidates);

/** Counts the catalogs that have been put in place of another. */
export const loaded = signal(0);

/** All that is edited, as it is now. */
export const work = computed<Work>(() => ({
  policy: policy.value,
  request: request.value,
  vocabulary: vocabulary.value,
  envelope: envelope.value,
  customs: customs.value,
  seed: seed.value,
  nowMs: nowMs.value,
  state: state.value,
  candidates: candidates.value,
}));

/** Whether two works are one and the same: nothing was edited between them. */
export const isSame = (one: Work, other: Work): boolean =>
  (Object.keys(work.peek()) as (keyof Work)[]).every((key) => one[key] === other[key]);

/** The last answer, and what it answers. */
export const answer = signal<Answer>({ faults: [], notes: [] });
/** The last decision. It stays while something is being written that is refused. */
export const decision = signal<Columns | undefined>(undefined);
export const stale = computed(() => decision.value !== answer.value.decision);
/** Whether an answer is on its way. */
export const busy = signal(true);

/** Candidates by their indices: one that the catalog shows, and rejected ones that are asked about. */
export const shown = signal<number | undefined>(undefined);
export const chosen = signal<number | undefined>(undefined);
export const hovered = signal<number | undefined>(undefined);
export const inspected = computed(() => hovered.value ?? chosen.value);
/** What is responsible for the one that is inspected, once that is known. */
export const responsible = signal<Responsible | undefined>(undefined);

/** Which of the panels of tabs are seen. */
export const input = signal("catalog");
export const outcome = signal("sent");

/** A ledger that is read, or has been; `part` of it is done, 0 to 1. */
export const ledger = signal<{ name: string; bytes: number; part: number; audit?: Audit } | undefined>(undefined);

/** Why the work is not kept for the next visit, if it is not. */
export const notKept = signal("");

/** A sentence for everybody: what went wrong, what a link said, what can be undone. */
export interface Notice {
  tone: "good" | "bad" | "plain";
  title: string;
  lines: string[];
  undo?: () => void;
}
export const notice = signal<Notice | undefined>(undefined);

/** Says what went wrong. */
export function showError(title: string, lines: string[] = []): void {
  notice.value = { tone: "bad", title, lines };
}

const number = (text: string): number | string | undefined => {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
};

export const question = computed<Question>(() => {
  const [drawn, at] = [number(seed.value), number(nowMs.value)];
  return {
    policy: policy.value,
    request: request.value.trim(),
    vocabulary: vocabulary.value.trim(),
    envelope: envelope.value.trim(),
    customs: customs.value.trim(),
    state: state.value,
    ...(drawn === undefined ? {} : { seed: drawn }),
    ...(at === undefined ? {} : { now_ms: at }),
  };
});

/** Puts an example, or what a link or the browser has kept, in the place of everything. */
export const replaceWork = (next: Work): void => batch(() => {
  policy.value = next.policy;
  request.value = next.request;
  vocabulary.value = next.vocabulary;
  envelope.value = next.envelope;
  customs.value = next.customs;
  seed.value = next.seed;
  nowMs.value = next.nowMs;
  state.value = next.state;
  replaceCandidates(next.candidates);
});

/** Puts a catalog in the place of the other, and what else of a ctx comes with it. */
export const replaceCtx = (all: readonly Candidate[], rest: Record<string, unknown>): void => batch(() => {
  const text = (value: unknown) => (value === undefined ? "" : JSON.stringify(value, undefined, 2));
  replaceCandidates(all);
  vocabulary.value = text(rest.vocabulary);
  if (rest.request !== undefined) request.value = text(rest.request);
  if (rest.envelope !== undefined) envelope.value = text(rest.envelope);
  if (rest.customs !== undefined) customs.value = text(rest.customs);
  if (rest.seed !== undefined) seed.value = textOf(rest.seed);
  if (rest.now_ms !== undefined) nowMs.value = textOf(rest.now_ms);
  if (isRecord(rest.state)) state.value = rest.state;
});

function replaceCandidates(next: readonly Candidate[]): void {
  candidates.value = next;
  loaded.value += 1;
  shown.value = chosen.value = hovered.value = undefined;
}

/**
 * Candidates that were removed can be put back, the last one first.
 */

import { nameOf } from "./logic/candidate.js";
import type { Candidate } from "./logic/candidate.js";
import * as page from "./state.js";
import { edit } from "./update.js";

/** The most that can be put back. */
const MOST = 100;

/** Of the present catalog, the last one last. Rows are added at the end alone, so each place stays what it was. */
let removed: { at: number; candidate: Candidate }[] = [];
page.loaded.subscribe(() => (removed = []));

export function removeCandidate(at: number): void {
  const candidate = page.candidates.peek()[at];
  if (!candidate) return;
  removed = [...removed.slice(1 - MOST), { at, candidate }];
  page.shown.value = page.chosen.value = page.hovered.value = undefined;
  edit({ at, remove: 1, with: [] });
  announce();
}

/** Puts the last one back; says whether there was one. */
export function restoreCandidate(): boolean {
  const last = removed.at(-1);
  if (!last) return false;
  removed = removed.slice(0, -1);
  edit({ at: last.at, remove: 0, with: [last.candidate] });
  page.shown.value = last.at;
  announce();
  return true;
}

function announce(): void {
  const last = removed.at(-1);
  page.notice.value = last && {
    tone: "plain",
    title: `Removed candidate ${last.at}, ${nameOf(last.candidate)}.`,
    lines: [],
    undo: () => void restoreCandidate(),
  };
}

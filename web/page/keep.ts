/**
 * The browser keeps the work from one visit to the next. A link goes before it, and what was kept stays until
 * something is edited.
 */

import { effect } from "@preact/signals";
import { EXAMPLES } from "./logic/examples.js";
import { KEY, keptText, keptWork } from "./logic/kept.js";
import type { Work } from "./logic/work.js";
import { isOpened } from "./share.js";
import * as page from "./state.js";

/** How long nothing is edited before the work is kept, in milliseconds. */
const PAUSE_MS = 400;

let timer: ReturnType<typeof setTimeout> | undefined;

/** Brings back what was kept, if there is any. */
export function restoreWork(): void {
  try {
    const work = keptWork(localStorage.getItem(KEY));
    if (work) page.replaceWork(work);
  } catch {
    // a page from the disk may not be allowed to; then there is nothing
  }
}

/** Keeps the work from now on. */
export function keepWork(): void {
  let before = page.work.peek();
  effect(() => {
    const work = page.work.value;
    if (page.isSame(work, before)) return;
    before = work;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE_MS);
  });
  // what was edited last is kept too
  addEventListener("pagehide", () => {
    if (timer !== undefined) keep();
  });
}

function keep(): void {
  clearTimeout(timer);
  timer = undefined;
  if (isOpened()) return;
  const work = page.work.peek();
  // what the page begins with need not be kept
  const text = page.isSame(EXAMPLES[0]!, work) ? "" : keptText(work);
  page.notKept.value = text === undefined ? "it is too much for the browser" : "";
  try {
    if (!text) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, text);
  } catch {
    page.notKept.value = "the browser does not allow it";
  }
}

/** Puts an example in the place of everything. What was edited can be brought back; `title` says what happened. */
export function replaceWork(next: Work, title: string): void {
  const before = page.work.peek();
  page.replaceWork(next);
  if (EXAMPLES.some((example) => page.isSame(example, before))) {
    page.notice.value = undefined;
    return;
  }
  page.notice.value = {
    tone: "plain",
    title,
    lines: [],
    undo: () => {
      page.replaceWork(before);
      page.notice.value = undefined;
    },
  };
}

/** Puts the first example in the place of everything. */
export const startOver = (): void => replaceWork(EXAMPLES[0]!, "Started over, with the first example.");

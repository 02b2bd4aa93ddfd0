/**
 * Links: what the page shows goes into the fragment of its address, which no server sees, and
 * comes out of it.
 */

import { effect } from "@preact/signals";
import { nameOf } from "./logic/candidate.js";
import { type Claim, claimOf, decode, differences, encode } from "./logic/link.js";
import type { Work } from "./logic/work.js";
import * as page from "./state.js";

/** A link that long is cut by some programs, in characters. */
const LONG = 30_000;
/** A longer one is none: browsers have their limits. */
const LONGEST = 2_000_000;

/** What the last link said of the decision, until the decision has been made again. */
let claim: Claim | undefined;

/** What the address of the page is a link to, while it is one. */
let linked: Work | undefined;
/** Whether that link was opened, and not made here. */
let opened = false;

const isLinked = (): boolean => linked !== undefined && page.isSame(linked, page.work.peek());

/** Whether the page shows what a link brought, and nothing was edited since. */
export const isOpened = (): boolean => opened && isLinked();

/** Makes the address of this page a link to what it shows. */
export async function share(copy: (text: string) => Promise<boolean>): Promise<void> {
  const work = page.work.peek();
  const { decision } = page.answer.peek();
  const fragment = await encode({ ...work, ...(decision ? { claim: claimOf(decision) } : {}) });
  if (fragment.length > LONGEST) {
    const length = fragment.length.toLocaleString("en");
    return page.showError(`That is too much for a link: ${length} characters. Save the catalog instead.`);
  }
  history.replaceState(undefined, "", fragment);
  linked = work;
  opened = false;
  const done = await copy(location.href);
  const length = `${fragment.length.toLocaleString("en")} characters`;
  page.notice.value = {
    tone: "plain",
    title: done ? `The link is copied, ${length}.` : `The address of this page is the link now, ${length}.`,
    lines: [
      `It carries the policy, the catalog, the request and ${decision ? "the digest of the decision" : "no decision"}.`,
      ...(fragment.length > LONG ? ["Some programs cut links of that length."] : []),
    ],
  };
}

/** Opens the link in the address, if there is one; says whether there was one that can be read. */
export async function openLink(): Promise<boolean> {
  const fragment = location.hash;
  if (fragment === "" || fragment === "#") return false;
  page.notice.value = { tone: "plain", title: "Reading the link …", lines: [] };
  try {
    const { claim: claimed, ...work } = await decode(fragment);
    page.replaceWork(work);
    linked = page.work.peek();
    opened = true;
    claim = claimed;
    if (!claimed) {
      page.notice.value = { tone: "plain", title: "Opened from a link, which carries no decision.", lines: [] };
    } else if (!page.busy.peek()) {
      compare();
    }
    return true;
  } catch (error) {
    page.showError(`This link cannot be read: ${(error as Error).message}.`);
    return false;
  }
}

/** Compares what the link says with what has been decided now. */
function compare(): void {
  const claimed = claim;
  const { decision, faults } = page.answer.peek();
  if (!claimed) return;
  claim = undefined;
  if (!decision) {
    const lines = faults.map(({ message }) => message);
    return page.showError("The link says there is a decision, here there is none.", lines);
  }
  const name = (at: number) => {
    const candidate = page.candidates.peek()[at];
    return candidate ? nameOf(candidate) : `candidate ${at}`;
  };
  const lines = differences(claimed, decision, name);
  if (lines.length > 0) return page.showError("Another decision than the link says.", lines);
  const same = `made again here, with the digest ${decision.digest}`;
  page.notice.value = { tone: "good", title: "Same decision.", lines: [same] };
}

effect(() => {
  if (!page.busy.value) compare();
});

// an address that says something else than the page shows would bring that back on the next visit
effect(() => {
  page.work.value;
  if (linked === undefined || isLinked()) return;
  linked = undefined;
  history.replaceState(undefined, "", location.pathname + location.search);
});

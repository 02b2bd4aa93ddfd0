/**
 * Links: what the page shows goes into the fragment of its address, which no server sees, and
 * comes out of it.
 */

import { effect } from "@preact/signals";
import { type Carried, type Claim, claimOf, decode, differences, encode } from "./logic/link.js";
import * as page from "./state.js";

/** A link that long is cut by some programs, in characters. */
const LONG = 30_000;
/** A longer one is none: browsers have their limits. */
const LONGEST = 2_000_000;

/** What the last link said of the decision, until the decision has been made again. */
let claim: Claim | undefined;

function carried(): Carried {
  const { decision } = page.answer.peek();
  return {
    policy: page.policy.peek(),
    request: page.request.peek(),
    vocabulary: page.vocabulary.peek(),
    envelope: page.envelope.peek(),
    customs: page.customs.peek(),
    seed: page.seed.peek(),
    nowMs: page.nowMs.peek(),
    state: page.state.peek(),
    candidates: page.candidates.peek(),
    ...(decision ? { claim: claimOf(decision) } : {}),
  };
}

/** Makes the address of this page a link to what it shows. */
export async function share(copy: (text: string) => Promise<boolean>): Promise<void> {
  const fragment = await encode(carried());
  if (fragment.length > LONGEST) {
    const length = fragment.length.toLocaleString("en");
    return page.complain(`That is too much for a link: ${length} characters. Save the catalog instead.`);
  }
  history.replaceState(undefined, "", fragment);
  const done = await copy(location.href);
  const decided = page.answer.peek().decision !== undefined;
  const length = `${fragment.length.toLocaleString("en")} characters`;
  page.notice.value = {
    tone: "plain",
    title: done ? `The link is copied, ${length}.` : `The address of this page is the link now, ${length}.`,
    lines: [
      `It carries the policy, the catalog, the request and ${decided ? "the digest of the decision" : "no decision"}.`,
      ...(fragment.length > LONG ? ["Some programs cut links of that length."] : []),
    ],
  };
}

/** Opens the link in the address, if there is one. */
export async function follow(): Promise<void> {
  const fragment = location.hash;
  if (fragment === "" || fragment === "#") return;
  page.notice.value = { tone: "plain", title: "Reading the link …", lines: [] };
  try {
    const { claim: claimed, ...example } = await decode(fragment);
    page.take(example);
    claim = claimed;
    if (!claimed) {
      page.notice.value = { tone: "plain", title: "Opened from a link, which carries no decision.", lines: [] };
    } else if (!page.busy.peek()) {
      compare();
    }
  } catch (error) {
    page.complain(`This link cannot be read: ${(error as Error).message}.`);
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
    return page.complain("The link says there is a decision, here there is none.", lines);
  }
  const name = (at: number) => {
    const candidate = page.candidates.peek()[at];
    return candidate ? `${candidate.provider_id} ${candidate.model_family}` : `candidate ${at}`;
  };
  const lines = differences(claimed, decision, name);
  if (lines.length > 0) return page.complain("Another decision than the link says.", lines);
  const same = `made again here, with the digest ${decision.digest}`;
  page.notice.value = { tone: "good", title: "Same decision.", lines: [same] };
}

effect(() => {
  if (!page.busy.value) compare();
});

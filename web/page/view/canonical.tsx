import { visibleLines } from "../logic/visible.js";
import * as page from "../state.js";
import { Copy, Digest } from "./copy.js";

/** The longest form that is shown in whole, in characters. */
const LONG = 100_000;

/** What the policy is to the engine: the canonical form, and its names. */
export function Canonical() {
  const { admission, decision } = page.answer.value;
  if (!admission) return <p class="empty">The policy is not admitted.</p>;
  const { canonical, fingerprint, identity } = admission;
  const ran = decision?.identity;
  const shown = canonical.length > LONG ? `${canonical.slice(0, LONG)}…` : canonical;
  return (
    <>
      <div class="sub">
        <span class="about">{canonical.length.toLocaleString("en")} characters; their SHA-256 is the identity</span>
        <span class="gap" />
        <Copy text={canonical} what="canonical form" />
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="canonical form"><pre class="prose">{visibleLines(shown)}</pre></div>
      <div class="strip">
        <Digest name="identity" value={identity} />
        {ran === undefined || ran === identity ? null : <Digest name="with the envelope" value={ran} />}
        <span class="pair">fingerprint <b>{fingerprint}</b><Copy text={fingerprint} what="fingerprint" /></span>
      </div>
    </>
  );
}

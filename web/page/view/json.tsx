import { computed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { answers, run, watch } from "../failover.js";
import { documentOf } from "../logic/document.js";
import { visibleLines } from "../logic/visible.js";
import * as page from "../state.js";
import { Copy } from "./copy.js";

/** The longest text that is shown in whole, in characters; copied it is whole. */
const LONG = 200_000;

const text = computed(() => {
  const made = page.decision.value;
  return made && documentOf(made, page.candidates.value, run.value, answers.value);
});

/** The decision and the run, with its whole trace, as JSON. */
export function Json() {
  useEffect(watch, []);
  const whole = text.value;
  if (whole === undefined) return <p class="empty">There is no decision.</p>;
  const rest = whole.length - LONG;
  const shown = rest > 0 ? `${whole.slice(0, LONG)}\n… and ${rest.toLocaleString("en")} characters more: copy it` : whole;
  return (
    <>
      <div class="sub">
        <span class="about">the decision, and the run of <b>failover</b> with its whole trace</span>
        <span class="gap" />
        <Copy text={whole} what="JSON" />
      </div>
      <div class={page.stale.value ? "scroll stale" : "scroll"} tabIndex={0} role="region" aria-label="JSON">
        <pre class="prose">{visibleLines(shown)}</pre>
      </div>
    </>
  );
}

import { computed } from "@preact/signals";
import { modelOf, providerOf } from "../logic/candidate.js";
import { diff } from "../logic/diff.js";
import { parsed } from "../logic/texts.js";
import { visibleLines } from "../logic/visible.js";
import * as page from "../state.js";
import { Copy } from "./copy.js";
import { Outside } from "./outside.js";

/** The longest request that is compared, in characters, and the most lines that are shown. */
const COMPARED = 200_000;
const LINES = 2000;

const SIGNS = { same: "", added: "+", changed: "~", removed: "−" };

const sent = computed(() => page.decision.value?.request);
const lines = computed(() => {
  const text = sent.value;
  if (text === undefined || text.length > COMPARED || page.request.value.length > COMPARED) return undefined;
  return diff(parsed(page.request.value || "{}"), parsed(text)).slice(0, LINES);
});

/** The request for the first candidate, and what the policy has changed in it. */
export function Sent() {
  const made = page.decision.value;
  const first = made && page.candidates.value[made.ordered[0] ?? -1];
  if (!made) return <p class="empty">There is no decision.</p>;
  if (sent.value === undefined) return <p class="empty">Nothing is sent: nobody may be tried.</p>;
  const changes = lines.value?.filter(({ sign }) => sign !== "same").length ?? 0;
  return (
    <>
      <div class="sub">
        <span class="about">
          to <b><Outside text={modelOf(first)} /></b> at <b><Outside text={providerOf(first)} /></b>
          {changes === 0 ? ", as it came" : `, ${changes} ${changes === 1 ? "line" : "lines"} changed by the policy`}
        </span>
        <span class="gap" />
        <Copy text={sent.value} what="request" />
      </div>
      <div class={page.stale.value ? "scroll stale" : "scroll"} tabIndex={0} role="region" aria-label="what is sent">
        {lines.value ? (
          <div class="diff">
            {lines.value.map(({ indent, text, sign, was }, at) => (
              <div key={at} class={sign}>
                <span class="sign" aria-hidden="true">{SIGNS[sign]}</span>
                {sign === "same" ? null : <span class="hidden">{sign}: </span>}
                {" ".repeat(indent)}<span><Outside text={text} /></span>{was === undefined ? null : <em>  was <Outside text={was} /></em>}
              </div>
            ))}
          </div>
        ) : <pre class="prose">{visibleLines(sent.value.slice(0, COMPARED))}</pre>}
      </div>
    </>
  );
}

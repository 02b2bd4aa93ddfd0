import { COMPONENT_SHA256 } from "../../build/component/digests.js";
import { startOver } from "../keep.js";
import { share } from "../share.js";
import { timeText } from "../logic/score.js";
import * as page from "../state.js";
import { Open } from "./catalog.js";
import { toClipboard } from "./copy.js";
import { Decision } from "./decision.js";
import { Drop } from "./drop.js";
import { Icon } from "./icon.js";
import { Inputs } from "./inputs.js";
import { Examples } from "./menu.js";
import { Notice } from "./notice.js";
import { Outcome } from "./outcome.js";
import { Policy } from "./policy.js";
import { Theme } from "./theme.js";

/** What explains the page and the language. */
const GUIDE = "https://github.com/sigmapol/sigmapol/blob/main/docs/playground.md";

export function App() {
  return (
    <div class="page">
      <header class="top">
        <h1>sigmapol <span>playground</span></h1>
        <Examples />
        <button type="button" class="button" aria-label="start over" title="the first example, and nothing kept" onClick={startOver}>
          <Icon size={15}><path d="M3.2 6.5A5.2 5.2 0 1 1 2.8 9M3 2.5v4h4" /></Icon><span class="wide">start over</span>
        </button>
        <span class="gap" />
        <a class="button" href={GUIDE} target="_blank" rel="noopener noreferrer" title="how to read and use this page" aria-label="guide">
          <span class="wide">guide</span><span class="narrow" aria-hidden="true">?</span>
        </a>
        <Open />
        <button type="button" class="button primary" onClick={() => void share(toClipboard)}>share</button>
        <Theme />
      </header>
      <Notice />
      <main class="panels">
        <Policy />
        <Decision />
        <Inputs />
        <Outcome />
      </main>
      <Status />
      <Drop />
    </div>
  );
}

function Status() {
  const { decision, faults } = page.answer.value;
  const busy = page.busy.value;
  const state = busy ? "deciding" : decision ? "decided" : faults.length > 0 ? "refused" : "stopped";
  return (
    <footer class="status" data-busy={busy}>
      <span><i class={`status-light ${busy ? "busy" : decision ? "" : "bad"}`} />{state}</span>
      <span>{page.candidates.value.length.toLocaleString("en")} candidates</span>
      <span class="time">{decision ? <>one decision takes <b>{timeText(decision.micros)}</b></> : null}</span>
      <span class="gap" />
      {page.notKept.value ? <span>not kept for the next visit: {page.notKept.value}</span> : null}
      <span class="wide" title={COMPONENT_SHA256}>component <b>{COMPONENT_SHA256.slice(0, 12)}</b></span>
    </footer>
  );
}

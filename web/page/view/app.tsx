import { COMPONENT_SHA256 } from "../../build/component/bytes.js";
import { share } from "../share.js";
import { timeText } from "../logic/score.js";
import * as page from "../state.js";
import { Open } from "./catalog.js";
import { toClipboard } from "./copy.js";
import { Decision } from "./decision.js";
import { Drop } from "./drop.js";
import { Inputs } from "./inputs.js";
import { Examples } from "./menu.js";
import { Notice } from "./notice.js";
import { Outcome } from "./outcome.js";
import { Policy } from "./policy.js";
import { Theme } from "./theme.js";

export function App() {
  return (
    <div class="page">
      <header class="top">
        <h1>sigmapol <span>playground</span></h1>
        <Examples />
        <span class="gap" />
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
      <span><i class={`light ${busy ? "busy" : decision ? "" : "bad"}`} />{state}</span>
      <span>{page.candidates.value.length.toLocaleString("en")} candidates</span>
      <span class="time">{decision ? <>one decision takes <b>{timeText(decision.micros)}</b></> : null}</span>
      <span class="gap" />
      <span class="wide" title={COMPONENT_SHA256}>component <b>{COMPONENT_SHA256.slice(0, 12)}</b></span>
    </footer>
  );
}

import * as page from "../state.js";
import { Outside } from "./outside.js";

/** A sentence over the page, until it is closed; it moves nothing. */
export function Notice() {
  const notice = page.notice.value;
  if (!notice) return null;
  const { tone, title, lines, undo } = notice;
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <div class="words">
        <strong><Outside text={title} /></strong>
        {lines.map((line, at) => <p key={at}><Outside text={line} /></p>)}
      </div>
      {undo ? <button type="button" class="button small bordered" onClick={undo}>undo</button> : null}
      <button type="button" class="copy" aria-label="close" onClick={() => (page.notice.value = undefined)}>×</button>
    </div>
  );
}

import * as page from "../state.js";

/** A sentence under the bar, until it is closed. */
export function Notice() {
  const notice = page.notice.value;
  if (!notice) return <div />;
  const { tone, title, lines } = notice;
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <div class="words">
        <strong>{title}</strong>
        {lines.map((line, at) => <p key={at}>{line}</p>)}
      </div>
      <button type="button" class="copy" aria-label="close" onClick={() => (page.notice.value = undefined)}>×</button>
    </div>
  );
}

import type { Extension } from "@codemirror/state";
import { highlightSpecialChars } from "@codemirror/view";
import { UNSEEN, visible } from "../logic/visible.js";

/** What cannot be seen is shown as its escape, in its place: it moves nothing. */
export const unseen: Extension = highlightSpecialChars({
  addSpecialChars: UNSEEN,
  render: (unit, description) => {
    const span = document.createElement("span");
    span.className = "cm-unseen";
    span.textContent = visible(String.fromCodePoint(unit));
    span.title = description ?? "";
    span.setAttribute("aria-label", span.textContent);
    return span;
  },
});

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: tags.string, color: "var(--string)" },
  { tag: tags.propertyName, color: "var(--key)" },
  { tag: tags.number, color: "var(--number)" },
  { tag: [tags.bool, tags.null], color: "var(--number)" },
  { tag: [tags.squareBracket, tags.brace, tags.separator], color: "var(--faint)" },
]);

/** The page's own colours; they follow its theme. */
export const theme: Extension = [
  EditorView.theme({
    "&": { height: "100%", color: "var(--ink)", backgroundColor: "transparent" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "12.5px", lineHeight: "19px" },
    ".cm-content": { padding: "8px 0", caretColor: "var(--ink)" },
    ".cm-line": { padding: "0 12px 0 8px" },
    ".cm-gutters": { backgroundColor: "transparent", color: "var(--faint)", border: "none" },
    ".cm-lineNumbers .cm-gutterElement": { minWidth: "34px", padding: "0 6px 0 0" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
    "&.cm-focused .cm-activeLineGutter": { color: "var(--ink)" },
    ".cm-unseen": { color: "var(--warn)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
      background: "var(--select)",
    },
    "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--select)", color: "inherit" },
    ".cm-op": { color: "var(--accent)", fontWeight: "600" },
    ".cm-op *": { color: "inherit" },
    ".cm-responsible": { backgroundColor: "var(--mark)", borderRadius: "2px", boxShadow: "0 0 0 1px var(--mark-line)" },
    ".cm-lintRange-error": {
      backgroundImage: "none",
      backgroundColor: "var(--bad-soft)",
      borderBottom: "2px solid var(--bad)",
      paddingBottom: "0",
    },
    ".cm-tooltip": {
      backgroundColor: "var(--panel)",
      color: "var(--ink)",
      border: "1px solid var(--line-strong)",
      borderRadius: "6px",
      boxShadow: "var(--shadow)",
    },
    ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12px", maxHeight: "16em" },
    ".cm-tooltip-autocomplete > ul > li": { padding: "3px 8px", lineHeight: "18px" },
    ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--select)", color: "var(--ink)" },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
    ".cm-completionDetail": { color: "var(--dim)", fontStyle: "normal" },
    ".cm-completionInfo": { padding: "6px 8px", fontFamily: "var(--sans)", fontSize: "12px", maxWidth: "260px" },
    ".cm-diagnostic": { padding: "6px 10px", borderLeft: "3px solid var(--bad)", fontFamily: "var(--sans)" },
    ".cm-tooltip .hover": { padding: "6px 10px", fontSize: "12px", maxWidth: "420px" },
    ".cm-snippetField": { backgroundColor: "var(--select)" },
  }),
  syntaxHighlighting(colours),
];

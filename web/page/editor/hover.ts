import { syntaxTree } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import { formOf, MEANINGS, operation } from "../logic/signature.js";
import { opOf, READABLE, stringOf } from "./tree.js";

/** Says what the operation under the pointer is. */
export const hover: Extension = hoverTooltip(({ state }, at, side) => {
  if (state.doc.length > READABLE) return null;
  const node = syntaxTree(state).resolveInner(at, side);
  const term = node.parent;
  if (!term || opOf(term)?.from !== node.from) return null;
  const known = operation(stringOf(node, state.doc.toString()));
  if (!known) return null;
  return {
    pos: node.from,
    end: node.to,
    above: true,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "hover";
      const form = dom.appendChild(document.createElement("code"));
      form.textContent = `${formOf(known)} → ${known.sort}`;
      dom.append(document.createElement("br"), MEANINGS[known.op] ?? "");
      return { dom };
    },
  };
});

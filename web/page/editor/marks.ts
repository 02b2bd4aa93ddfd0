import { syntaxTree } from "@codemirror/language";
import { type Extension, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import type { Span } from "./span.js";
import { opOf, READABLE } from "./tree.js";

/** Marks parts of the document, in place of those that were marked. */
export const mark = StateEffect.define<readonly Span[]>();

const marked = Decoration.mark({ class: "cm-responsible" });

/** The parts that are marked, as the document changes around them. */
export const marks: Extension = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(set, transaction) {
    set = set.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(mark)) continue;
      const spans = effect.value.filter(({ from, to }) => from < to).map(({ from, to }) => marked.range(from, to));
      set = Decoration.set(spans, true);
    }
    return set;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const op = Decoration.mark({ class: "cm-op" });

/** Operations look different from other strings. */
export const operations: Extension = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = found(view);
    }
    update({ view, docChanged, viewportChanged, startState, state }: ViewUpdate) {
      if (docChanged || viewportChanged || syntaxTree(startState) !== syntaxTree(state)) this.decorations = found(view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function found(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  if (view.state.doc.length > READABLE) return Decoration.none;
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: ({ name, node }) => {
        const first = name === "Array" ? opOf(node) : undefined;
        // nested arrays begin later: the builder gets its ranges in order
        if (first && first.from >= from) builder.add(first.from, first.to, op);
      },
    });
  }
  return builder.finish();
}

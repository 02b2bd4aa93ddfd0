import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { Annotation, Compartment, type Extension } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLineGutter, keymap, lineNumbers, placeholder as hint,
} from "@codemirror/view";
import { effect, type ReadonlySignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { decided } from "../update.js";
import { visible, visibleLines } from "../logic/visible.js";
import type { Fault } from "../worker/protocol.js";
import { hanging } from "./hanging.js";
import { mark, marks } from "./marks.js";
import { type Span, spanOf } from "./span.js";
import { unseen } from "./unseen.js";
import { theme } from "./theme.js";

interface Props {
  label: string;
  text: Signal<string>;
  faults: ReadonlySignal<readonly Fault[]>;
  /** Parts to mark, and to show. */
  spans?: ReadonlySignal<readonly Span[]>;
  extensions?: Extension;
  placeholder?: string;
}

/** A document that long is shown without colours and without wrapping, in characters. */
const LONG = 1 << 18;
/** A change that comes from the page, not from the keyboard. */
const outside = Annotation.define<boolean>();

/** A text of JSON. Until the editor is there the text is. */
export function Editor({ label, text, faults, spans, extensions = [], placeholder = "" }: Props) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let dispose = () => {};
    let gone = false;
    // the first decision does not wait for this
    void decided.then(() => {
      if (!gone && place.current) dispose = create(place.current);
    });
    return () => {
      gone = true;
      dispose();
    };
  }, []);

  function create(parent: HTMLElement): () => void {
    const language = new Compartment();
    const short: Extension = [json(), bracketMatching(), EditorView.lineWrapping, hanging, extensions];
    let long = text.peek().length > LONG;
    const view = new EditorView({
      doc: text.peek(),
      extensions: [
        lineNumbers(), unseen, highlightActiveLineGutter(), history(), drawSelection(), closeBrackets(), marks, theme,
        language.of(long ? [] : short),
        hint(placeholder),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of(({ docChanged, state, transactions }) => {
          if (docChanged && !transactions.some((one) => one.annotation(outside))) text.value = state.doc.toString();
        }),
      ],
    });
    parent.replaceChildren(view.dom);
    const stops = [
      effect(() => {
        const insert = text.value;
        if (insert.length > LONG !== long) {
          long = !long;
          view.dispatch({ effects: language.reconfigure(long ? [] : short) });
        }
        if (insert.length === view.state.doc.length && insert === view.state.doc.toString()) return;
        const changes = { from: 0, to: view.state.doc.length, insert };
        view.dispatch({ changes, annotations: outside.of(true) });
      }),
      effect(() => {
        const content = view.state.doc.toString();
        const diagnostics = faults.value.map(({ code, message }) => (
          { ...spanOf(content, message), severity: "error" as const, source: code, message: visible(message) }
        ));
        if (diagnostics.length > 0 || view.dom.querySelector(".cm-lintRange-error")) {
          view.dispatch(setDiagnostics(view.state, diagnostics));
        }
      }),
      effect(() => {
        const shown = spans?.value ?? [];
        const inside = shown.filter(({ to }) => to <= view.state.doc.length);
        const scroll = inside[0] && EditorView.scrollIntoView(inside[0].from, { y: "center" });
        view.dispatch({ effects: [mark.of(inside), ...(scroll ? [scroll] : [])] });
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      view.destroy();
    };
  }

  return (
    <div class="editor" ref={place}>
      <pre class="waiting" aria-hidden="true">{visibleLines(text.peek().slice(0, 20_000))}</pre>
    </div>
  );
}

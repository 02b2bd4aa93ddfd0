import { computed, type Signal } from "@preact/signals";
import { completion } from "../editor/completion.js";
import { Editor } from "../editor/editor.js";
import { hover } from "../editor/hover.js";
import { operations } from "../editor/marks.js";
import * as page from "../state.js";
import { Refused } from "./fault.js";
import type { Part } from "../worker/protocol.js";

const term = [completion("Pred"), hover, operations];

/** What else a ctx has: each a text of JSON, or nothing. */
export function More() {
  return (
    <div class="parts">
      <Text
        part="envelope" text={page.envelope} about="conjoined to the filter" hint='["not", ["is", "disabled"]]'
        extensions={term}
      />
      <Text
        part="vocabulary" text={page.vocabulary} about="fields, tier_order, profile"
        hint='{"tier_order": ["spot", "own"]}'
      />
      <Text
        part="customs" text={page.customs} about="what custom means"
        hint='{"calm": ["set_param", "temperature", 0]}'
      />
    </div>
  );
}

interface Props {
  part: Part;
  text: Signal<string>;
  about: string;
  hint: string;
  extensions?: typeof term;
}

function Text({ part, text, about, hint, extensions = [] }: Props) {
  const faults = computed(() => page.answer.value.faults.filter((fault) => fault.part === part));
  const [fault] = faults.value;
  return (
    <section aria-label={part}>
      <div class="sub"><h3>{part}</h3><span class="about">{about}</span></div>
      <Editor label={`${part}, JSON`} text={text} faults={faults} placeholder={hint} extensions={extensions} />
      <Refused fault={fault} />
    </section>
  );
}

import { computed } from "@preact/signals";
import { completion } from "../editor/completion.js";
import { Editor } from "../editor/editor.js";
import { hover } from "../editor/hover.js";
import { operations } from "../editor/marks.js";
import { spansOf } from "../editor/span.js";
import { formatted } from "../logic/format.js";
import * as page from "../state.js";
import { Copy, Digest } from "./copy.js";
import { Outside } from "./outside.js";

const faults = computed(() => page.answer.value.faults.filter(({ part }) => part === "policy"));
const spans = computed(() => {
  const found = page.responsible.value;
  return found && found.candidate === page.inspected.value ? spansOf(page.policy.value, found.paths) : [];
});
const extensions = [completion("Policy"), hover, operations];

/** The policy, what it is called, and what is wrong with it. */
export function Policy() {
  const format = () => {
    page.policy.value = formatted(page.policy.value) ?? page.policy.value;
  };
  return (
    <section class="panel policy" aria-label="policy">
      <div class="head">
        <h2>policy</h2>
        <span class="about">filter, rank, select, mutate, fall back</span>
        <span class="gap" />
        <button type="button" class="button small" onClick={format}>format</button>
        <Copy text={page.policy.value} what="policy" />
      </div>
      <Editor label="policy, JSON" text={page.policy} faults={faults} spans={spans} extensions={extensions} />
      <Strip />
    </section>
  );
}

function Strip() {
  const { admission } = page.answer.value;
  const [fault] = faults.value;
  if (fault) {
    return (
      <div class="strip fault" role="status">
        <span class="message"><Outside text={fault.message} /></span>
        <span class="gap" />
        <code>{fault.code}</code>
      </div>
    );
  }
  return (
    <div class="strip" role="status">
      <Digest name="identity" value={admission?.identity} />
      <span class="pair">nodes <b>{admission?.nodes ?? "·"}</b></span>
      <span class="pair wide">depth <b>{admission?.depth ?? "·"}</b></span>
      <span class="pair">cost <b>{page.answer.value.decision?.cost ?? "·"}</b></span>
    </div>
  );
}

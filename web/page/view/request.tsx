import { computed } from "@preact/signals";
import { Editor } from "../editor/editor.js";
import { namesOf } from "../editor/names.js";
import { textOf } from "../logic/candidate.js";
import { CAPABILITIES, TIERS } from "../logic/signature.js";
import { isRecord, parsed } from "../logic/texts.js";
import { visible } from "../logic/visible.js";
import * as page from "../state.js";
import { Refused } from "./fault.js";

const faults = computed(() => page.answer.value.faults.filter(({ part }) => part === "request"));
const seedFault = computed(() => page.answer.value.faults.find(({ part }) => part === "seed"));
const value = computed(() => (page.request.value.trim() === "" ? {} : parsed(page.request.value)));
const requirements = computed<Record<string, unknown> | undefined>(() => {
  if (!isRecord(value.value)) return undefined;
  const own = value.value.requirements ?? {};
  return isRecord(own) ? own : undefined;
});

/** The request has one text. What the form changes, it changes there. */
function require(key: string, wanted: unknown): void {
  const request = value.peek();
  if (!isRecord(request)) return;
  const { [key]: _, ...rest } = requirements.peek() ?? {};
  const next = wanted === undefined ? rest : { ...rest, [key]: wanted };
  const { requirements: __, ...others } = request;
  const whole = Object.keys(next).length === 0 ? others : { ...others, requirements: next };
  page.request.value = JSON.stringify(whole, undefined, 2);
}

/** What the call needs: the seed, requirements as a form, and the request as JSON. */
export function Request() {
  const [fault] = faults.value;
  return (
    <div class="split">
      <div class="form">
        <label class="field">
          <span>seed</span>
          <input
            type="text" inputMode="numeric" class={seedFault.value ? "wrong" : ""} value={page.seed.value}
            title={visible(seedFault.value?.message ?? "")} aria-invalid={seedFault.value !== undefined}
            onInput={({ currentTarget }) => (page.seed.value = currentTarget.value)}
          />
        </label>
        <fieldset class="plain" disabled={requirements.value === undefined}>
          <legend class="hidden">requirements</legend>
          <Needs />
          <Amount name="min_context" about="tokens" />
          <Amount name="min_quality" about="0 to 1" />
          <Amount name="min_tok_s" about="tokens per second" />
          <Choice name="privacy" choices={["standard", "no_log", "tee_required"]} />
          <Choice name="tier" choices={TIERS} />
          <Family />
        </fieldset>
      </div>
      <div class="side">
        <Editor label="request, JSON" text={page.request} faults={faults} placeholder="the request: empty" />
        <Refused fault={fault} />
        <Refused fault={seedFault.value} />
      </div>
    </div>
  );
}

function Needs() {
  const needs = Array.isArray(requirements.value?.needs) ? (requirements.value.needs as unknown[]) : [];
  const toggle = (need: string) => {
    const next = needs.includes(need) ? needs.filter((one) => one !== need) : [...needs, need];
    require("needs", next.length === 0 ? undefined : next);
  };
  return (
    <div class="field">
      <span id="needs">needs</span>
      <div class="checks" role="group" aria-labelledby="needs">
        {CAPABILITIES.map((capability) => capability.replace("supports_", "")).map((need) => (
          <label key={need}>
            <input type="checkbox" checked={needs.includes(need)} onChange={() => toggle(need)} />{need}
          </label>
        ))}
      </div>
    </div>
  );
}

function Amount({ name, about }: { name: string; about: string }) {
  const change = (text: string) => {
    const number = Number(text);
    require(name, text.trim() === "" ? undefined : Number.isFinite(number) ? number : text);
  };
  const wrong = faults.value.some(({ message }) => message.startsWith(`ctx.request.requirements.${name}:`));
  return (
    <label class="field">
      <span>{name}</span>
      <input
        type="text" inputMode="decimal" class={wrong ? "wrong" : ""} placeholder={about}
        value={textOf(requirements.value?.[name])}
        onInput={({ currentTarget }) => change(currentTarget.value)}
      />
    </label>
  );
}

function Choice({ name, choices }: { name: string; choices: readonly string[] }) {
  const now = textOf(requirements.value?.[name]);
  const all = now === "" || choices.includes(now) ? choices : [...choices, now];
  return (
    <label class="field">
      <span>{name}</span>
      <select value={now} onChange={({ currentTarget: { value } }) => require(name, value === "" ? undefined : value)}>
        <option value="">any</option>
        {all.map((choice) => <option key={choice} value={choice}>{visible(choice)}</option>)}
      </select>
    </label>
  );
}

function Family() {
  const families = namesOf("Family").map(({ name }) => name);
  return (
    <label class="field">
      <span>model_family</span>
      <input
        type="text" list="families" placeholder="any" value={textOf(requirements.value?.model_family)}
        onInput={({ currentTarget: { value } }) => require("model_family", value === "" ? undefined : value)}
      />
      <datalist id="families">{families.map((family) => <option key={family} value={family} />)}</datalist>
    </label>
  );
}

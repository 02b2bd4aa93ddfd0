import { computed } from "@preact/signals";
import { providerOf, textOf } from "../logic/candidate.js";
import { withMember } from "../logic/columns.js";
import { member } from "../logic/texts.js";
import { visible } from "../logic/visible.js";
import { sectionOf } from "../logic/work.js";
import * as page from "../state.js";
import { Refused } from "./fault.js";
import { Outside } from "./outside.js";

/** Providers that are listed; a catalog of offers may have very many. */
const MOST = 200;

const providers = computed(() => {
  const counts = new Map<string, number>();
  for (const candidate of page.candidates.value) {
    const id = providerOf(candidate);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
});

type Known = Record<string, unknown>;
type Section = "breakers" | "disabled" | "credits";

/** Puts what the host knows of a provider into the state, or takes it out. */
function know(section: Section, provider: string, value: unknown): void {
  const { [section]: _, ...rest } = page.state.peek();
  const next = withMember(sectionOf(page.state.peek(), section), provider, value);
  page.state.value = Object.keys(next).length === 0 ? rest : { ...rest, [section]: next };
}

/** What the host knows of each provider: the state of the ctx. */
export function Providers() {
  const [breakers, disabled, credits] = (["breakers", "disabled", "credits"] as const)
    .map((name) => sectionOf(page.state.value, name)) as [Known, Known, Known];
  const all = providers.value;
  const faults = page.answer.value.faults.filter(({ part }) => part === "state");
  return (
    <>
      <div class="scroll">
        <div class="providers">
          <span class="heading">provider</span>
          <span class="heading">offers</span>
          <span class="heading">breaker</span>
          <span class="heading">disabled</span>
          <span class="heading">credits, USD</span>
          {all.slice(0, MOST).map(([id, count]) => (
            <Provider
              key={id} id={id} count={count} open={member(breakers, id) === true} off={member(disabled, id) !== undefined}
              credits={member(credits, id)} wrong={faults.some(({ message }) => message.includes(`['${id}']`))}
            />
          ))}
        </div>
        {all.length > MOST ? <p class="empty">The first {MOST} of {all.length} providers.</p> : null}
      </div>
      <Refused fault={faults[0]} />
    </>
  );
}

interface Row {
  id: string;
  count: number;
  open: boolean;
  off: boolean;
  credits: unknown;
  wrong: boolean;
}

function Provider({ id, count, open, off, credits, wrong }: Row) {
  const spend = (text: string) => {
    const number = Number(text);
    know("credits", id, text.trim() === "" ? undefined : Number.isFinite(number) ? number : text);
  };
  return (
    <>
      <span title={visible(id)}><Outside text={id} /></span>
      <span class="dimmed">{count}</span>
      <label>
        <input
          type="checkbox" checked={open} aria-label={visible(`breaker of ${id} is open`)}
          onChange={() => know("breakers", id, open ? undefined : true)}
        />
        &nbsp;<span class="dimmed">{open ? "open" : ""}</span>
      </label>
      <label>
        <input
          type="checkbox" checked={off} aria-label={visible(`${id} is disabled`)}
          onChange={() => know("disabled", id, off ? undefined : { kind: "auth_error" })}
        />
      </label>
      <input
        type="text" inputMode="decimal" class={wrong ? "wrong" : ""} aria-label={visible(`credits at ${id}`)}
        value={textOf(credits)} onInput={({ currentTarget }) => spend(currentTarget.value)}
      />
    </>
  );
}

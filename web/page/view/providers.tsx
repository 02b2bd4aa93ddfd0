import { computed } from "@preact/signals";
import * as page from "../state.js";
import { Refused } from "./fault.js";

/** Providers that are listed; a catalog of offers may have very many. */
const MOST = 200;

const providers = computed(() => {
  const counts = new Map<string, number>();
  for (const { provider_id } of page.candidates.value) {
    counts.set(String(provider_id), (counts.get(String(provider_id)) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
});

type Section = "breakers" | "disabled" | "credits";

/** Puts what the host knows of a provider into the state, or takes it out. */
function know(section: Section, provider: string, value: unknown): void {
  const { [section]: own = {}, ...rest } = page.state.peek();
  const { [provider]: _, ...others } = own as Record<string, unknown>;
  const next = value === undefined ? others : { ...others, [provider]: value };
  page.state.value = Object.keys(next).length === 0 ? rest : { ...rest, [section]: next };
}

/** What the host knows of each provider: the state of the ctx. */
export function Providers() {
  const { breakers = {}, disabled = {}, credits = {} } = page.state.value;
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
              key={id} id={id} count={count} open={breakers[id] === true} off={disabled[id] !== undefined}
              credits={credits[id]} wrong={faults.some(({ message }) => message.includes(`['${id}']`))}
            />
          ))}
        </div>
        {all.length > MOST ? <p class="empty">The first {MOST} of {all.length} providers.</p> : null}
      </div>
      <Refused fault={faults[0]} />
    </>
  );
}

interface Known {
  id: string;
  count: number;
  open: boolean;
  off: boolean;
  credits: unknown;
  wrong: boolean;
}

function Provider({ id, count, open, off, credits, wrong }: Known) {
  const spend = (text: string) => {
    const number = Number(text);
    know("credits", id, text.trim() === "" ? undefined : Number.isFinite(number) ? number : text);
  };
  return (
    <>
      <span title={id}>{id}</span>
      <span class="dimmed">{count}</span>
      <label>
        <input
          type="checkbox" checked={open} aria-label={`breaker of ${id} is open`}
          onChange={() => know("breakers", id, open ? undefined : true)}
        />
        &nbsp;<span class="dimmed">{open ? "open" : ""}</span>
      </label>
      <label>
        <input
          type="checkbox" checked={off} aria-label={`${id} is disabled`}
          onChange={() => know("disabled", id, off ? undefined : { kind: "auth_error" })}
        />
      </label>
      <input
        type="text" inputMode="decimal" class={wrong ? "wrong" : ""} aria-label={`credits at ${id}`}
        value={credits === undefined ? "" : String(credits)} onInput={({ currentTarget }) => spend(currentTarget.value)}
      />
    </>
  );
}

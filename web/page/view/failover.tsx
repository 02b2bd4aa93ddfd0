import { useEffect } from "preact/hooks";
import { answers, failed, notes, run, watch } from "../failover.js";
import { type Answered, ANSWERS, type RunEvent } from "../logic/run.js";
import { Outside } from "./outside.js";

/** A run, step by step: whoever is called answers what is clicked. */
export function Failover() {
  useEffect(watch, []);
  const made = run.value;
  const calling = made?.calling;
  const answer = (what: Answered) => (answers.value = [...answers.value, what]);
  return (
    <>
      <div class="answers" role="group" aria-label="what the provider answers">
        {(Object.keys(ANSWERS) as Answered[]).map((what) => (
          <button
            key={what} type="button" class={`button small bordered ${what === "ok" ? "primary" : ""}`}
            disabled={!calling} onClick={() => answer(what)}
          >{ANSWERS[what].label}</button>
        ))}
        <span class="gap" />
        <Back label="undo" to={answers.value.slice(0, -1)} />
        <Back label="reset" to={[]} />
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="timeline">
        {made ? (
          <ol class="timeline" aria-live="polite">
            {made.events.map((what, at) => <Entry key={at} {...what} />)}
            {calling ? (
              <li class="calling">
                <span class="when">{clock(endOf(made.events))}</span><i class="dot" />
                <span class="what">calling <Who {...calling} /></span>
                <span class="dimmed">answer above</span>
              </li>
            ) : null}
          </ol>
        ) : <p class="empty"><Outside text={failed.value || "…"} /></p>}
        {notes.value.length > 0 ? <div class="notes">{notes.value.map((note) => <p key={note}><Outside text={note} /></p>)}</div> : null}
      </div>
    </>
  );
}

function Back({ label, to }: { label: string; to: readonly Answered[] }) {
  const none = answers.value.length === 0;
  return (
    <button type="button" class="button small" disabled={none} onClick={() => (answers.value = to)}>{label}</button>
  );
}

const clock = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;

/** When the last thing was over. */
function endOf(events: readonly RunEvent[]): number {
  const last = events.at(-1);
  if (!last) return 0;
  return last.at + (last.kind === "called" ? last.took : last.kind === "waited" ? last.ms : 0);
}

function Entry(what: RunEvent) {
  const { tone, text, result } = described(what);
  return (
    <li class={tone}>
      <span class="when">{clock(what.at)}</span><i class="dot" />
      <span class="what">{text}</span>
      <span class="result">{result}</span>
    </li>
  );
}

function Who({ provider, model }: { provider: string; model: string }) {
  return <><b><Outside text={model} /></b> <Outside text={provider} /></>;
}

function described(what: RunEvent) {
  switch (what.kind) {
    case "called":
      return {
        tone: what.answer === "ok" ? "good" : "bad",
        text: <>called <Who {...what} /></>,
        result: `${ANSWERS[what.answer].label} (${what.took} ms)`,
      };
    case "waited":
      return { tone: "", text: "waited, then the same one again", result: `${what.ms} ms` };
    case "opened":
      return { tone: "", text: <>breaker of <b><Outside text={what.provider} /></b> opened</>, result: `for ${what.ms / 1000} s` };
    case "disabled":
      return { tone: "", text: <><b><Outside text={what.provider} /></b> disabled</>, result: `for ${what.ms / 1000} s` };
    case "skipped":
      return { tone: "", text: <>skipped <Who {...what} /></>, result: "disabled" };
    case "done":
      return { tone: what.ok ? "good" : "bad", text: <b>{what.ok ? "done" : "failed"}</b>, result: <Outside text={what.what} /> };
  }
}

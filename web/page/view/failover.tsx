import { computed, effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { client } from "../live.js";
import { type Answered, ANSWERS, type Run, type RunEvent } from "../logic/run.js";
import * as page from "../state.js";

/** What providers have answered so far; a change of anything begins a new run. */
const answers = signal<readonly Answered[]>([]);
const run = signal<Run | undefined>(undefined);
const failed = signal("");
/** Whether anybody looks; nobody's run is not made. */
const watched = signal(false);

let asked = 0;
let before: unknown;
effect(() => {
  const { decision } = page.answer.value;
  const given = answers.value;
  if (!watched.value) return;
  const mine = ++asked;
  const subject = decision;
  if (subject !== before) {
    before = subject;
    if (given.length > 0) {
      answers.value = [];
      return;
    }
  }
  if (!decision) {
    run.value = undefined;
    failed.value = "There is no decision to follow.";
    return;
  }
  void client.call("run", { question: page.question.peek(), answers: [...given] }).then(
    (made) => {
      if (mine !== asked) return;
      run.value = made;
      failed.value = "";
    },
    (error: Error) => {
      if (mine === asked) [run.value, failed.value] = [undefined, error.message];
    },
  );
});

/** What the machine says beside what the decision says. */
const notes = computed(() => {
  const made = run.value;
  const { decision } = page.answer.value;
  if (!made || !decision) return [];
  const names = [...decision.ordered].map((at) => {
    const candidate = page.candidates.peek()[at];
    return `${candidate?.provider_id} ${candidate?.model_family}`;
  });
  const at = names.findIndex((name, at) => name !== made.ranked[at]);
  const place = at === -1 && names.length !== made.ranked.length ? Math.min(names.length, made.ranked.length) : at;
  if (place === -1) return made.notes;
  const differs = `The run ranks differently from the decision, from place ${place + 1} on: ` +
    `${made.ranked[place] ?? "nobody"} instead of ${names[place] ?? "nobody"}.`;
  return [differs, ...made.notes];
});

/** A run, step by step: whoever is called answers what is clicked. */
export function Failover() {
  useEffect(() => {
    watched.value = true;
    return () => {
      watched.value = false;
    };
  }, []);
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
                <span class="when">{clock(endOf(made.events))}</span><i class="knot" />
                <span class="what">calling <b>{calling.model}</b> {calling.provider}</span>
                <span class="dimmed">answer above</span>
              </li>
            ) : null}
          </ol>
        ) : <p class="empty">{failed.value || "…"}</p>}
        {notes.value.length > 0 ? <div class="notes">{notes.value.map((note) => <p key={note}>{note}</p>)}</div> : null}
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
      <span class="when">{clock(what.at)}</span><i class="knot" />
      <span class="what">{text}</span>
      <span class="result">{result}</span>
    </li>
  );
}

function described(what: RunEvent) {
  switch (what.kind) {
    case "called":
      return {
        tone: what.answer === "ok" ? "good" : "bad",
        text: <>called <b>{what.model}</b> {what.provider}</>,
        result: `${ANSWERS[what.answer].label} (${what.took} ms)`,
      };
    case "waited":
      return { tone: "", text: "waited, then the same one again", result: `${what.ms} ms` };
    case "opened":
      return { tone: "", text: <>breaker of <b>{what.provider}</b> opened</>, result: `for ${what.ms / 1000} s` };
    case "disabled":
      return { tone: "", text: <><b>{what.provider}</b> disabled</>, result: `for ${what.ms / 1000} s` };
    case "skipped":
      return { tone: "", text: <>skipped <b>{what.model}</b> {what.provider}</>, result: "disabled" };
    case "done":
      return { tone: what.ok ? "good" : "bad", text: <b>{what.ok ? "done" : "failed"}</b>, result: what.what };
  }
}

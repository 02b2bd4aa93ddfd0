import { computed, signal } from "@preact/signals";
import { useId } from "preact/hooks";
import { type Candidate, modelOf, nameOf, providerOf } from "../logic/candidate.js";
import { barsOf, roundedScore, scoreText } from "../logic/score.js";
import { visible } from "../logic/visible.js";
import * as page from "../state.js";
import { Digest } from "./copy.js";
import { Outside } from "./outside.js";
import { List } from "./windowed.js";

const { decision } = page;
const bars = computed(() => barsOf(decision.value?.scores ?? []));

/** Who may be tried, best first, and who may not, and why. */
export function Decision() {
  const made = decision.value;
  return (
    <section class={page.stale.value ? "panel decision stale" : "panel decision"} aria-label="decision">
      <div class="head">
        <h2>decision</h2>
        <span class="about">{made && page.stale.value ? "the last one; something is refused now" : ""}</span>
        <span class="gap" />
        <span class="strip" style={{ border: 0, background: "none", padding: 0 }}>
          <Digest name="digest" value={page.stale.value ? undefined : made?.digest} />
        </span>
      </div>
      <Ranking />
      <Notes />
      <Rejections />
    </section>
  );
}

function Ranking() {
  const id = useId();
  const made = decision.value;
  const all = page.candidates.value;
  const left = made ? all.length - made.ordered.length - made.rejected.length : 0;
  const { faults } = page.answer.value;
  return (
    <div class="ranking">
      <div class="sub ranked captions">
        <div class="first">
          <h3>ranking <span class="count">{made?.ordered.length.toLocaleString("en") ?? ""}</span></h3>
          <span class="about">{left > 0 ? `${left.toLocaleString("en")} left out by the selector` : ""}</span>
        </div>
        <span class="right">score</span>
        <span class="right prices" title="USD per million tokens">in / out</span>
      </div>
      {made && made.ordered.length > 0 ? (
        <List
          id={id} label="ranking" count={made.ordered.length}
          selected={rankOf(page.shown.value)}
          onSelect={(at) => (page.shown.value = at === undefined ? undefined : made.ordered[at])}
          row={(at) => ranked(at)}
        />
      ) : (
        <p class="empty">{made ? "Nobody may be tried." : faults[0] ? "No decision: see what is marked." : "…"}</p>
      )}
    </div>
  );
}

/** What is worth knowing about the decision. */
function Notes() {
  const { notes } = page.answer.value;
  return (
    <div class="remarks" role="status">
      {notes.map(({ message }) => <p key={message}><Outside text={message} /></p>)}
    </div>
  );
}

function Name({ candidate }: { candidate: Candidate | undefined }) {
  return (
    <>
      <span class="model"><Outside text={modelOf(candidate)} /></span>{" "}
      <span class="dimmed"><Outside text={providerOf(candidate)} /></span>
    </>
  );
}

function rankOf(candidate: number | undefined): number | undefined {
  const at = candidate === undefined ? -1 : (decision.value?.ordered.indexOf(candidate) ?? -1);
  return at === -1 ? undefined : at;
}

function ranked(at: number) {
  const made = decision.value!;
  const candidate = page.candidates.value[made.ordered[at]!];
  const score = made.scores[at]!;
  const { left, width, negative } = bars.value(score);
  const price = (value: unknown) => (typeof value === "number" ? String(value) : "–");
  return {
    class: "ranked",
    cells: (
      <>
        <span class="place right dimmed">{at + 1}</span>
        <span title={visible(nameOf(candidate))}>
          <Name candidate={candidate} />
        </span>
        <span class="bar" aria-hidden="true">
          <i class={negative ? "negative" : ""} style={{ left: `${left * 100}%`, width: `${width * 100}%` }} />
        </span>
        <Score score={score} />
        <span class="right dimmed prices" title="USD per million tokens, in and out">
          {price(candidate?.price_in)} / {price(candidate?.price_out)}
        </span>
      </>
    ),
  };
}

/** To be compared by eye; the whole of it on request, and for those who hear the page. */
function Score({ score }: { score: number }) {
  const [rounded, whole] = [roundedScore(score), scoreText(score)];
  if (rounded === whole) return <span class="right score">{whole}</span>;
  return (
    <span class="right score" title={whole}>
      <span aria-hidden="true">{rounded}</span><span class="hidden">{whole}</span>
    </span>
  );
}

/** The reason that is looked at alone, if any. */
const only = signal<string | undefined>(undefined);

function Rejections() {
  const id = useId();
  const made = decision.value;
  if (!made) return <div class="rejections"><div class="sub"><h3>rejected</h3></div></div>;
  const counts = new Map<string, number>();
  for (const why of made.why) counts.set(made.reasons[why]!, (counts.get(made.reasons[why]!) ?? 0) + 1);
  const filter = only.value !== undefined && counts.has(only.value) ? only.value : undefined;
  const rows: number[] = [];
  made.why.forEach((why, at) => {
    if (filter === undefined || made.reasons[why] === filter) rows.push(at);
  });
  const selected = rows.findIndex((at) => made.rejected[at] === page.chosen.value);
  const candidateAt = (row: number | undefined) => (row === undefined ? undefined : made.rejected[rows[row]!]);
  return (
    <div class="rejections">
      <div class="sub">
        <h3>rejected <span class="count">{made.rejected.length.toLocaleString("en")}</span></h3>
        <div class="chips" role="group" aria-label="reasons">
          {[...counts].map(([reason, count]) => (
            <button
              key={reason} type="button" class="chip" aria-pressed={reason === filter}
              onClick={() => (only.value = reason === filter ? undefined : reason)}
            ><Outside text={reason} /><b>{count}</b></button>
          ))}
        </div>
      </div>
      {rows.length === 0 ? <p class="empty">Nobody was rejected.</p> : (
        <List
          id={id} label="rejected candidates" count={rows.length} selected={selected === -1 ? undefined : selected}
          onSelect={(row) => (page.chosen.value = candidateAt(row))}
          onHover={(row) => (page.hovered.value = candidateAt(row))}
          row={(row) => refused(made.rejected[rows[row]!]!, made.reasons[made.why[rows[row]!]!]!)}
        />
      )}
    </div>
  );
}

function refused(at: number, reason: string) {
  const candidate = page.candidates.value[at];
  const found = page.responsible.value;
  const envelope = found?.candidate === at && found.envelope && page.inspected.value === at;
  return {
    class: "refused",
    cells: (
      <>
        <span title={visible(nameOf(candidate))}>
          <Name candidate={candidate} />
        </span>
        <span class="reason right"><Outside text={reason} />{envelope ? " (envelope)" : ""}</span>
      </>
    ),
  };
}

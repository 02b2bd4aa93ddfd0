import { signal } from "@preact/signals";
import { useId } from "preact/hooks";
import { visible } from "../logic/visible.js";
import * as page from "../state.js";
import type { Row } from "../worker/protocol.js";
import { Open } from "./catalog.js";
import { Digest } from "./copy.js";
import { Outside } from "./outside.js";
import { List } from "./windowed.js";

const VERDICTS: Record<Row["verdict"], string> = {
  same: "same",
  diverged: "diverged",
  "component-mismatch": "component mismatch",
  "not-recorded": "not recorded",
};
/** The verdict that is looked at alone, if any. */
const only = signal<Row["verdict"] | undefined>(undefined);
/** The record whose verdict is read in full. */
const chosen = signal<number | undefined>(undefined);

/** A ledger: whether it holds, and what comes out when its decisions are made again. */
export function Ledger() {
  const id = useId();
  const ledger = page.ledger.value;
  if (!ledger) {
    return (
      <p class="empty">
        Drop the segments of a ledger anywhere on the page, or <Open />. It is verified, and each decision in it is made
        again here. Nothing leaves the page.
      </p>
    );
  }
  const { name, part, audit } = ledger;
  if (!audit) {
    return (
      <>
        <div class="progress" role="progressbar" aria-label={visible(name)} aria-valuenow={Math.round(part * 100)}>
          <i style={{ width: `${part * 100}%` }} />
        </div>
        <p class="empty"><Outside text={name} />: {part < 0.5 ? "verifying" : "making the decisions again"}</p>
      </>
    );
  }
  const { rows, report, damage } = audit;
  const counts = new Map<Row["verdict"], number>();
  for (const { verdict } of rows) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const filter = only.value !== undefined && counts.has(only.value) ? only.value : undefined;
  const seen = filter === undefined ? rows : rows.filter(({ verdict }) => verdict === filter);
  const full = chosen.value === undefined ? undefined : seen[chosen.value];
  return (
    <>
      <div class="sub">
        <span class={damage === undefined ? "on" : "off"}><Outside text={name} /></span>
        <div class="chips" role="group" aria-label="verdicts">
          {[...counts].map(([verdict, count]) => (
            <button
              key={verdict} type="button" class="chip" aria-pressed={verdict === filter}
              onClick={() => ([only.value, chosen.value] = [verdict === filter ? undefined : verdict, undefined])}
            >{VERDICTS[verdict]}<b>{count.toLocaleString("en")}</b></button>
          ))}
        </div>
        <span class="gap" />
        <Open />
      </div>
      {damage === undefined ? null : <div class="strip fault" role="alert"><span class="message"><Outside text={damage} /></span></div>}
      <List
        id={id} label="records" count={seen.length} selected={chosen.value} onSelect={(at) => (chosen.value = at)}
        row={(at) => recordOf(seen[at]!)}
      />
      {full?.detail ? <div class="strip"><span class="message"><Outside text={full.detail} /></span></div> : null}
      {report ? (
        <div class="strip">
          <span class="pair">verified <b>{report.records.toLocaleString("en")}</b> records</span>
          <span class="pair"><b>{report.bytes.toLocaleString("en")}</b> bytes</span>
          <span class="pair">head <b>{report.head.number}</b></span>
          <Digest name="seal" value={report.head.seal} />
        </div>
      ) : null}
    </>
  );
}

function recordOf({ number, record, chosen, verdict, detail }: Row) {
  return {
    class: "record",
    cells: (
      <>
        <span class="right dimmed">{number}</span>
        <span>{record}</span>
        <span><Outside text={chosen || "–"} /></span>
        <span class={verdict === "same" ? "on" : "reason"} title={visible(detail)}>{VERDICTS[verdict]}</span>
      </>
    ),
  };
}

import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Column, valueAt, valueOf, withValue } from "../logic/columns.js";
import { textOf } from "../logic/candidate.js";
import { visible } from "../logic/visible.js";
import { removeCandidate, restoreCandidate } from "../removed.js";
import { edit } from "../update.js";
import * as page from "../state.js";
import { Outside } from "./outside.js";
import { ROW, useWindowed } from "./windowed.js";

interface Props {
  columns: readonly Column[];
  /** The indices of the candidates that are shown, in their order here. */
  view: readonly number[];
  sort: Signal<{ column: Column; descending: boolean } | undefined>;
  /** The cell that the engine refuses. */
  wrong?: { row: number; path: string };
}

/** The header's row. */
const HEADER = -1;

/** A table that is edited in place: arrows go from cell to cell, Enter edits, Escape takes back. */
export function Grid({ columns, view, sort, wrong }: Props) {
  const { scroller, first, last, onScroll, reveal } = useWindowed(view.length, ROW);
  const [[row, col], setActive] = useState<[number, number]>([HEADER, 0]);
  const [editing, setEditing] = useState<{ text: string; before: unknown } | undefined>();
  const focus = useRef(false);
  const template = `44px ${columns.map(({ width }) => `${width}px`).join(" ")} 30px`;
  const width = columns.reduce((sum, { width }) => sum + width, 74);

  // before the next key comes
  useLayoutEffect(() => {
    if (!focus.current) return;
    focus.current = false;
    const cell = scroller.current?.querySelector<HTMLElement>('[tabindex="0"]');
    cell?.focus({ preventScroll: true });
    cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [row, col, editing === undefined]);

  useEffect(() => {
    const at = page.shown.value === undefined ? -1 : view.indexOf(page.shown.value);
    if (at !== -1) reveal(at);
  }, [page.shown.value, view]);

  useEffect(() => {
    const at = wrong ? view.indexOf(wrong.row) : -1;
    if (at !== -1) reveal(at);
  }, [wrong?.row, wrong?.path]);

  const move = (toRow: number, toCol: number) => {
    const at = Math.min(view.length - 1, Math.max(HEADER, toRow));
    focus.current = true;
    if (at !== HEADER) reveal(at);
    setEditing(undefined);
    setActive([at, Math.min(columns.length - 1, Math.max(0, toCol))]);
  };
  const change = (at: number, column: Column, value: unknown) => {
    const candidate = page.candidates.peek()[at];
    if (candidate) edit({ at, remove: 1, with: [withValue(candidate, column.path, value)] });
  };
  const begin = (at: number, column: Column, text?: string) => {
    const before = valueAt(page.candidates.peek()[at]!, column.path);
    if (column.kind === "flag" && typeof before !== "string") return change(at, column, before !== true);
    focus.current = true;
    setEditing({ text: text ?? textOf(before), before });
  };
  const toggleSort = (column: Column) => {
    const { column: now, descending } = sort.value ?? {};
    const same = now?.label === column.label;
    sort.value = !same ? { column, descending: false } : descending ? undefined : { column, descending: true };
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event;
    const column = columns[col];
    const at = view[row];
    if (editing) {
      if (key === "Enter") move(row + 1, col);
      else if (key === "Tab") move(row, col + (event.shiftKey ? -1 : 1));
      else if (key === "Escape" && at !== undefined) {
        change(at, column!, editing.before);
        move(row, col);
      } else return;
      return event.preventDefault();
    }
    const screen = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW) - 2);
    const step = new Map<string, readonly [number, number]>([
      ["ArrowDown", [1, 0]], ["ArrowUp", [-1, 0]], ["ArrowLeft", [0, -1]], ["ArrowRight", [0, 1]],
      ["PageDown", [screen, 0]], ["PageUp", [-screen, 0]],
    ]).get(key);
    if (key === "z" && (event.ctrlKey || event.metaKey)) {
      if (!restoreCandidate()) return;
    } else if (step) move(row + step[0], col + step[1]);
    else if (key === "Home") move(event.ctrlKey ? 0 : row, 0);
    else if (key === "End") move(event.ctrlKey ? view.length - 1 : row, columns.length - 1);
    else if (row === HEADER && (key === "Enter" || key === " ")) toggleSort(column!);
    else if (at === undefined) return;
    else if (key === "Enter" || key === "F2" || key === " ") begin(at, column!);
    else if (key === "Delete" && event.shiftKey) removeCandidate(at);
    else if (key === "Delete" || key === "Backspace") change(at, column!, undefined);
    else if (isText(event) && column!.kind !== "flag") begin(at, column!, key);
    else return;
    event.preventDefault();
  };
  const tab = (r: number, c: number) => (r === row && c === col ? 0 : -1);

  const rows: JSX.Element[] = [];
  const render = (r: number) => {
    const at = view[r]!;
    const candidate = page.candidates.value[at];
    if (!candidate) return;
    rows.push(
      <div
        key={at} class={at === page.shown.value ? "cells shown" : "cells"} role="row" aria-rowindex={r + 2}
        style={{ top: `${r * ROW}px`, gridTemplateColumns: template, width: `${width}px` }}
      >
        <span class="cell index" role="rowheader">{at}</span>
        {columns.map((column, c) => {
          const value = valueAt(candidate, column.path);
          const active = r === row && c === col;
          const bad = wrong?.row === at && (wrong.path === column.path.join(".") || wrong.path === column.path[0]);
          return (
            <span
              key={column.label} class={`cell ${column.kind}${bad ? " wrong" : ""}`} role="gridcell"
              aria-colindex={c + 2} tabIndex={active && editing ? -1 : tab(r, c)}
              {...(bad ? { "aria-invalid": true } : {})}
              onClick={() => {
                if (active && editing) return;
                move(r, c);
                if (column.kind === "flag") begin(at, column);
              }}
              onDblClick={() => column.kind !== "flag" && begin(at, column)}
            >
              {active && editing ? (
                <input
                  value={editing.text} tabIndex={0} aria-label={visible(`${column.label} of candidate ${at}`)}
                  onInput={({ currentTarget: { value: text } }) => {
                    setEditing({ ...editing, text });
                    change(at, column, valueOf(text, column.kind));
                  }}
                  onBlur={() => setEditing(undefined)}
                />
              ) : column.kind === "flag" && typeof value !== "string" && typeof value !== "number" ? (
                <Flag value={value} label={column.label} />
              ) : <Outside text={textOf(value)} />}
            </span>
          );
        })}
        <button
          type="button" class="copy" tabIndex={-1} aria-label={`remove candidate ${at}`} title="remove (Shift+Delete)"
          onClick={() => removeCandidate(at)}
        >×</button>
      </div>,
    );
  };
  for (let r = first; r < last; r += 1) render(r);
  // the active cell stays, wherever the list is scrolled to: it has the focus
  if (row !== HEADER && row < view.length && (row < first || row >= last)) render(row);

  return (
    <div
      class="grid" ref={scroller} role="grid" aria-label="catalog" aria-rowcount={view.length + 1}
      aria-colcount={columns.length + 1} onScroll={onScroll} onKeyDown={onKeyDown}
    >
      <div
        class="cells header" role="row" aria-rowindex={1}
        style={{ gridTemplateColumns: template, width: `${width}px` }}
      >
        <span class="cell index" role="columnheader">#</span>
        {columns.map((column, c) => {
          const own = sort.value?.column.label === column.label ? sort.value : undefined;
          return (
            <span
              key={column.label} class={`cell ${column.kind}`} role="columnheader" title={visible(column.about)}
              tabIndex={tab(HEADER, c)}
              {...(own ? { "aria-sort": own.descending ? "descending" as const : "ascending" as const } : {})}
              onClick={() => {
                move(HEADER, c);
                toggleSort(column);
              }}
            ><Outside text={column.label} />{own ? (own.descending ? " ↓" : " ↑") : ""}</span>
          );
        })}
        <span />
      </div>
      <div class="body rows" role="rowgroup" style={{ height: `${view.length * ROW}px`, width: `${width}px` }}>
        {rows}
      </div>
    </div>
  );
}

/** Whether a key writes something. */
const isText = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  key.length === 1 && !ctrlKey && !metaKey && !altKey;

function Flag({ value, label }: { value: unknown; label: string }) {
  return (
    <span role="img" aria-label={visible(label) + `: ${value === true ? "yes" : "no"}`} class={value === true ? "on" : "off"}>
      {value === true ? "✓" : value === false ? "–" : "·"}
    </span>
  );
}

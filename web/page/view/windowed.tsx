import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** The height of a row, in pixels; the style sheet has it too. */
export const ROW = 26;
/** Rows that are kept beyond either end of what is seen. */
const BEYOND = 6;

interface Window {
  scroller: RefObject<HTMLDivElement | null>;
  /** The rows to render: from, and up to. */
  first: number;
  last: number;
  onScroll: () => void;
  /** Scrolls as far as it takes to see a row. */
  reveal: (row: number) => void;
}

/** Which of many rows of the same height are seen. `above` is what sticks to the top, in pixels. */
export function useWindowed(count: number, above = 0): Window {
  const scroller = useRef<HTMLDivElement>(null);
  const [[first, last], setRange] = useState<[number, number]>([0, Math.min(count, 40)]);
  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    const top = Math.max(0, Math.floor(box.scrollTop / ROW) - BEYOND);
    const bottom = Math.ceil((box.scrollTop + box.clientHeight) / ROW) + BEYOND;
    setRange(([a, b]) => (a === top && b === bottom ? [a, b] : [top, bottom]));
  };
  useLayoutEffect(onScroll, [count]);
  useEffect(() => {
    const watch = new ResizeObserver(onScroll);
    if (scroller.current) watch.observe(scroller.current);
    return () => watch.disconnect();
  }, []);
  const reveal = (row: number) => {
    const box = scroller.current;
    if (!box) return;
    const [top, bottom] = [row * ROW, (row + 1) * ROW];
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + box.clientHeight - above) box.scrollTop = bottom - box.clientHeight + above;
  };
  return { scroller, first: Math.min(first, count), last: Math.min(last, count), onScroll, reveal };
}

interface ListProps {
  label: string;
  count: number;
  /** The row that is selected, if any. */
  selected?: number | undefined;
  onSelect?: (row: number | undefined) => void;
  onHover?: (row: number | undefined) => void;
  /** The class and the cells of a row. */
  row: (row: number) => { class: string; cells: ComponentChildren };
  id: string;
}

/** A list to choose from by pointer or arrow keys. */
export function List({ label, count, selected, onSelect, onHover, row, id }: ListProps) {
  const { scroller, first, last, onScroll, reveal } = useWindowed(count);
  const choose = (at: number) => {
    onSelect?.(at);
    reveal(at);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW) - 1);
    const step = new Map([["ArrowDown", 1], ["ArrowUp", -1], ["PageDown", page], ["PageUp", -page]]).get(event.key);
    if (event.key === "Escape") onSelect?.(undefined);
    else if (count === 0) return;
    else if (event.key === "Home") choose(0);
    else if (event.key === "End") choose(count - 1);
    else if (step === undefined) return;
    else choose(Math.min(count - 1, Math.max(0, selected === undefined ? 0 : selected + step)));
    event.preventDefault();
  };
  const rows = [];
  for (let at = first; at < last; at += 1) {
    const { class: name, cells } = row(at);
    rows.push(
      <div
        key={at} id={`${id}-${at}`} class={`line ${name}`} style={{ top: `${at * ROW}px` }} role="option"
        aria-selected={at === selected} aria-setsize={count} aria-posinset={at + 1}
        onClick={() => onSelect?.(at === selected ? undefined : at)} onPointerEnter={() => onHover?.(at)}
      >{cells}</div>,
    );
  }
  return (
    <div
      class="scroll listbox" ref={scroller} onScroll={onScroll} onKeyDown={onKeyDown}
      onPointerLeave={() => onHover?.(undefined)}
      role="listbox" tabIndex={0} aria-label={label}
      {...(selected === undefined ? {} : { "aria-activedescendant": `${id}-${selected}` })}
    >
      <div class="rows" role="presentation" style={{ height: `${count * ROW}px` }}>{rows}</div>
    </div>
  );
}

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { Signal } from "@preact/signals";

export interface Tab {
  name: string;
  count?: number | undefined;
  /** Whether something in it is wrong. */
  wrong?: boolean;
  body: () => ComponentChildren;
}

/** Panels of which one is seen; the arrow keys go from tab to tab. */
export function Tabs({ id, label, tabs, chosen }: { id: string; label: string; tabs: Tab[]; chosen: Signal<string> }) {
  const list = useRef<HTMLDivElement>(null);
  const at = Math.max(0, tabs.findIndex(({ name }) => name === chosen.value));
  const onKeyDown = (event: KeyboardEvent) => {
    const to = new Map([["ArrowRight", at + 1], ["ArrowLeft", at - 1], ["Home", 0], ["End", tabs.length - 1]]);
    const next = to.get(event.key);
    if (next === undefined) return;
    event.preventDefault();
    const index = (next + tabs.length) % tabs.length;
    chosen.value = tabs[index]!.name;
    (list.current?.children[index] as HTMLElement | undefined)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map(({ name, count, wrong }, index) => (
          <button
            key={name} type="button" class="tab" role="tab" id={`${id}-${index}`} aria-selected={index === at}
            aria-controls={`${id}-panel`} tabIndex={index === at ? 0 : -1} onClick={() => (chosen.value = name)}
          >
            {name}{count === undefined ? "" : <span class="count"> {count.toLocaleString("en")}</span>}
            {wrong ? <span class="dot" role="img" aria-label="has an error" /> : null}
          </button>
        ))}
      </div>
      <div class="tabpanel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${at}`} key={tabs[at]!.name}>
        {tabs[at]!.body()}
      </div>
    </>
  );
}

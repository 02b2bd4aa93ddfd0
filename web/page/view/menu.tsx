import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { EXAMPLES } from "../logic/examples.js";
import { replaceWork } from "../keep.js";
import { Icon } from "./icon.js";

/** The examples: arrows and letters choose, Escape closes. */
export function Examples() {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const items = () => [...(menu.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  useLayoutEffect(() => {
    if (!open) return;
    items()[0]?.focus();
    const away = ({ target }: Event) => {
      if (!menu.current?.contains(target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, [open]);
  const close = () => {
    setOpen(false);
    menu.current?.querySelector("button")?.focus();
  };
  const choose = (at: number) => {
    const example = EXAMPLES[at]!;
    replaceWork(example, `The example ‘${example.name}’ is in the place of your work.`);
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = new Map([["ArrowDown", at + 1], ["ArrowUp", at - 1], ["Home", 0], ["End", all.length - 1]]).get(event.key);
    if (!open && event.key === "ArrowDown") setOpen(true);
    else if (!open) return;
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else if ((event.key === "Enter" || event.key === " ") && at !== -1) choose(at);
    else if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };
  return (
    <div class="menu" ref={menu} onKeyDown={onKeyDown}>
      <button
        type="button" class="button bordered" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}
      >
        examples <Icon size={11}><path d="M3 6l5 5 5-5" /></Icon>
      </button>
      {open ? (
        <ul role="menu" aria-label="examples">
          {EXAMPLES.map(({ name, about }, at) => (
            <li key={name} role="menuitem" tabIndex={-1} onClick={() => choose(at)}>{name}<small>{about}</small></li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

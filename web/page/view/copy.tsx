import { useState } from "preact/hooks";
import { Icon } from "./icon.js";

/** Copies a text; says so for a moment. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await toClipboard(text);
    setDone(true);
    setTimeout(() => setDone(false), 1200);
  };
  return (
    <button
      type="button" class={done ? "copy done" : "copy"} aria-label={done ? "copied" : `copy ${what}`} onClick={copy}
    >
      <Icon>{done ? <path d="M3 8.5l3.2 3.2L13 5" /> : <path d="M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2" />}</Icon>
    </button>
  );
}

/** Pages from a disk may not use the clipboard's own interface everywhere. */
export async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.body.appendChild(document.createElement("textarea"));
    area.value = text;
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** A digest: its beginning, and the whole of it to copy. */
export function Digest({ name, value }: { name: string; value: string | undefined }) {
  return (
    <span class="pair">
      {name}
      <b class="digest" title={value ?? ""}>{value?.slice(0, 12) ?? "············"}</b>
      {value ? <Copy text={value} what={name} /> : <span class="copy" />}
    </span>
  );
}

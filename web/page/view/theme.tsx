import { useState } from "preact/hooks";
import { Icon } from "./icon.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const now = (): string => document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light");

/** Light or dark. The choice is all that is kept, where a page may keep something. */
export function Theme() {
  const [theme, setTheme] = useState(now);
  const other = theme === "dark" ? "light" : "dark";
  const change = () => {
    document.documentElement.dataset.theme = other;
    setTheme(other);
    try {
      localStorage.setItem("theme", other);
    } catch {
      // a page from the disk may not be allowed to; then it is for now
    }
  };
  return (
    <button type="button" class="button" aria-label={`${other} colours`} title={`${other} colours`} onClick={change}>
      <Icon size={15}><circle cx="8" cy="8" r="6" /><path d="M8 2a6 6 0 010 12z" fill="currentColor" /></Icon>
    </button>
  );
}

import { useState } from "preact/hooks";

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
      <svg width="15" height="15" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" aria-hidden="true">
        <circle cx="8" cy="8" r="6" /><path d="M8 2a6 6 0 010 12z" fill="currentColor" />
      </svg>
    </button>
  );
}

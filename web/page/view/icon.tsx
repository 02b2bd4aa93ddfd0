import type { ComponentChildren } from "preact";

/** A drawing of lines, 16 units wide and high; it says nothing that is not said in words. */
export function Icon({ size = 14, children }: { size?: number; children: ComponentChildren }) {
  return (
    <svg
      width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5"
      aria-hidden="true"
    >{children}</svg>
  );
}

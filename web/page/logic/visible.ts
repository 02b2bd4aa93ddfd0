/**
 * Characters that nobody sees and that change how others read: controls, marks and overrides of direction,
 * invisible operators and tags, halves of a pair. Joiners stay: scripts and emoji need them, and they move nothing.
 */
export const UNSEEN =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;
/** The same, but for what makes lines and columns. */
const UNSEEN_IN_LINES = new RegExp(`(?![\\n\\t])(?:${UNSEEN.source})`, "gu");

/** A text from outside, with such characters as escapes of JSON: `\u202e`. */
export const visible = (text: string): string => text.replace(UNSEEN, escaped);

/** As `visible`, for a text of several lines. */
export const visibleLines = (text: string): string => text.replace(UNSEEN_IN_LINES, escaped);

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

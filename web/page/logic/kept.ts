/** Work as a browser keeps it between two visits. */

import { readWork, type Work } from "./work.js";

/** Under which name it is kept; another version of it will have another name. */
export const KEY = "sigmapol.work.1";

/** The longest text that is kept, in characters: browsers give a site some five million. */
export const LONGEST = 4_000_000;

/** The text to keep; nothing for work that is too much. */
export function keptText(work: Work): string | undefined {
  // the shortest candidate has some forty characters: not everything need be written to be measured
  const atLeast = work.policy.length + work.request.length + work.candidates.length * 40;
  if (atLeast > LONGEST) return undefined;
  const text = JSON.stringify(work);
  return text.length > LONGEST ? undefined : text;
}

/** The work that was kept; nothing where that is no work. Anything may be there: it is not trusted. */
export function keptWork(text: string | null): Work | undefined {
  if (text === null || text.length > LONGEST) return undefined;
  try {
    return readWork(text);
  } catch {
    return undefined;
  }
}

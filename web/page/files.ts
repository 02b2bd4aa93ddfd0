/**
 * Files that are chosen or dropped: a policy, a catalog, or a ledger in one or more segments.
 */

import { client } from "./live.js";
import * as page from "./state.js";

export async function openFiles(files: File[]): Promise<void> {
  const [file] = files;
  if (!file) return;
  page.notice.value = undefined;
  try {
    const read = await client.call("read", file);
    if (read.kind === "policy") {
      page.policy.value = read.text;
      return;
    }
    page.candidates.value = read.candidates;
    page.loaded.value += 1;
    page.vocabulary.value = read.vocabulary === undefined ? "" : JSON.stringify(read.vocabulary, undefined, 2);
  } catch (error) {
    page.notice.value = { tone: "bad", title: (error as Error).message, lines: [] };
  }
}

/**
 * Files that are chosen or dropped: a policy, a catalog, or a ledger in one or more segments.
 */

import { client } from "./update.js";
import * as page from "./state.js";
import { Client } from "./worker/client.js";

/** Ledgers have a worker of their own: decisions do not wait for them. */
let auditor: Client | undefined;
/** The longest ledger that is read, in bytes: all of it is in memory at once. */
const LONGEST = 512 * 1024 * 1024;

async function isLedger(file: File): Promise<boolean> {
  return file.name.endsWith(".jsonl") || (await file.slice(0, 6).text()) === '{"at":';
}

async function auditFiles(files: File[]): Promise<void> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const names = files.map(({ name }) => name).sort();
  page.outcome.value = "ledger";
  if (bytes > LONGEST) {
    return page.showError("Ledgers of more than 512 MiB are for sigmapol ledger verify.");
  }
  auditor ??= new Client();
  const name = names.length === 1 ? names[0]! : `${names[0]} to ${names.at(-1)}, ${names.length} files`;
  const show = (part: number) => (page.ledger.value = { name, bytes, part });
  show(0);
  try {
    page.ledger.value = { name, bytes, part: 1, audit: await auditor.call("audit", files, show) };
  } catch (error) {
    page.ledger.value = undefined;
    page.showError(`${name}: ${(error as Error).message}`);
  }
}

export async function openFiles(files: File[]): Promise<void> {
  const [file] = files;
  if (!file) return;
  page.notice.value = undefined;
  if (await isLedger(file)) return auditFiles(files);
  if (files.length > 1) {
    return page.showError("One policy or catalog at a time; only ledgers have several files.");
  }
  try {
    const read = await client.call("read", file);
    if (read.kind === "policy") {
      page.policy.value = read.text;
      return;
    }
    page.replaceCtx(read.candidates, read.rest);
  } catch (error) {
    page.showError((error as Error).message);
  }
}

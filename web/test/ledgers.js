// What the tests of ledgers share: the host's own words, folders, and records that are sealed anew.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { command, host as run } from "./host.js";

const [program, ...before] = command;
const isHere = spawnSync(program, [...before, "--version"]).status === 0;
export const needsHost = { skip: !isHere && "needs cargo, or SIGMAPOL: the path of the host's command" };
export { isHere };

export const temporary = mkdtempSync(join(tmpdir(), "sigmapol-"));
after(() => rmSync(temporary, { recursive: true }));
export const folder = () => mkdtempSync(join(temporary, "ledger-"));

/** Runs the host's command; what it prints, or the line that says what is wrong. */
export function host(...args) {
  const { status, stdout, stderr } = run(args);
  return { status, stdout, error: stderr.trimEnd().replace(/^sigmapol: /, "") };
}

export const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** Lines of records, sealed and chained, whatever they say. */
export function seal(records) {
  let prev = "0".repeat(64);
  return records.map(({ at = "2026-02-24T12:00:30.000000Z", body, kind = "note", number }, index) => {
    const record = `{"at":"${at}","body":${body},"kind":"${kind}","number":${number ?? index},"prev":"${prev}"`;
    prev = sha256(`sigmapol-ledger/v1\n${record}}`);
    return `${record},"seal":"${prev}"}\n`;
  });
}

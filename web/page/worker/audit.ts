import type { Engine } from "../../src/index.js";
import { LedgerError, replay, ReplayError, verify } from "../../src/ledger/index.js";
import type { Audit, Row } from "./protocol.js";

/**
 * Verifies a ledger, in segments by the names of their files, and makes its decisions again.
 * `progress` hears which part of both is done, 0 to 1.
 */
export async function audit(engine: Engine, files: File[], progress: (part: number) => void): Promise<Audit> {
  const inOrder = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const size = files.reduce((sum, file) => sum + file.size, 0) || 1;
  const segments: Uint8Array[] = [];
  for (const file of inOrder) segments.push(new Uint8Array(await file.arrayBuffer()));
  let last = performance.now();
  const report = (part: number) => {
    if (performance.now() - last < 50) return;
    last = performance.now();
    progress(part);
  };
  const rows: Row[] = [];
  const result: Audit = { rows };
  try {
    const verified = verify(segments, { progress: (bytes) => report(bytes / size / 2) });
    result.report = verified;
    result.summary = replay(engine, segments, ({ number, at, record, chosen, verdict }) => {
      const chose = chosen ? `${chosen.provider} ${chosen.model}` : "";
      rows.push({ number, at, record, chosen: chose, verdict: verdict.kind, detail: detail(verdict) });
      report(0.5 + number / Math.max(1, verified.head.number) / 2);
    });
  } catch (error) {
    if (!(error instanceof LedgerError || error instanceof ReplayError)) throw error;
    result.damage = error.message;
  }
  return result;
}

function detail(verdict: { kind: string; difference?: string; component?: string; reason?: string }): string {
  return verdict.difference ?? verdict.component ?? verdict.reason ?? "";
}

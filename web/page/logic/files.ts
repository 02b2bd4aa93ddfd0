import { type Engine, Refusal } from "../../src/index.js";
import type { Document } from "../worker/protocol.js";
import type { Candidate } from "./candidate.js";
import { isRecord } from "./texts.js";

/** The longest text that the engine reads, in bytes. */
export const LIMIT = 16 * 1024 * 1024;

/** Reads a policy or a catalog. What is not in order is thrown as an error, in words. */
export async function readDocument(engine: Engine, file: File): Promise<Document> {
  if (file.size > LIMIT) {
    const size = Math.ceil(file.size / 1024 / 1024);
    throw new Error(`${file.name} has ${size} MiB; the engine reads texts of at most 16 MiB`);
  }
  return documentOf(engine, file.name, await file.text());
}

export function documentOf(engine: Engine, name: string, text: string): Document {
  try {
    engine.hash(text);
  } catch (error) {
    // a term it need not be, JSON it must be
    if (error instanceof Refusal && error.code.startsWith("json-")) {
      throw new Error(`${name}: ${error.message.replace(/^term: /, "")}`);
    }
  }
  const value: unknown = JSON.parse(text);
  if (Array.isArray(value) && value[0] === "policy") return { kind: "policy", text };
  const candidates = Array.isArray(value) ? value : isRecord(value) ? value.candidates : undefined;
  if (!Array.isArray(candidates) || !candidates.every(isRecord)) {
    throw new Error(`${name}: expected a policy, an array of candidates, or {"candidates": […]}`);
  }
  const { candidates: _, ...rest } = isRecord(value) ? value : {};
  return { kind: "catalog", candidates: candidates as Candidate[], rest };
}

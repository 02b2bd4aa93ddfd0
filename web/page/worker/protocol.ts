/**
 * What the page asks of its worker, and what comes back.
 */

import type { Admission, RefusalCode } from "../../src/index.js";
import type { Report, Summary, Verdict } from "../../src/ledger/index.js";
import type { Candidate } from "../logic/candidate.js";
import type { Note } from "../logic/notes.js";
import type { Question } from "../logic/question.js";
import type { Answered, Run } from "../logic/run.js";

/** The inputs that a refusal may be about. */
export type Part = "policy" | "request" | "vocabulary" | "envelope" | "customs" | "catalog" | "seed" | "state";

/** A refusal, and whose it is. */
export interface Fault {
  part: Part;
  code: RefusalCode | "trap" | "reading";
  /** Starts with the position. */
  message: string;
}

/** A decision in columns, as they travel between threads. */
export interface Columns {
  /** 64 hexadecimal digits. */
  identity: string;
  digest: string;
  cost: string;
  /** Indices of candidates, best first. */
  ordered: Uint32Array;
  scores: Float64Array;
  /** Indices of candidates, in order. */
  rejected: Uint32Array;
  /** Indices into `reasons`. */
  why: Uint32Array;
  reasons: string[];
  /** JSON, as the engine wrote it. */
  request?: string;
  /** How long one decision takes, in microseconds. */
  micros: number;
}

export interface Answer {
  /** Of the policy alone, without the envelope. */
  admission?: Admission;
  faults: Fault[];
  /** What is worth knowing about the decision. */
  notes: Note[];
  decision?: Columns;
}

/** What made the filter refuse a candidate. */
export interface Responsible {
  candidate: number;
  reason: string;
  /** Paths of argument places into the policy: `[1, 2]` is the second conjunct of the filter. */
  paths: number[][];
  /** Whether the envelope refuses it for the same reason. */
  envelope: boolean;
}

/** A change of the candidates: `with` takes the place of `remove` of them, from `at` on. */
export interface Edit {
  at: number;
  remove: number;
  with: Candidate[];
}

/** What a file is, once read. */
export type Document =
  /** `rest` is what else a ctx has. */
  | { kind: "catalog"; candidates: Candidate[]; rest: Record<string, unknown> }
  | { kind: "policy"; text: string };

/** A record that was made again. */
export interface Row {
  number: number;
  at: string;
  record: string;
  /** `provider model`, or nothing. */
  chosen: string;
  verdict: Verdict["kind"];
  /** The difference, the component of the record, or why it is not recorded. */
  detail: string;
}

export interface Audit {
  /** Absent where the ledger is damaged. */
  report?: Report;
  summary?: Summary;
  /** The first damage, in the words of the verifier. */
  damage?: string;
  rows: Row[];
}

/** Requests by name: what goes, and what comes. */
export interface Calls {
  candidates: { takes: Candidate[]; gives: void };
  edit: { takes: Edit; gives: void };
  decide: { takes: Question; gives: Answer };
  responsible: { takes: { question: Question; candidate: number; reason: string }; gives: Responsible };
  read: { takes: File; gives: Document };
  run: { takes: { question: Question; answers: Answered[] }; gives: Run };
  audit: { takes: File[]; gives: Audit };
}

export type Name = keyof Calls;

export interface Call<N extends Name = Name> {
  id: number;
  name: N;
  takes: Calls[N]["takes"];
}

/** An answer, an error in words, or a sign of life: 0 to 1. */
export type Reply =
  | { id: number; gives: unknown }
  | { id: number; error: string }
  | { id: number; progress: number };

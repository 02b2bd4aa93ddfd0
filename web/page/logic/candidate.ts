import type { CandidateFields } from "../../src/index.js";

/** A candidate as the page holds it: whatever was written, opened or linked. The engine checks it. */
export type Candidate = CandidateFields & { [key: string]: unknown };

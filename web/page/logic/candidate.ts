import type { CandidateFields } from "../../src/index.js";

/** A candidate as the page holds it: whatever was written, opened or linked. The engine checks it. */
export type Candidate = CandidateFields & { [key: string]: unknown };

/** A value, as it is shown and edited: what is no text is its JSON. */
export const textOf = (value: unknown): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** Who a candidate is; one that is not there has no name. */
export const providerOf = (candidate: Candidate | undefined): string => textOf(candidate?.provider_id);
export const modelOf = (candidate: Candidate | undefined): string => textOf(candidate?.model_family);
export const nameOf = (candidate: Candidate | undefined): string => `${providerOf(candidate)} ${modelOf(candidate)}`;

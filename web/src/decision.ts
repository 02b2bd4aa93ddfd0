import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type * as engine from "../build/component/interfaces/sigmapol-policy-engine.js";
import type * as prepared from "../build/component/interfaces/sigmapol-policy-prepared.js";
import type { RequestFields } from "./ctx.js";
import { costNumber, finiteOrText } from "./number.js";
import type { Action } from "./term.js";

/** A candidate that may be tried. */
export interface Ranked {
  /** An index into the candidates, from 0. */
  candidate: number;
  score: number;
}

/** A candidate that the filter refused, with the reason of the first predicate that failed. */
export interface Rejected {
  /** An index into the candidates, from 0. */
  candidate: number;
  reason: string;
}

/** What the fail plan says to a failure. */
export interface Reaction {
  action: Action;
  /** The wait before the next attempt, in milliseconds. */
  backoffMs: number;
}

/** A decision in JSON: what `sigmapol decide --json` prints, but for names, kinds and measurements, which it does not know. */
export interface DecisionJson {
  identity: string;
  /** Infinite scores are `"inf"` and `"-inf"`. */
  ordered: { candidate: number; score: number | string }[];
  rejected: { candidate: number; reason: string }[];
  /** Absent when nobody may be tried. */
  request?: object;
  /** Absent when no failure was asked about. */
  reactions?: { action: Action; backoff_ms: number | string }[];
  /** Its digits where a double does not hold it. */
  cost: number | string;
  /** What `digest` gives. */
  result: string;
}

/** What a policy decided. */
export class Decision {
  /** The SHA-256 of the policy that ran, with the envelope, if any, conjoined. */
  readonly identity: string;
  /** Best first. */
  readonly ordered: readonly Ranked[];
  /** In the order of the candidates. */
  readonly rejected: readonly Rejected[];
  /** One for each of the failures that were asked about. */
  readonly reactions: readonly Reaction[];
  /** The request for the first of `ordered`, transformed, as the engine wrote it. */
  readonly requestText: string | undefined;
  /** Work units, computed from sizes alone. */
  readonly cost: bigint;
  readonly #actions: readonly string[];

  private constructor(decision: engine.Decision) {
    this.identity = decision.identity;
    this.ordered = decision.ordered;
    this.rejected = decision.rejected;
    this.reactions = decision.reactions.map(({ action, backoffMs }) => ({ action: JSON.parse(action), backoffMs }));
    this.requestText = decision.request;
    this.cost = decision.cost;
    this.#actions = decision.reactions.map(({ action }) => action);
  }

  /** @internal */
  static of(decision: engine.Decision): Decision {
    return new Decision(decision);
  }

  /** @internal From the columns of a decision over a catalog. */
  static ofChoice(choice: prepared.Choice): Decision {
    const scores = new Float64Array(choice.scores.buffer, choice.scores.byteOffset, choice.scores.length);
    return new Decision({
      identity: choice.identity,
      ordered: Array.from(choice.ordered, (candidate, rank) => ({ candidate, score: scores[rank]! })),
      rejected: Array.from(choice.rejected, (candidate, at) => ({ candidate, reason: choice.reasons[choice.why[at]!]! })),
      reactions: choice.reactions,
      cost: choice.cost,
      ...(choice.request === undefined ? {} : { request: choice.request }),
    });
  }

  /** The request for the first of `ordered`, transformed; absent when nobody may be tried. */
  get request(): (RequestFields & { [key: string]: unknown }) | undefined {
    return this.requestText === undefined ? undefined : JSON.parse(this.requestText);
  }

  /**
   * What a ledger records of this decision: the request by its digest, scores as the bits of
   * doubles. The keys are in their canonical order.
   */
  outcome(request = this.requestText): unknown {
    return {
      decision: {
        cost: String(this.cost),
        identity: this.identity,
        ordered: this.ordered.map(({ candidate, score }) => [candidate, bits(score)]),
        reactions: this.reactions.map(({ backoffMs }, at) => [this.#actions[at], bits(backoffMs)]),
        rejected: this.rejected.map(({ candidate, reason }) => [candidate, reason]),
        request: request === undefined ? null : digest(request),
      },
    };
  }

  /**
   * The digest of this decision: the SHA-256 of the RFC 8785 form of its outcome, equal in every
   * engine; `sigmapol decide` prints it as `result`, and a ledger records it under that name.
   */
  digest(): string {
    return digest(JSON.stringify(this.outcome()));
  }

  /** What `JSON.stringify` writes. */
  toJSON(): DecisionJson {
    const { identity, ordered, rejected, request, reactions, cost } = this;
    return {
      identity,
      ordered: ordered.map(({ candidate, score }) => ({ candidate, score: finiteOrText(score) })),
      rejected: rejected.map(({ candidate, reason }) => ({ candidate, reason })),
      ...(request === undefined ? {} : { request }),
      ...(reactions.length === 0 ? {} : {
        reactions: reactions.map(({ action, backoffMs }) => ({ action, backoff_ms: finiteOrText(backoffMs) })),
      }),
      cost: costNumber(cost),
      result: this.digest(),
    };
  }
}

/** SHA-256 of a text, 64 lower-case hexadecimal digits. */
export function digest(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

const view = new DataView(new ArrayBuffer(8));

/** The bits of a double, 16 lower-case hexadecimal digits. */
export function bits(value: number): string {
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

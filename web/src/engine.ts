import type * as engine from "../build/component/interfaces/sigmapol-policy-engine.js";
import { compile, type Exports, Instance } from "./component.js";
import type { Ask, CatalogText, Ctx, PolicyOptions, Vocabulary } from "./ctx.js";
import { Decision } from "./decision.js";
import { COMPONENT_SHA256 } from "./digests.js";
import type { Policy, Term } from "./term.js";
import { turn, type Turn } from "./turn.js";

/** What a term is, once admitted. */
export interface Admission {
  sort: "pred" | "scorer" | "selector" | "xform" | "fail-plan" | "policy";
  /** The SHA-256 of `canonical`. */
  identity: string;
  /** The canonical encoding of the normal form. */
  canonical: string;
  /** A 62-bit cache key of `canonical`; not an identity. */
  fingerprint: string;
  /** Term positions of the term as given, at most 4096. */
  nodes: number;
  /** Nesting of the term as given, at most 64. */
  depth: number;
}

/** A value, or its JSON text. */
export type Json<T> = T | string;

const text = (value: Json<unknown>): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Makes the engine ready to run. */
export async function load(): Promise<Engine> {
  return new Engine(await compile());
}

/**
 * Four pure functions. Nothing is remembered between calls; the same arguments give the same result
 * in every engine, to the last bit.
 *
 * A value that is given as text reaches the engine as it is; any other is written by
 * `JSON.stringify`. What is refused is thrown as a `Refusal`.
 */
export class Engine {
  /** @internal What a ledger names the component by: its SHA-256. */
  readonly component: string = COMPONENT_SHA256;
  readonly #module: WebAssembly.Module;
  #instance: Instance;

  /** @internal */
  constructor(module: WebAssembly.Module) {
    this.#module = module;
    this.#instance = new Instance(module);
  }

  #call<T>(verb: (root: Exports) => T): T {
    if (!this.#instance.alive) this.#instance = new Instance(this.#module);
    return this.#instance.call(verb);
  }

  /** Checks a term of any sort and names it. */
  admit(term: Json<Term>, vocabulary: Json<Vocabulary> = {}): Admission {
    return this.#call(({ engine }) => engine.admit(text(term), text(vocabulary)));
  }

  /** The identity that `admit` would report: a SHA-256, 64 lower-case hexadecimal digits. */
  hash(term: Json<Term>, vocabulary: Json<Vocabulary> = {}): string {
    return this.#call(({ engine }) => engine.hash(text(term), text(vocabulary)));
  }

  /** Runs a policy over the candidates of a ctx. */
  decide(policy: Json<Policy>, ctx: Json<Ctx>): Decision {
    return Decision.of(this.#call(({ engine }) => engine.decide(text(policy), text(ctx))));
  }

  /**
   * One step of a run: its state, an event → its state, the runtime state, what it wants next.
   * Without a run, the event starts one, or belongs to none.
   */
  step(run: string | undefined, event: Json<object>): Turn {
    return turn(this.stepText(run, text(event)));
  }

  /** @internal As `step`, with every text as the engine wrote it. */
  stepText(run: string | undefined, event: string): engine.Turn {
    return this.#call(({ engine }) => engine.step(run, event));
  }

  /** Reads a catalog once, to decide over it many times. */
  catalog(catalog: Json<CatalogText>): Catalog {
    return new Catalog(this.#module, text(catalog));
  }
}

/** Candidates that were read once. The decisions are those of `Engine.decide`, cost included. */
export class Catalog {
  /** The number of candidates. */
  readonly size: number;
  readonly #instance: Instance;

  /** @internal */
  constructor(module: WebAssembly.Module, catalog: string) {
    this.#instance = new Instance(module);
    this.size = this.#instance.call(({ prepared }) => prepared.load(catalog));
  }

  /** Admits a policy for this catalog. */
  policy(term: Json<Policy>, options: Json<PolicyOptions> = {}): (ask?: Json<Ask>) => Decision {
    const policy = this.#instance.call(({ prepared }) => prepared.policy(text(term), text(options)));
    return (ask = {}) =>
      Decision.ofChoice(this.#instance.call(({ prepared }) => prepared.decide(policy, text(ask))));
  }

  /** Applies changes to candidates and providers, all of them or none. */
  patch(changes: Json<Change[]>): void {
    this.#instance.call(({ prepared }) => prepared.patch(text(changes)));
  }
}

/** A change of what a candidate says of itself, or of what the host knows of a provider. */
export type Change =
  | { candidate: number; set: Record<string, number | boolean> }
  | { provider: string; breaker_open?: boolean; disabled?: boolean; credits?: number };

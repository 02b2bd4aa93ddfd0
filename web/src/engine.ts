import type * as engine from "../build/component/interfaces/sigmapol-policy-engine.js";
import { arrayText, objectText, wrongType } from "./argument.js";
import { compile, type Exports, Instance } from "./component.js";
import type { Ask, CatalogText, Ctx, PolicyOptions, Vocabulary } from "./ctx.js";
import { Decision } from "./decision.js";
import { COMPONENT_SHA256 } from "./digests.js";
import type { CallOf, EventKind, EventOf, Outcomes, RunOf } from "./event.js";
import type { Imported, Policy, Term } from "./term.js";
import { Turn } from "./turn.js";

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

/** Makes the engine ready to run. */
export async function load(): Promise<Engine> {
  return new Engine(await compile());
}

/**
 * Four pure functions. Nothing is remembered between calls; the same arguments give the same result
 * in every engine, to the last bit.
 *
 * A value that is given as text reaches the engine as it is; any other is written by
 * `JSON.stringify`. What is refused is thrown as a `Refusal`. An argument of another type is a
 * `TypeError`: `ctx: expected an object or a JSON text, got undefined`.
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
  admit<const T extends readonly unknown[]>(term: Imported<T>, vocabulary?: Json<Vocabulary>): Admission;
  admit(term: Json<Term>, vocabulary?: Json<Vocabulary>): Admission;
  admit(term: unknown, vocabulary: unknown = {}): Admission {
    const [read, words] = [arrayText("term", term), objectText("vocabulary", vocabulary)];
    return this.#call(({ engine }) => engine.admit(read, words));
  }

  /** The identity that `admit` would report: a SHA-256, 64 lower-case hexadecimal digits. */
  hash<const T extends readonly unknown[]>(term: Imported<T>, vocabulary?: Json<Vocabulary>): string;
  hash(term: Json<Term>, vocabulary?: Json<Vocabulary>): string;
  hash(term: unknown, vocabulary: unknown = {}): string {
    const [read, words] = [arrayText("term", term), objectText("vocabulary", vocabulary)];
    return this.#call(({ engine }) => engine.hash(read, words));
  }

  /** @internal As `hash`, of texts that may be anything. */
  hashText(term: string, vocabulary: string): string {
    return this.#call(({ engine }) => engine.hash(term, vocabulary));
  }

  /** Runs a policy over the candidates of a ctx. */
  decide<const T extends readonly unknown[]>(policy: Imported<T>, ctx: Json<Ctx>): Decision;
  decide(policy: Json<Policy>, ctx: Json<Ctx>): Decision;
  decide(policy: unknown, ctx: unknown): Decision {
    const [term, known] = [arrayText("policy", policy), objectText("ctx", ctx)];
    return Decision.of(this.#call(({ engine }) => engine.decide(term, known)));
  }

  /**
   * One step of a run: its state, an event → its state, the runtime state, what it wants next.
   * Without a run, the event starts one, or belongs to none.
   */
  step(run: string | undefined, event: string): Turn;
  step<K extends EventKind>(run: RunOf<K>, event: EventOf<K>): Turn<Outcomes[K], CallOf<K>>;
  step(run: unknown, event: unknown): Turn<never, never> {
    if (run !== undefined && typeof run !== "string") {
      throw wrongType("run", "the run of a turn, a string, or undefined", run);
    }
    return new Turn(this.stepText(run, objectText("event", event)));
  }

  /** @internal As `step`, with every text as the engine wrote it. */
  stepText(run: string | undefined, event: string): engine.Turn {
    return this.#call(({ engine }) => engine.step(run, event));
  }

  /** Reads a catalog once, to decide over it many times. */
  catalog(catalog: Json<CatalogText>): Catalog {
    return new Catalog(this.#module, objectText("catalog", catalog));
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
  policy<const T extends readonly unknown[]>(term: Imported<T>, options?: Json<PolicyOptions>): Decide;
  policy(term: Json<Policy>, options?: Json<PolicyOptions>): Decide;
  policy(term: unknown, options: unknown = {}): Decide {
    const [read, belongs] = [arrayText("term", term), objectText("options", options)];
    const policy = this.#instance.call(({ prepared }) => prepared.policy(read, belongs));
    return (ask = {}) => {
      const asked = objectText("ask", ask);
      return Decision.ofChoice(this.#instance.call(({ prepared }) => prepared.decide(policy, asked)));
    };
  }

  /** Applies changes to candidates and providers, all of them or none. */
  patch(changes: Json<readonly Change[]>): void {
    const read = arrayText("changes", changes);
    this.#instance.call(({ prepared }) => prepared.patch(read));
  }
}

/** Decides over a catalog, by a policy that was admitted for it. */
export type Decide = (ask?: Json<Ask>) => Decision;

/** A change of what a candidate says of itself, or of what the host knows of a provider. */
export type Change =
  | { candidate: number; set: Readonly<Record<string, number | boolean>> }
  | { provider: string; breaker_open?: boolean | undefined; disabled?: boolean | undefined; credits?: number | undefined };

/**
 * The component: its verbs as they are, texts in and values out.
 */

import { CORE } from "../build/component/bytes.js";
import { instantiate, type Root } from "../build/component/component.js";
import { Refusal, Trap } from "./error.js";

/** @internal The core module, compiled. */
export async function compile(): Promise<WebAssembly.Module> {
  const plain = new Blob([unpack(CORE)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compile(await new Response(plain).arrayBuffer());
}

/** Base64 to bytes: by the engine of JavaScript, where it can. */
function unpack(base64: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array as typeof Uint8Array & { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (bytes.fromBase64) return bytes.fromBase64(base64);
  const text = atob(base64);
  const unpacked = new Uint8Array(text.length);
  // a sixth of the time that Uint8Array.from takes with a function
  for (let at = 0; at < text.length; at++) unpacked[at] = text.charCodeAt(at);
  return unpacked;
}

/** @internal The exports of one instance. */
export type Exports = Pick<Root, "engine" | "prepared">;

/** @internal One instance of the component. What it holds, if anything, is what `prepared` was told. */
export class Instance {
  readonly #root: Exports;
  #alive = true;

  constructor(module: WebAssembly.Module) {
    this.#root = instantiate(() => module, {});
  }

  /** Whether it may be called: after a trap nothing is known of its memory. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Calls a verb; what it refuses is thrown as a `Refusal`, anything else as a `Trap`. */
  call<T>(verb: (root: Exports) => T): T {
    if (!this.#alive) throw new Trap("it stopped before, and what it held is gone");
    try {
      return verb(this.#root);
    } catch (error) {
      if (error instanceof Error && "payload" in error) {
        throw Refusal.of(error.payload as Parameters<typeof Refusal.of>[0]);
      }
      this.#alive = false;
      throw new Trap(error);
    }
  }
}

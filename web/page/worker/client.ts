import type { Call, Calls, Name, Reply } from "./protocol.js";

/** What index.html has: it starts the first worker before anything else. */
declare const firstWorker: Worker;
declare const startWorker: () => Worker;

/** How long a worker may be silent while it has something to do, in milliseconds. */
const SILENCE_MS = 10_000;

interface Waiting {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
  progress: ((part: number) => void) | undefined;
}

/** The worker was silent for too long, and another one has taken its place. */
export class Stalled extends Error {
  override readonly name = "Stalled";
}

/** The worker that is there already. */
export const first = (): Worker => firstWorker;

/** A worker with an engine. One that hangs is replaced by a new one, which knows nothing. */
export class Client {
  #worker: Worker;
  #waiting = new Map<number, Waiting>();
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(worker = startWorker()) {
    this.#worker = this.#listen(worker);
  }

  #listen(worker: Worker): Worker {
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
    worker.onerror = ({ message }) => this.#fail(new Error(message || "the worker did not start"));
    return worker;
  }

  call<N extends Name>(name: N, takes: Calls[N]["takes"], progress?: (part: number) => void) {
    const id = ++this.#last;
    return new Promise<Calls[N]["gives"]>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, progress });
      this.#worker.postMessage({ id, name, takes } satisfies Call<N>);
      this.#restartTimer();
    });
  }

  /** Gives up what is being done. */
  restart(reason: Error = new Stalled("stopped")): void {
    this.#worker.terminate();
    this.#worker = this.#listen(startWorker());
    this.#fail(reason);
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    if ("progress" in reply) {
      waiting.progress?.(reply.progress);
    } else {
      this.#waiting.delete(reply.id);
      if ("error" in reply) waiting.reject(new Error(reply.error));
      else waiting.resolve(reply.gives as never);
    }
    this.#restartTimer();
  }

  #restartTimer(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) return;
    const stalled = () => this.restart(new Stalled(`the worker was silent for ${SILENCE_MS / 1000} s; it was restarted`));
    this.#timer = setTimeout(stalled, SILENCE_MS);
  }

  #fail(error: Error): void {
    clearTimeout(this.#timer);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

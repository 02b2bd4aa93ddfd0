import { load } from "../../src/index.js";
import { readDocument } from "../logic/files.js";
import { run } from "../logic/run.js";
import { audit } from "./audit.js";
import { Decider } from "./decider.js";
import type { Call, Calls, Name, Reply } from "./protocol.js";

const engine = load();
const decider = engine.then((engine) => new Decider(engine));

type Work = { [N in Name]: (takes: Calls[N]["takes"], progress: (part: number) => void) => Promise<Calls[N]["gives"]> };

const work: Work = {
  candidates: async (candidates) => (await decider).load(candidates),
  edit: async (edit) => (await decider).edit(edit),
  decide: async (question) => (await decider).decide(question),
  responsible: async ({ question, candidate, reason }) => (await decider).responsible(question, candidate, reason),
  read: async (file) => readDocument(await engine, file),
  audit: async (files, progress) => audit(await engine, files, progress),
  run: async ({ question, answers }) => run(await engine, question, (await decider).candidates, answers),
};

// one after the other: a decision is over the candidates that were sent before it
let queue: Promise<unknown> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<Call>) => {
  const { id, name, takes } = data;
  const reply = (what: Reply) => postMessage(what);
  queue = queue.then(async () => {
    try {
      const gives = await work[name](takes as never, (part) => reply({ id, progress: part }));
      reply({ id, gives });
    } catch (error) {
      reply({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
});

import { load } from "../../src/index.js";
import { readDocument } from "../logic/files.js";
import { run } from "../logic/run.js";
import { audit } from "./audit.js";
import { Desk } from "./desk.js";
import type { Call, Calls, Name, Reply } from "./protocol.js";

const engine = load();
const desk = engine.then((engine) => new Desk(engine));

type Work = { [N in Name]: (takes: Calls[N]["takes"], alive: (part: number) => void) => Promise<Calls[N]["gives"]> };

const work: Work = {
  candidates: async (candidates) => (await desk).take(candidates),
  edit: async (edit) => (await desk).edit(edit),
  decide: async (question) => (await desk).decide(question),
  responsible: async ({ question, candidate, reason }) => (await desk).responsible(question, candidate, reason),
  read: async (file) => readDocument(await engine, file),
  audit: async (files, alive) => audit(await engine, files, alive),
  run: async ({ question, answers }) => run(await engine, question, (await desk).candidates, answers),
};

// one after the other: a decision is over the candidates that were sent before it
let queue: Promise<unknown> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<Call>) => {
  const { id, name, takes } = data;
  const reply = (what: Reply) => postMessage(what);
  queue = queue.then(async () => {
    try {
      const gives = await work[name](takes as never, (progress) => reply({ id, progress }));
      reply({ id, gives });
    } catch (error) {
      reply({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
});

// An engine for `sigmapol conformance --exec`: the package in Node.
import { createInterface } from "node:readline";
import * as sigmapol from "../../dist/index.js";
import { answering } from "./answering.js";

const answer = await answering(sigmapol, process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${answer(line)}\n`);
}

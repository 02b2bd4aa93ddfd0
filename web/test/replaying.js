// Replaying in JavaScript and in the host, in the same words.
import { host } from "./ledgers.js";
import { replay } from "../dist/ledger.js";

/** A replayed record as `sigmapol replay --each` prints it, but for fuel. */
function shown({ number, verdict }) {
  const what = {
    same: () => "same",
    diverged: () => `diverged: ${verdict.difference}`,
    "component-mismatch": () => `component mismatch: ${verdict.component} is not here`,
    "not-recorded": () => "not recorded",
  }[verdict.kind]();
  return `record ${number}: ${what}`;
}

export function replayHere(engine, segments) {
  const all = [];
  const summary = replay(engine, segments, (replayed) => all.push(replayed));
  return { all, summary, lines: all.map(shown) };
}

export function replayByHost(directory) {
  const { stdout, error } = host("replay", directory, "--each", "--threads", "1");
  const lines = stdout.slice(0, stdout.search(/^records /m)).trimEnd().split("\n");
  return { error, lines: lines.map((line) => line.replace(/: same.*/, ": same")) };
}

// The host of the project, as the command of a person: built if need be, or the one SIGMAPOL names.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The program and its first arguments. */
export const command = process.env.SIGMAPOL
  ? [process.env.SIGMAPOL]
  : ["cargo", "run", "--quiet", "--locked", "--"];

/** Runs `sigmapol` at the root of the project; gives what it printed, and how it ended. */
export function host(args, options = {}) {
  const [program, ...before] = command;
  const { status, stdout, stderr, error } = spawnSync(program, [...before, ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...options,
  });
  if (error) throw error;
  return { status, stdout, stderr };
}

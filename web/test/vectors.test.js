// Every vector, in Node and in Chromium, through the package: what comes out is also compared with
// the component in the host's sandbox, costs and messages included.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { executablePath } from "./chromium.js";
import { host, root } from "./host.js";

const DECISIONS = ["decide", "xform", "failplan"];
const FAMILIES = [...DECISIONS, "terms", "steps", "config", "elaborate", "flows"];

const golden = (families) => families.map((family) => `golden/${family}.jsonl`);
const reference = (families) => [
  ...families.map((family) => `../shared/corpus/${family}.jsonl.gz`), "../shared/spec/sigma_pol_v2.json",
];

/** Replays files with at least so many records, all of them answered as expected. */
function replay(engine, files, least) {
  const { stdout, stderr } = host(["conformance", "--json", "--exec", `node web/test/engine/${engine}`, ...files]);
  assert.notEqual(stdout, "", stderr);
  const { passed, failed, pinned_differ, files: replayed } = JSON.parse(stdout);
  const differing = replayed.flatMap((file) => file.differing).slice(0, 3);
  assert.deepEqual({ failed, pinned_differ, differing }, { failed: 0, pinned_differ: 0, differing: [] });
  assert.ok(passed >= least, `expected at least ${least} records, got ${passed}`);
}

const beside = process.env.SIGMAPOL_SHARED === "required" || existsSync(join(root, "../shared/corpus"));
const browser = executablePath ? false : "no chromium here";

for (const [engine, skip] of [["node.js", false], ["chromium.js", browser]]) {
  test(`the project's vectors in ${engine}`, { skip }, () => {
    replay(engine, golden([...FAMILIES, "refusals"]), 581);
  });
  test(`the reference's vectors in ${engine}`, {
    skip: skip || (beside ? false : "shared/corpus is not beside the project"),
  }, () => {
    replay(engine, reference(FAMILIES), 13_371);
  });
  test(`decisions over catalogs in ${engine}`, { skip }, () => {
    replay(`${engine} prepared`, golden(DECISIONS), 120);
  });
}

// Makes the component of golden/ into JavaScript: jco's bindings, and its core module as text that
// any bundler takes. What travels are the bytes that golden/SHA256SUMS names, or nothing.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { transpile } from "@bytecodealliance/jco";

const golden = (name) => readFile(new URL(`../../golden/${name}`, import.meta.url));
const out = new URL("../build/component/", import.meta.url);

const sums = new Map(
  String(await golden("SHA256SUMS")).trimEnd().split("\n").map((line) => line.split("  ").reverse()),
);

/** Refuses bytes that are not the pinned ones. */
function pinned(name, bytes) {
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== sums.get(name)) {
    throw new Error(`${name}: expected the digest ${sums.get(name)}, got ${digest}`);
  }
  return digest;
}

const component = await golden("sigmapol.wasm");
const { files, imports } = await transpile(component, {
  name: "component",
  instantiation: "sync",
  minify: true,
});
if (imports.length > 0) throw new Error(`expected no imports, got ${imports.join(", ")}`);

// The bindings ask the environment whether to print what they do; nothing here asks it anything.
const DEBUG = "globalThis?.process?.env?.JCO_DEBUG";
const [before, ...rest] = String(Buffer.from(files["component.js"])).split(DEBUG);
if (rest.length !== 1) throw new Error(`expected ${DEBUG} once in the bindings`);
// nor are there tools here that look for a directive of jco's own
files["component.js"] = [before, ...rest].join("false").replace(/^"use components";/, "");

const core = files["component.core.wasm"];
delete files["component.core.wasm"];
const MADE = "// Made from the component; see scripts/component.js.";
// apart from the bytes: a ledger is replayed by digest, and does not bring the engine along
files["digests.js"] = [
  MADE,
  `export const COMPONENT_SHA256 = "${pinned("sigmapol.wasm", component)}";`,
  `export const CORE_SHA256 = "${pinned("sigmapol.core.wasm", core)}";`,
  "",
].join("\n");
files["bytes.js"] = [
  MADE,
  "// The core module, gzip, base64.",
  `export const CORE = "${gzipSync(core, { level: 9 }).toString("base64")}";`,
  "",
].join("\n");
const declare = (names) => names.map((name) => `export declare const ${name}: string;\n`).join("");
files["digests.d.ts"] = declare(["COMPONENT_SHA256", "CORE_SHA256"]);
files["bytes.d.ts"] = declare(["CORE"]);

await rm(out, { recursive: true, force: true });
for (const [path, bytes] of Object.entries(files)) {
  const file = new URL(path, out);
  await mkdir(dirname(file.pathname), { recursive: true });
  await writeFile(file, bytes);
}

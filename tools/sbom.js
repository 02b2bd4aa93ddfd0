// A bill of materials, as CycloneDX has it: the same sources give the same bytes, so there is no time in it and no
// serial number, and everything is in order.
//
// usage: cargo metadata … | node tools/sbom.js PACKAGE TREE COMPONENT [NPM]
//
// PACKAGE is the crate that it is of, TREE a file with the crates that it brings (`name version` each, itself too),
// COMPONENT the WebAssembly that is inside. NPM is what `npm sbom` says of a package that has all this inside of it.
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { basename } = require("node:path");

const [name, tree, wasm, npm] = process.argv.slice(2);
const { packages, resolve } = JSON.parse(readFileSync(0, "utf8"));
const taken = new Set(readFileSync(tree, "utf8").trim().split("\n"));
const byId = new Map(packages.map((one) => [one.id, one]));
const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
const root = packages.find((one) => one.name === name && one.source === null);
if (!root) throw new Error(`expected a package ${name} of this workspace`);

// cargo metadata has the features of the whole workspace: more crates than one package brings
const below = ({ id }) =>
  nodes
    .get(id)
    .deps.filter(({ dep_kinds }) => dep_kinds.some(({ kind }) => kind === null))
    .map(({ pkg }) => byId.get(pkg))
    .filter((one) => taken.has(`${one.name} ${one.version}`));
const isMacro = ({ targets }) => targets.some(({ kind }) => kind.includes("proc-macro"));
const reach = (isLeft) => {
  const reached = new Map([[root.id, root]]);
  for (const one of reached.values()) {
    for (const other of below(one)) if (!isLeft(other)) reached.set(other.id, other);
  }
  return reached;
};
const all = reach(() => false);
// macros, and what they are made of, run while the others are built
const linked = reach(isMacro);

const digests = new Map();
for (const block of readFileSync("Cargo.lock", "utf8").split("[[package]]")) {
  const member = (key) => block.match(new RegExp(`^${key} = "(.*)"$`, "m"))?.[1];
  digests.set(`${member("name")} ${member("version")}`, member("checksum"));
}

const inOrder = (list) => [...new Set(list)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
const reference = ({ name, version }) => `pkg:cargo/${name}@${version}`;
const component = (one) => {
  const digest = digests.get(`${one.name} ${one.version}`);
  if (one.source !== null && !digest) throw new Error(`expected a digest of ${one.name} ${one.version} in Cargo.lock`);
  return {
    type: one === root && !npm ? "application" : "library",
    "bom-ref": reference(one),
    name: one.name,
    version: one.version,
    scope: linked.has(one.id) ? "required" : "excluded",
    ...(digest && { hashes: [{ alg: "SHA-256", content: digest }] }),
    // a stroke is how "or" was written
    ...(one.license && { licenses: [{ expression: one.license.replaceAll("/", " OR ") }] }),
    purl: reference(one),
  };
};
const inside = {
  type: "file",
  "bom-ref": basename(wasm),
  name: basename(wasm),
  hashes: [{ alg: "SHA-256", content: createHash("sha256").update(readFileSync(wasm)).digest("hex") }],
};

const bom = npm
  ? JSON.parse(readFileSync(npm, "utf8"))
  : { bomFormat: "CycloneDX", specVersion: "1.5", version: 1, metadata: { component: component(root) } };
delete bom.serialNumber;
delete bom.metadata.timestamp;
delete bom.metadata.tools;
const top = bom.metadata.component["bom-ref"];
const crates = inOrder([...all.values()].map(reference)).map((ref) => [...all.values()].find((one) => reference(one) === ref));
bom.components = [...(bom.components ?? []), ...crates.filter((one) => npm || one !== root).map(component), inside];
const edges = crates.map((one) => ({ ref: reference(one), dependsOn: inOrder(below(one).map(reference)) }));
bom.dependencies = [...(bom.dependencies ?? []), ...edges, { ref: inside["bom-ref"], dependsOn: npm ? [reference(root)] : [] }];
bom.dependencies.find(({ ref }) => ref === top).dependsOn.push(inside["bom-ref"]);
console.log(JSON.stringify(bom, null, 2));

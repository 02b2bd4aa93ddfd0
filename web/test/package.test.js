// What travels: the files, the bytes in them, and that they work where they are put.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { build } from "vite";
import { executablePath, launch } from "./chromium.js";
import { root } from "./host.js";

const web = join(root, "web");
const isCloned = existsSync(join(root, ".git"));
const npm = (args, cwd) => execFileSync("npm", [...args, "--loglevel=error"], { cwd, encoding: "utf8" });

let folder;
let packed;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "sigmapol-package-"));
  [packed] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], web));
  writeFileSync(join(folder, "package.json"), '{"name": "user", "private": true, "type": "module"}');
  npm(["install", "--offline", "--no-audit", "--no-fund", join(folder, packed.filename)], folder);
});
after(() => execFileSync("rm", ["-r", folder]));

const PROGRAM = `
  import { load, Refusal } from "sigmapol";
  const engine = await load();
  const decision = engine.decide(
    ["policy", ["cmp", "price_in", "le", 5], ["neg", ["normalize", ["field", "price_in"]]],
      ["argmax"], ["set_param", "temperature", 0], ["always", { action: "next_candidate" }]],
    { candidates: [
      { provider_id: "anthropic", model_family: "claude-haiku-4-5", price_in: 1 },
      { provider_id: "google", model_family: "gemini-2.5-flash", price_in: 0.3 }] });
  let refused;
  try { engine.hash(["nope"]); } catch (error) { refused = [error instanceof Refusal, error.code, error.message]; }
  const out = JSON.stringify([decision.ordered, decision.request, refused]);
`;
const PRINTED = [
  [{ candidate: 1, score: 1 }, { candidate: 0, score: 0 }],
  { temperature: 0 },
  [true, "unknown-op", "$: unknown op 'nope'"],
];

test("only what is needed", () => {
  const code = ["index.js", "ledger.js", "shared.js"];
  const declarations = readdirSync(join(web, "src"), { recursive: true })
    .filter((path) => path.endsWith(".ts")).map((path) => path.replace(/\.ts$/, ".d.ts"));
  const expected = [...code, ...declarations, "licenses/noble-hashes"].map((path) => `dist/${path}`);
  assert.deepEqual(
    packed.files.map(({ path }) => path).sort(),
    ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json", ...expected].sort(),
  );
  assert.deepEqual(JSON.parse(readFileSync(join(web, "package.json"))).dependencies ?? {}, {});
});

test("what a registry shows: whose it is, where it is made, under which licences", () => {
  const read = (path) => readFileSync(join(folder, "node_modules/sigmapol", path), "utf8");
  const { name, author, bugs, homepage, keywords, license, repository, types } = JSON.parse(read("package.json"));
  assert.equal(name, "sigmapol");
  const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
  const [, address] = /^repository = "(.*)"$/m.exec(cargo);
  assert.deepEqual(repository, { type: "git", url: `git+${address}.git`, directory: "web" });
  assert.equal(bugs.url, `${address}/issues`);
  assert.ok(homepage.startsWith(address) && keywords.length >= 5);
  assert.equal(license, /^license = "(.*)"$/m.exec(cargo)[1]);
  assert.ok(read("LICENSE-MIT").includes(author));
  for (const file of ["LICENSE-MIT", "LICENSE-APACHE"]) assert.equal(read(file), readFileSync(join(root, file), "utf8"));
  assert.match(read(types), /^export \{ .*load/m);
  const readme = read("README.md");
  assert.match(readme, /^## Install\n+```sh\nnpm install sigmapol\n```$/m);
  // a registry shows it without the folders around it
  assert.deepEqual(readme.match(/\]\((?!https:)[^)]*\)/g), null);
});

test("a fresh clone packs the same files, or nothing", { skip: isCloned ? false : "not a clone" }, () => {
  const clone = join(folder, "clone");
  const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" });
  git("clone", "--quiet", "--depth", "1", `file://${root}`, clone);
  // and what has changed since the last commit
  const changed = git("ls-files", "-z", "--modified", "--others", "--exclude-standard").split("\0").filter(Boolean);
  for (const path of changed) if (existsSync(join(root, path))) cpSync(join(root, path), join(clone, path));
  const pack = () => spawnSync("npm", ["pack", "--json", "--loglevel=error"], { cwd: join(clone, "web"), encoding: "utf8" });
  const without = pack();
  assert.notEqual(without.status, 0);
  assert.match(without.stderr, /prepack: expected the tools of package\.json, run `npm install` in web\/ first/);
  assert.deepEqual(readdirSync(join(clone, "web")).filter((name) => name.endsWith(".tgz")), []);
  symlinkSync(join(web, "node_modules"), join(clone, "web/node_modules"));
  const { status, stdout, stderr } = pack();
  assert.equal(status, 0, stderr);
  const [{ files }] = JSON.parse(stdout);
  // not to the byte: comments say where a dependency was found
  assert.deepEqual(files.map(({ path }) => path), packed.files.map(({ path }) => path));
  const sizeOf = (all, path) => all.find((file) => file.path === path).size;
  assert.equal(sizeOf(files, "dist/index.js"), sizeOf(packed.files, "dist/index.js"));
});

test("the core module in it is the pinned one, and imports nothing", () => {
  const text = readFileSync(join(folder, "node_modules/sigmapol/dist/index.js"), "utf8");
  const core = gunzipSync(Buffer.from(/"(H4sI[A-Za-z0-9+/=]{1000,})"/.exec(text)[1], "base64"));
  const sums = readFileSync(join(root, "golden/SHA256SUMS"), "utf8");
  assert.ok(sums.includes(`${createHash("sha256").update(core).digest("hex")}  sigmapol.core.wasm\n`));
  assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(core)), []);
  // nor does what is around it ask for anything
  const asks = /process\?*\.env|\bDeno\b|\bfetch\(|\brequire\(|\bimport\(|^import .* from (?!"\.\/shared\.js").*/gm;
  for (const name of ["index.js", "ledger.js", "shared.js"]) {
    assert.deepEqual(readFileSync(join(folder, "node_modules/sigmapol/dist", name), "utf8").match(asks), null, name);
  }
});

test("installed, in Node", () => {
  writeFileSync(join(folder, "program.js"), `${PROGRAM} console.log(out);`);
  assert.deepEqual(JSON.parse(execFileSync("node", ["program.js"], { cwd: folder })), PRINTED);
});

test("bundled without configuration, in Chromium", { skip: executablePath ? false : "no chromium here" }, async () => {
  writeFileSync(join(folder, "main.js"), `${PROGRAM} document.title = out;`);
  writeFileSync(join(folder, "index.html"), '<script type="module" src="./main.js"></script>');
  await build({ configFile: false, root: folder, base: "./", logLevel: "error" });
  // modules are not loaded from files: the one that was made is put into the page
  const [, script] = /src="\.\/([^"]+)"/.exec(readFileSync(join(folder, "dist/index.html"), "utf8"));
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const code = readFileSync(join(folder, "dist", script), "utf8");
    await page.setContent(`<script type="module">${code.replaceAll("</script", "<\\/script")}</script>`);
    await page.waitForFunction("document.title !== ''");
    assert.deepEqual(JSON.parse(await page.title()), PRINTED);
  } finally {
    await browser.close();
  }
});

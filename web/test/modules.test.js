// Modules import each other in one direction: whoever reads one has what it needs above it.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { root } from "./host.js";

/** The modules below web/ that one imports, for types or values. */
function imports(file) {
  const found = readFileSync(file, "utf8").matchAll(/^(?:import|export)\b[^;]*? from "(\.[^"]+)\.js";/gm);
  return [...found].flatMap(([, name]) => [".ts", ".tsx"].map((end) => resolve(dirname(file), name + end)).filter(existsSync));
}

test("no module of the package or the page imports itself by way of others", () => {
  const files = ["src", "page"].flatMap((part) => {
    const folder = join(root, "web", part);
    return readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
  }).filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"));
  const done = new Set();
  const circles = [];
  let edges = 0;
  const visit = (file, above) => {
    if (above.includes(file)) circles.push([...above.slice(above.indexOf(file)), file].map((path) => path.slice(root.length)));
    if (done.has(file) || above.includes(file)) return;
    for (const next of imports(file)) {
      edges += 1;
      visit(next, [...above, file]);
    }
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(circles, []);
  assert.ok(edges > files.length, `${edges} imports of ${files.length} modules`);
});

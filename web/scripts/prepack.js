// Before npm packs: builds what the package consists of. A package that has nothing in it is worse than none,
// so whatever is missing ends npm here.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const web = new URL("../", import.meta.url);
if (!existsSync(new URL("node_modules/vite/package.json", web))) {
  console.error("prepack: expected the tools of package.json, run `npm install` in web/ first");
  process.exit(1);
}
// npm says on standard output what it packs; with --json that is for programs
execFileSync("npm", ["run", "--silent", "package"], { cwd: web, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });

// The package carries its licences where npm looks for them, and those of what is in it.
import { cp, mkdir } from "node:fs/promises";

const from = (path) => new URL(`../${path}`, import.meta.url);
await mkdir(from("dist/licenses"), { recursive: true });
for (const [path, to] of [
  ["../LICENSE-MIT", "LICENSE-MIT"],
  ["../LICENSE-APACHE", "LICENSE-APACHE"],
  ["node_modules/@noble/hashes/LICENSE", "dist/licenses/noble-hashes"],
]) {
  await cp(from(path), from(to));
}

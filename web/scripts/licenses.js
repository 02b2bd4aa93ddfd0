// The package carries the licences of what is in it.
import { cp, mkdir } from "node:fs/promises";

const from = (path) => new URL(`../${path}`, import.meta.url);
await mkdir(from("dist/licenses"), { recursive: true });
for (const [path, name] of [
  ["../LICENSE-MIT", "MIT"],
  ["../LICENSE-APACHE", "APACHE"],
  ["node_modules/@noble/hashes/LICENSE", "noble-hashes"],
]) {
  await cp(from(path), from(`dist/licenses/${name}`));
}

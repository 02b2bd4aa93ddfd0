// The modules of the page, for tests that need no browser.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

/** Loads a module of web/page as the build does. */
export async function load(path) {
  const file = fileURLToPath(new URL(`../../page/${path}`, import.meta.url));
  const { module } = await runnerImport(file, { configFile: false, logLevel: "error" });
  return module;
}

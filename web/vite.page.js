import { appendFile, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Puts the worker into the page as text, before everything else: it starts, and its engine compiles,
 * while the rest of the page is read. A classic script, as a page from the disk has no modules.
 */
const worker = {
  name: "worker",
  transformIndexHtml: {
    order: "pre",
    async handler(html) {
      const lib = { entry: path("page/worker/worker.ts"), formats: ["iife"], name: "worker" };
      const [{ output }] = await build({
        configFile: false,
        publicDir: false,
        logLevel: "warn",
        build: { target: "es2022", write: false, lib },
      });
      const text = output[0].code.replace(/<(\/script|!--)/g, "\\x3C$1");
      return html.replace("<!-- worker -->", () => `<script type="text/plain" id="worker">${text}</script>`);
    },
  },
};

/** The worker is bundled apart, and the licence of what is in it is told apart. */
const licenses = {
  name: "licenses",
  async closeBundle() {
    const noble = await readFile(path("node_modules/@noble/hashes/LICENSE"), "utf8");
    await appendFile(path("site/licenses.md"), `\n## @noble/hashes (MIT)\n\n${noble}`);
  },
};

// One file that needs nothing else: it opens from a disk as from any server.
export default defineConfig({
  logLevel: "warn",
  root: path("page"),
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "../site",
    emptyOutDir: true,
    // of what is bundled, as its licences ask for
    license: { fileName: "licenses.md" },
    modulePreload: false,
  },
  plugins: [worker, viteSingleFile(), licenses],
});

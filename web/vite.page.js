import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

// One file that needs nothing else: it opens from a disk as from any server. The worker is text in
// the script of the page, once, and not base64.
export default defineConfig({
  root: new URL("page", import.meta.url).pathname,
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "../site",
    emptyOutDir: true,
    modulePreload: false,
  },
  // a worker of a page from the disk cannot be a module
  worker: { format: "iife" },
  plugins: [viteSingleFile()],
});

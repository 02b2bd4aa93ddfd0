import { defineConfig } from "vite";

// One file an entry, and one for what entries share; nothing left to resolve: they run in Node, Deno and
// browsers as they are.
export default defineConfig({
  logLevel: "warn",
  publicDir: false,
  build: {
    target: "es2022",
    minify: false,
    lib: { entry: { index: "src/index.ts", ledger: "src/ledger/index.ts" }, formats: ["es"] },
    rolldownOptions: { output: { chunkFileNames: "shared.js" } },
  },
});

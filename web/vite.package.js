import { defineConfig } from "vite";

// One file an entry, nothing left to resolve: it runs in Node, Deno and browsers as it is.
export default defineConfig({
  publicDir: false,
  build: {
    target: "es2022",
    minify: false,
    lib: { entry: { index: "src/index.ts" }, formats: ["es"] },
  },
});

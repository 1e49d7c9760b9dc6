import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// Relative addresses, below the `<base>` that the server writes into the page: any mount path works.
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: ["chrome123", "firefox120", "safari17.5"],
    // The page's policy allows no `data:` address, and modules are loaded without a helper.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 200,
  },
});

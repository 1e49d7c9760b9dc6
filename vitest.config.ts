import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const serverFolders = ["integration", "leak", "conformance", "package", "e2e"];

export default defineConfig({
  resolve: { alias: sourceAliases() },
  test: {
    // The machines that run this have two cores, and the database server needs its share.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    dangerouslyIgnoreUnhandledErrors: false,
    // Programs that tests start from source spend most of their start on reading TypeScript.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/node", import.meta.url)),
    },
    coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["text-summary", "html"] },
    projects: [
      { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "integration",
          include: serverFolders.map((folder) => `test/${folder}/**/*.test.ts`),
          globalSetup: ["test/support/global-setup.ts"],
        },
      },
    ],
  },
});

/** `kirayedar/pg` in a test is the source behind what package.json exports under that name. */
function sourceAliases(): { find: RegExp; replacement: string }[] {
  const manifest = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.entries(manifest.exports).flatMap(([subpath, target]) => {
    if (typeof target === "string") return [];
    const source = target.default.replace("./dist/", "./src/").replace(/\.js$/, ".ts");
    return [
      {
        find: new RegExp(`^kirayedar${subpath.slice(1)}$`),
        replacement: fileURLToPath(new URL(source, import.meta.url)),
      },
    ];
  });
}

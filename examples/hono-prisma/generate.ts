import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Generates the client of `schema.prisma`, as `npx prisma generate` does, without a network. */
export function generate(): void {
  const prisma = dirname(createRequire(import.meta.url).resolve("prisma/package.json"));
  execFileSync(process.execPath, [join(prisma, "build/index.js"), "generate"], {
    cwd: import.meta.dirname,
    // Prisma would download an engine that generating does not need.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true" },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

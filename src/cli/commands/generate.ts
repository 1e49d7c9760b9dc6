import type { Command } from "commander";
import { addGenerateAdmin } from "./generate/admin.ts";
import { addGenerateMigration } from "./generate/migration.ts";
import { addGenerateResolver } from "./generate/resolver.ts";
import { addGenerateSeed } from "./generate/seed.ts";
import { addGenerateTest } from "./generate/test.ts";

/** Adds `kirayedar generate admin`, `migration`, `resolver`, `seed` and `test`. */
export function addGenerateCommand(program: Command): void {
  const generate = program
    .command("generate")
    .summary("make a migration, a seed, a resolver, a test or the admin console")
    .description("Makes files for you to fill in. What is there already stays as it is.");
  addGenerateAdmin(generate);
  addGenerateMigration(generate);
  addGenerateResolver(generate);
  addGenerateSeed(generate);
  addGenerateTest(generate);
}

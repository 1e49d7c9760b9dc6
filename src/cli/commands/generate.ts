import type { Command } from "commander";
import { addGenerateMigration } from "./generate/migration.ts";
import { addGenerateResolver } from "./generate/resolver.ts";
import { addGenerateSeed } from "./generate/seed.ts";
import { addGenerateTest } from "./generate/test.ts";

/** Adds `kirayedar generate migration`, `resolver`, `seed` and `test`. */
export function addGenerateCommand(program: Command): void {
  const generate = program
    .command("generate")
    .summary("make a migration, a seed, a resolver or a test")
    .description("Makes files for you to fill in. What is there already stays as it is.");
  addGenerateMigration(generate);
  addGenerateResolver(generate);
  addGenerateSeed(generate);
  addGenerateTest(generate);
}

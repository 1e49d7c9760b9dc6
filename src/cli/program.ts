import { readFileSync } from "node:fs";
import { Command } from "commander";
import { ACTOR_VARIABLE } from "./actor.ts";
import { CONFIG_NAMES, CONFIG_VARIABLE } from "./config.ts";
import { addCommonOptions } from "./context.ts";
import { addAdminCommand } from "./commands/admin.ts";
import { addAdoptCommand } from "./commands/adopt.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addCreateCommand } from "./commands/create.ts";
import { addDiffCommand } from "./commands/diff.ts";
import { addDomainsCommand } from "./commands/domains.ts";
import { addDropCommand } from "./commands/drop.ts";
import { addGenerateCommand } from "./commands/generate.ts";
import { addHealthCommand } from "./commands/health.ts";
import { addListCommand } from "./commands/list.ts";
import { addMigrateCommand } from "./commands/migrate.ts";
import { addProvisionCommand } from "./commands/provision.ts";
import { addRedoCommand } from "./commands/redo.ts";
import { addRenameCommand } from "./commands/rename.ts";
import { addResumeCommand } from "./commands/resume.ts";
import { addRollbackCommand } from "./commands/rollback.ts";
import { addSeedCommand } from "./commands/seed.ts";
import { addSetupCommand } from "./commands/setup.ts";
import { addRunCommand } from "./commands/run.ts";
import { addRunsCommand } from "./commands/runs.ts";
import { addShellCommand } from "./commands/shell.ts";
import { addShowCommand } from "./commands/show.ts";
import { addSqlCommand } from "./commands/sql.ts";
import { addStatusCommand } from "./commands/status.ts";
import { addSuspendCommand } from "./commands/suspend.ts";

/** An environment variable that the command line reads. */
export interface EnvironmentVariable {
  /** Its name. */
  readonly name: string;
  /** What it does. */
  readonly description: string;
}

/** Environment variables that the command line reads, for `--help` and the reference. */
export const ENVIRONMENT: readonly EnvironmentVariable[] = [
  { description: "configuration file, if not named by --config", name: CONFIG_VARIABLE },
  { description: "who changes something, if not named by --as", name: ACTOR_VARIABLE },
  { description: "no colours, if set to anything", name: "NO_COLOR" },
  { description: "colours on a terminal that does not announce any", name: "FORCE_COLOR" },
];

const EXAMPLES: readonly string[] = [
  'kirayedar create acme --name "Acme Corp" --domain acme.test',
  "kirayedar migrate --global --all --dry-run",
  "kirayedar list --state suspended --json",
];

/** Defines every command, option and help text. */
export function createProgram(): Command {
  const program = new Command("kirayedar");
  program
    .description("Tenants of an application, each in a schema or database of its own.")
    .version(readVersion(), "--version", "print the version")
    // `--version` is also an option of `list`: what stands behind a command belongs to it.
    .enablePositionalOptions()
    .exitOverride()
    // Whatever is wrong is printed in one place, by what called `parseAsync`.
    .configureOutput({ outputError: () => undefined });
  addCommonOptions(program);

  program.commandsGroup("Start:");
  addSetupCommand(program);
  program.commandsGroup("Tenants:");
  addCreateCommand(program);
  addAdoptCommand(program);
  addListCommand(program);
  addShowCommand(program);
  addProvisionCommand(program);
  addSuspendCommand(program);
  addResumeCommand(program);
  addRenameCommand(program);
  addDomainsCommand(program);
  addDropCommand(program);
  program.commandsGroup("Migrations:");
  addGenerateCommand(program);
  addMigrateCommand(program);
  addRollbackCommand(program);
  addRedoCommand(program);
  addSeedCommand(program);
  addStatusCommand(program);
  addRunsCommand(program);
  program.commandsGroup("Your own work:");
  addRunCommand(program);
  addSqlCommand(program);
  addShellCommand(program);
  program.commandsGroup("Checks:");
  addAuditCommand(program);
  addHealthCommand(program);
  addAdminCommand(program);
  addDiffCommand(program);
  program.addHelpText("after", helpFooter());
  return program;
}

function helpFooter(): string {
  const width = Math.max(...ENVIRONMENT.map(({ name }) => name.length));
  return [
    "",
    "Environment variables:",
    ...ENVIRONMENT.map(({ description, name }) => `  ${name.padEnd(width)}  ${description}`),
    "",
    `The configuration is the first ${CONFIG_NAMES.join(", ")}`,
    "in this folder or one above it. Variables of the .env beside it are read unless they are set.",
    "Exit codes: 0 all good, 1 something failed, 2 wrong usage.",
    "",
    "Examples:",
    ...EXAMPLES.map((example) => `  ${example}`),
  ].join("\n");
}

function readVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

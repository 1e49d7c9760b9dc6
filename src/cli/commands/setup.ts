import { type Command, Option } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import type { Style } from "../output.ts";
import type { GivenAnswers } from "../setup/ask.ts";
import type { NextStep } from "../setup/next-steps.ts";
import { runSetup, type SetupResult } from "../setup/run-setup.ts";
import { formatNewFiles, formatPlan, summarize } from "../setup/show.ts";
import { usageError } from "../usage-error.ts";

interface SetupFlags {
  readonly tenantName?: string;
  readonly ids?: string;
  readonly primaryDomain?: string;
  readonly adminHost?: string;
  readonly orm?: string;
  readonly driver?: string;
  readonly databaseUrl?: string;
  readonly framework?: string;
  readonly admin?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly keep?: boolean;
  readonly dryRun?: boolean;
}

/** Adds `kirayedar setup`. */
export function addSetupCommand(program: Command): void {
  const command = program
    .command("setup")
    .summary("put the toolkit into an application that exists")
    .description(
      "Asks a few questions, shows what it would write into the application in this folder, and writes it. What the application says of itself is not asked again.",
    )
    .option("--tenant-name <name>", "what a tenant is called, in the singular")
    .addOption(new Option("--ids <kind>", "ids of tenants").choices(["uuid", "serial"]))
    .option("--primary-domain <host>", "domain whose subdomains are tenants")
    .option("--admin-host <host>", 'host of the global scope; "" for none')
    .addOption(
      new Option("--orm <name>", "what models are written for").choices([
        "drizzle",
        "kysely",
        "prisma",
        "typeorm",
        "none",
      ]),
    )
    .addOption(
      new Option("--driver <name>", "client library").choices([
        "pg",
        "pglite",
        "mysql2",
        "mariadb",
      ]),
    )
    .option("--database-url <address>", "address of the database, to be written to .env")
    .addOption(
      new Option("--framework <name>", "what the tenancy is put into").choices([
        "express",
        "fastify",
        "hono",
        "koa",
        "nest",
        "next",
        "node",
        "none",
      ]),
    )
    .option("--admin", "mount the admin pages")
    .option("--no-admin", "do not mount them")
    .option("--yes", "take the defaults for all that is not given, and ask nothing")
    .option("--force", "replace files that are there and differ")
    .option("--keep", "leave files that are there and differ as they are")
    .option("--dry-run", "show what would be written, and write nothing")
    .action(
      action<SetupFlags, []>(async ({ options, output }) => {
        if (options.force === true && options.keep === true) {
          throw usageError("`--force` and `--keep` exclude each other.");
        }
        const dryRun = options.dryRun === true;
        const result = await runSetup({
          dryRun,
          existing: options.force === true ? "replace" : options.keep === true ? "keep" : undefined,
          given: givenAnswers(options),
          output,
          root: process.cwd(),
          yes: options.yes === true,
        });
        output.result(toDocument(result, dryRun), () => formatResult(result, dryRun, output.style));
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}

function givenAnswers(flags: SetupFlags): GivenAnswers {
  const { admin, adminHost, databaseUrl, driver, framework, ids, orm, primaryDomain, tenantName } =
    flags;
  const given = {
    admin,
    adminHost,
    databaseUrl,
    driver,
    framework,
    ids,
    orm,
    primaryDomain,
    tenantName,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function toDocument({ answers, isDone, plan, steps }: SetupResult, dryRun: boolean): unknown {
  // An address has a password in it.
  const { databaseUrl: _address, ...shown } = answers;
  return {
    answers: shown,
    byHand: plan.byHand,
    dryRun,
    files: plan.files.map(({ action, isSecret, after, path, what }) => ({
      action,
      path,
      what,
      ...(dryRun && isSecret !== true && action !== "keep" && { text: after }),
    })),
    nextSteps: steps,
    nothingToDo: isDone,
  };
}

function formatResult({ isDone, plan, steps }: SetupResult, dryRun: boolean, style: Style): string {
  if (dryRun && !isDone) {
    return `${formatNewFiles(plan, style)}\n\n${formatPlan(plan, style)}\n\nNothing was written.`;
  }
  if (isDone) {
    const byHand = plan.byHand.length > 0 ? `\n\n${formatPlan({ ...plan, files: [] }, style)}` : "";
    return `${style.green("✓")} Everything is there already: nothing to do.${byHand}`;
  }
  return [
    `${style.green("✓")} Wrote ${summarize(plan)}.`,
    "",
    style.bold("Next:"),
    ...steps.map((step, index) => formatStep(step, index, style)),
  ].join("\n");
}

function formatStep({ command, what }: NextStep, index: number, style: Style): string {
  const lead = `  ${index + 1}. ${what}`;
  return command === undefined ? lead : `${lead}\n       ${style.bold(command)}`;
}

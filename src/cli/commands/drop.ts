import type { Command } from "commander";
import type { Tenancy } from "../../core/tenancy.ts";
import { isTenancyError } from "../../errors/tenancy-error.ts";
import { confirm, requireConfirmable } from "../confirm.ts";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { interruptible } from "../interrupt.ts";
import { count } from "../output.ts";
import { printable } from "../text-width.ts";

interface DropFlags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly ifExists?: boolean;
}

/** Adds `kirayedar drop`. */
export function addDropCommand(program: Command): void {
  const command = program
    .command("drop <slug>")
    .summary("remove a tenant with its schema and all its data")
    .description("Removes a tenant, its schema and all its data. This cannot be undone.")
    .option("--yes", "do not ask for confirmation")
    .option("--dry-run", "tell what would be removed, and remove nothing")
    .option("--if-exists", "do nothing if there is no such tenant")
    .action(
      action<DropFlags, [string]>(async ({ openTenancy, options, output }, slug) => {
        if (options.dryRun !== true) requireConfirmable("drop", options);
        const tenancy = await openTenancy();
        const victim = await describeVictim(tenancy, slug, options.ifExists === true);
        if (victim === undefined) {
          output.result({ dropped: false, tenant: slug }, () => `There is no tenant ${slug}.`);
          return EXIT_OK;
        }
        const facts = { schemaName: victim.schemaName, tables: victim.tables, tenant: victim.slug };
        if (options.dryRun === true) {
          output.result(
            { dropped: false, dryRun: true, ...facts },
            () => `Would drop ${victim.text}.`,
          );
          return EXIT_OK;
        }
        if (options.yes !== true) {
          const message = `This drops ${victim.text}, for good. Type ${victim.slug} to go on.`;
          await confirm({ answer: victim.slug, message });
        }
        const interrupt = interruptible(output, "this tenant");
        try {
          // By id: the tenant that was shown, not one that takes its slug meanwhile.
          const dropped = await tenancy.drop({ id: victim.id }, { ifMissing: "ignore" });
          output.result(
            { dropped, ...facts },
            () => `${output.style.green("✓")} Dropped ${victim.text}.`,
          );
        } finally {
          interrupt.end();
        }
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}

interface Victim {
  readonly id: string;
  readonly slug: string;
  readonly schemaName: string;
  readonly tables: number | null;
  readonly text: string;
}

async function describeVictim(
  tenancy: Tenancy,
  slug: string,
  ifExists: boolean,
): Promise<Victim | undefined> {
  try {
    const { id, slug: exact, schemaName } = await tenancy.get(slug);
    const tables = await countTables(tenancy, id);
    const holding = tables === null ? "" : ` with ${count(tables, "table")}`;
    const text = printable(`${exact}: schema ${schemaName}${holding}`);
    return { id, schemaName, slug: exact, tables, text };
  } catch (error) {
    if (ifExists && isTenancyError(error, "TENANT_NOT_FOUND")) return undefined;
    throw error;
  }
}

async function countTables(tenancy: Tenancy, id: string): Promise<number | null> {
  try {
    return (await tenancy.healthCheck({ id })).tableCount;
  } catch (error) {
    // A half-made or broken tenant is what `drop` is often wanted for.
    if (isTenancyError(error, "HEALTH_CHECK_FAILED")) return null;
    throw error;
  }
}

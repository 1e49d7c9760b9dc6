import type { Command } from "commander";
import type { RenameOptions } from "../../core/tenancy.ts";
import { confirm, requireConfirmable } from "../confirm.ts";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { printTenantDone } from "../tenant-view.ts";
import { printable } from "../text-width.ts";
import { usageError } from "../usage-error.ts";

interface RenameFlags {
  readonly schema?: string | true;
  readonly yes?: boolean;
}

/** Adds `kirayedar rename`. */
export function addRenameCommand(program: Command): void {
  const command = program
    .command("rename <slug> [new-slug]")
    .summary("change a tenant's slug, its schema's name, or both")
    .description("Changes a tenant's slug, its schema's name, or both. Its id stays.")
    .option("--schema [name]", "rename the schema too; without a name, after the new slug")
    .option("--yes", "do not ask before a schema is renamed")
    .action(
      action<RenameFlags, [string, string | undefined]>(
        async ({ openTenancy, options, output }, slug, newSlug) => {
          const changes = toRenameOptions(newSlug, options.schema);
          if (options.schema !== undefined) requireConfirmable("rename --schema", options);
          const tenancy = await openTenancy();
          if (options.schema !== undefined && options.yes !== true) {
            const { schemaName } = await tenancy.get(slug);
            const to = options.schema === true ? "one named after the new slug" : options.schema;
            const message = `This renames the schema ${schemaName} to ${to}; SQL that names it fails from then on. Go on?`;
            await confirm({ message: printable(message) });
          }
          const tenant = await tenancy.rename(slug, changes);
          printTenantDone(
            output,
            tenant,
            `${slug} is now ${tenant.slug}, in schema ${tenant.schemaName}`,
          );
          return EXIT_OK;
        },
      ),
    );
  addCommonOptions(command);
}

function toRenameOptions(
  slug: string | undefined,
  schema: string | true | undefined,
): RenameOptions {
  if (slug === undefined && schema === undefined) {
    throw usageError("There is nothing to rename. Name a new slug, or pass `--schema <name>`.");
  }
  if (slug === undefined && schema === true) {
    throw usageError("`--schema` without a name takes it from a new slug. Name one of the two.");
  }
  return {
    ...(slug !== undefined && { slug }),
    ...(schema !== undefined && { schemaName: schema }),
  };
}

import type { Command } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { interruptible } from "../interrupt.ts";
import { assignment, words } from "../option-parsers.ts";
import { printTenantDone } from "../tenant-view.ts";

interface CreateFlags {
  readonly name?: string;
  readonly domain?: readonly string[];
  readonly schema?: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly ifNotExists?: boolean;
  readonly migrate: boolean;
  readonly seed: boolean;
}

/** Adds `kirayedar create`. */
export function addCreateCommand(program: Command): void {
  const command = program
    .command("create <slug>")
    .summary("make a tenant: row, schema, migrations and seed, or nothing")
    .description(
      "Makes a tenant: its row, its schema, its migrations and its seed; all of it, or nothing.",
    )
    .option("--name <text>", "name for people")
    .option("--domain <host>", "host name of its own; may be repeated, the first is primary", words)
    .option("--schema <name>", "name of the schema, if not the prefix and the slug")
    .option("--set <column=value>", "value of an extra column; may be repeated", assignment)
    .option("--if-not-exists", "take a tenant that is there as it is")
    .option("--no-migrate", "leave the schema empty")
    .option("--no-seed", "leave out the seed of the configuration")
    .action(
      action<CreateFlags, [string]>(async ({ openTenancy, options, output }, slug) => {
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "this tenant");
        try {
          const tenant = await tenancy.create(slug, {
            ...(options.name !== undefined && { name: options.name }),
            ...(options.domain !== undefined && { domains: options.domain }),
            ...(options.schema !== undefined && { schemaName: options.schema }),
            ...(options.set !== undefined && { extra: options.set }),
            ...(options.ifNotExists === true && { ifExists: "keep" as const }),
            migrate: options.migrate,
            ...(!options.seed && { seed: false }),
          });
          const version = tenant.version === null ? "" : `, version ${tenant.version}`;
          const done = `${tenant.slug} is ${tenant.state} in schema ${tenant.schemaName}${version}`;
          printTenantDone(output, tenant, done);
          return EXIT_OK;
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(command);
}

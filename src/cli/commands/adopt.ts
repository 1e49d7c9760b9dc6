import type { Command } from "commander";
import type { AdoptOptions, AdoptResult } from "../../core/adopt.ts";
import { formatAdoption } from "../adopt-report.ts";
import { confirm, requireConfirmable } from "../confirm.ts";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { interruptible } from "../interrupt.ts";
import { assignment, words } from "../option-parsers.ts";
import { count } from "../output.ts";
import { printable } from "../text-width.ts";
import { usageError } from "../usage-error.ts";

interface AdoptFlags {
  readonly schema: string;
  readonly as: string;
  readonly move?: boolean;
  readonly inPlace?: boolean;
  readonly to?: string;
  readonly keep?: readonly string[];
  readonly applied?: string;
  readonly name?: string;
  readonly domain?: readonly string[];
  readonly set?: Readonly<Record<string, string>>;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Adds `kirayedar adopt`. */
export function addAdoptCommand(program: Command): void {
  const command = program
    .command("adopt")
    .summary("make a tenant of a schema that is there")
    .description(
      "Makes a tenant of a schema that is there, such as that of an application that had no tenants. What its ORM's own history says has been applied is taken for applied.",
    )
    .requiredOption("--schema <name>", "the schema, such as public")
    .requiredOption("--as <slug>", "slug of the tenant to be")
    .option("--move", "move what it holds into the tenant's own schema; default for the global one")
    .option("--in-place", "let the tenant have it as it is; default for any other")
    .option(
      "--to <name>",
      "with --move: name of the tenant's schema, if not the prefix and the slug",
    )
    .option("--keep <names>", 'what stays in the global schema; "" for nothing', keptNames)
    .option("--applied <what>", "history, all, none, or the newest version that has been applied")
    .option("--name <text>", "name for people")
    .option("--domain <host>", "host name of its own; may be repeated, the first is primary", words)
    .option("--set <column=value>", "value of an extra column; may be repeated", assignment)
    .option("--dry-run", "tell what would be moved, left and recorded, and change nothing")
    .option("--yes", "do not ask for confirmation")
    .action(
      action<AdoptFlags, []>(async ({ openTenancy, options, output }) => {
        const wanted = toAdoptOptions(options);
        const isDryRun = options.dryRun === true;
        if (!isDryRun) requireConfirmable("adopt", options);
        const tenancy = await openTenancy();
        const print = (result: AdoptResult): void => {
          const document = { dryRun: isDryRun, ...result };
          output.result(document, () => formatAdoption(result, output.style));
        };
        if (isDryRun || options.yes !== true) {
          const plan = await tenancy.adopt({ ...wanted, dryRun: true });
          if (isDryRun) {
            print(plan);
            return EXIT_OK;
          }
          await confirm({ message: `${describe(plan)} Go on?` });
        }
        const interrupt = interruptible(output, "this adoption");
        try {
          print(await tenancy.adopt(wanted));
          return EXIT_OK;
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(command);
}

function describe({ adopted, from, how, schemaName, slug }: AdoptResult): string {
  const objects = count(adopted.length, "object");
  const text =
    how === "move"
      ? `This moves ${objects} from ${from} to ${schemaName}, where only the tenant ${slug} finds them.`
      : `This makes the schema ${from}, with ${objects}, the tenant ${slug}.`;
  return printable(text);
}

function toAdoptOptions(flags: AdoptFlags): AdoptOptions {
  if (flags.move === true && flags.inPlace === true) {
    throw usageError("`--move` and `--in-place` exclude each other.");
  }
  const how = flags.move === true ? "move" : flags.inPlace === true ? "in-place" : undefined;
  return {
    as: flags.as,
    schema: flags.schema,
    ...(how !== undefined && { how }),
    ...(flags.to !== undefined && { schemaName: flags.to }),
    ...(flags.keep !== undefined && { keep: flags.keep }),
    ...(flags.applied !== undefined && { applied: flags.applied }),
    ...(flags.name !== undefined && { name: flags.name }),
    ...(flags.domain !== undefined && { domains: flags.domain }),
    ...(flags.set !== undefined && { extra: flags.set }),
  };
}

/** That nothing is kept can be said too. */
function keptNames(text: string, previous?: readonly string[]): readonly string[] {
  return text.trim() === "" ? (previous ?? []) : words(text, previous);
}

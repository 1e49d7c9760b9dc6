import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { TenantFilter } from "../../core/reports.ts";
import { confirm, requireConfirmable } from "../confirm.ts";
import { action, addCommonOptions, type Context } from "../context.ts";
import { addEveryTenantOptions, type EveryTenantFlags, toFilter } from "../every-tenant.ts";
import { interruptible } from "../interrupt.ts";
import { withDriver } from "../open-driver.ts";
import { readWithSql } from "../sql-read.ts";
import { writeWithSql } from "../sql-write.ts";
import { usageError } from "../usage-error.ts";

interface SqlFlags extends EveryTenantFlags {
  readonly file?: string;
  readonly write?: boolean;
  readonly yes?: boolean;
}

/** Adds `kirayedar sql`. */
export function addSqlCommand(program: Command): void {
  const command = program
    .command("sql [text] [slugs...]")
    .summary("run SQL in tenants; it only reads unless told otherwise")
    .description(
      "Runs SQL in the tenants named, or in all of them, and prints the rows with the tenant beside " +
        "each. It runs in transactions that only read, unless --write is passed. With --file, all " +
        "arguments are tenants.",
    );
  addEveryTenantOptions(command)
    .option("--file <file>", "read the SQL from a file, or with - from standard input")
    .option("--write", "let it change something; several statements are one transaction")
    .option("--yes", "with --write: do not ask for confirmation")
    .action(
      action<SqlFlags, [string | undefined, string[]]>(async (context, first, rest) => {
        const { options, output } = context;
        const { slugs, text } = readArguments(first, rest, options.file);
        const where = toFilter(slugs, options);
        if (options.write === true) requireConfirmable("sql --write", options);
        if (options.write === true && options.yes !== true) await confirmWrite(where, options);
        const interrupt = interruptible(output, "the tenants in hand");
        const run = { options, output, signal: interrupt.signal, text, where };
        try {
          return await withDriver(context, (open) =>
            options.write === true ? writeWithSql(open, run) : readWithSql(open, run),
          );
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(command);
}

function readArguments(
  first: string | undefined,
  rest: readonly string[],
  file: string | undefined,
): { readonly slugs: readonly string[]; readonly text: string } {
  const text = file === undefined ? first : readText(file);
  if (text === undefined || text.trim() === "") {
    throw usageError(
      "There is no SQL. Pass it as the first argument, or name a file with `--file`.",
    );
  }
  return { slugs: file === undefined || first === undefined ? rest : [first, ...rest], text };
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw usageError(`The file ${file} cannot be read: ${(error as Error).message}`);
  }
}

async function confirmWrite(
  { only }: TenantFilter,
  options: Context<SqlFlags>["options"],
): Promise<void> {
  const whom = only === undefined ? "in every tenant that is selected" : `in ${only.join(", ")}`;
  const states = options.state === undefined ? "" : ` (${options.state.join(", ")})`;
  await confirm({ message: `This may change data ${whom}${states}. Go on?` });
}

import type { Dialect } from "../core/dialect.ts";
import type { ScriptStatement } from "../core/script-sql.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

const READS_COUNT =
  "reads how many rows a statement had, which is not known any more when that was recorded";

/**
 * Splits a migration's text, and refuses what would end the transaction that it runs in, or that is
 * begun to record its statements one by one; and what would leave the schema that it is for.
 *
 * @throws TenancyError `MIGRATION_INVALID`
 */
export function checkScript(
  { script }: Pick<Dialect, "script">,
  text: string,
  file: string,
): ScriptStatement[] {
  const statements = script.split(text);
  const isRecorded = statements.some(({ text: statement }) => script.commits(statement));
  for (const { line, text: statement } of statements) {
    const readsCount = isRecorded && script.readsPrevious(statement) === "count";
    const refusal = readsCount ? READS_COUNT : script.refusal(statement);
    if (refusal !== undefined) {
      throw new TenancyError("MIGRATION_INVALID", `The migration ${file}:${line} ${refusal}.`);
    }
  }
  return statements;
}

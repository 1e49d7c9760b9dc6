import type { Dialect } from "../core/dialect.ts";
import type { ScriptStatement } from "../core/script-sql.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

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
  for (const { line, text: statement } of statements) {
    const refusal = script.refusal(statement);
    if (refusal !== undefined) {
      throw new TenancyError("MIGRATION_INVALID", `The migration ${file}:${line} ${refusal}.`);
    }
  }
  return statements;
}

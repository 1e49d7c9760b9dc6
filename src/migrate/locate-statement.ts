import type { ScriptSql, ScriptStatement } from "../core/script-sql.ts";

/** Characters of a statement that an error carries. */
export const LONGEST_STATEMENT = 2_000;

/**
 * Finds the statement of a script at which it failed: by its number, or by the position of the error in
 * the text.
 *
 * @param error - what the database, or its driver, threw
 * @returns the statement and its number, from 1; `undefined` when nobody knows
 */
export function locateStatement(
  error: unknown,
  script: string,
  dialect: { readonly script: Pick<ScriptSql, "split"> },
): (ScriptStatement & { readonly number: number }) | undefined {
  const { position, statementIndex } = (error ?? {}) as {
    readonly position?: unknown;
    readonly statementIndex?: unknown;
  };
  const statements = dialect.script.split(script);
  let index = -1;
  // A syntax error stops the whole text before its first statement runs: only the position tells.
  if (typeof position === "string" || typeof position === "number") {
    const offset = utf16Offset(script, Number(position) - 1);
    index = statements.findLastIndex(({ start }) => start <= offset);
  } else if (typeof statementIndex === "number") index = statementIndex;
  const statement = statements[index] ?? (statements.length === 1 ? statements[0] : undefined);
  return statement && { ...statement, number: statements.indexOf(statement) + 1 };
}

/** The server counts characters; JavaScript counts UTF-16 units. */
function utf16Offset(text: string, characters: number): number {
  let offset = 0;
  for (let count = 0; count < characters && offset < text.length; count += 1) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

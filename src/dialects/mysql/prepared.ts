/**
 * Statements that run a statement whose text the server makes: the only way to do something on a
 * condition in plain SQL. They leave a variable of the session behind, and nothing else.
 *
 * @param text - SQL expression; `'do 0'` does nothing
 */
export function prepared(text: string): string {
  return `set @kirayedar_sql = ${text}; prepare kirayedar_sql from @kirayedar_sql; execute kirayedar_sql; deallocate prepare kirayedar_sql`;
}

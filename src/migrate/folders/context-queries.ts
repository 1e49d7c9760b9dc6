import { setImmediate as nextTurn } from "node:timers/promises";
import type { QueryResult } from "../../core/driver.ts";
import type { Dialect } from "../../core/dialect.ts";
import type { MigrationContext } from "../../core/migrator.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { type FolderOptions, namesOf, toOwnNames } from "./options.ts";

/** What is known of a migration whose statements another library writes. */
export interface ContextOptions {
  /** The engine's SQL. */
  readonly dialect: Dialect;
  /** The migration's file, for messages. */
  readonly file: string;
  /** How the folder is read. */
  readonly folder: FolderOptions;
  /** Whether the migration is in a transaction of the runner's. */
  readonly isInTransaction: boolean;
}

/** What a statement came to. */
export interface ContextResult extends QueryResult {
  /** Its first word, in upper case, as servers call a command. */
  readonly command: string;
}

/** Libraries take some turns of the event loop from one statement to the next. */
const IDLE_TURNS = 5;
/** A value that is compared with the schemas of the catalog. */
const SCHEMA_PARAM =
  /\b(?:\w+_schema|schemaname|schema_name|nspname)"?\s*(?:=|<>|!=|(?:not\s+)?in\s*\()\s*\$(\d+)/gi;
const BEGIN = /^(?:begin|start\s+transaction)(?:\s+(?:work|transaction))?$/i;
const COMMIT = /^(?:commit|end)(?:\s+(?:work|transaction))?$/i;
const ROLLBACK = /^rollback(?:\s+(?:work|transaction))?$/i;
const MODES = /^(?:begin|start\s+transaction|set\s+(?:session\s+)?transaction)\b/i;
/** `ER_SP_DOES_NOT_EXIST` of MySQL. */
const NO_SAVEPOINT = 1_305;
const LEADING = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)+/;

/**
 * Runs statements of another library on a migration's own connection: one after the other, with names
 * that are the tenant's own, and with savepoints for transactions that it begins.
 */
export class ContextQueries {
  readonly options: ContextOptions;
  readonly #db: MigrationContext;
  #last: Promise<unknown> = Promise.resolve();
  #depth = 0;
  #failure: TenancyError | undefined;

  constructor(db: MigrationContext, options: ContextOptions) {
    this.#db = db;
    this.options = options;
  }

  /** Runs one statement, or several without parameters. */
  run(text: string, params: readonly unknown[] = []): Promise<ContextResult[]> {
    const result = this.#last.then(() => this.#run(text, params));
    // The next one runs whatever became of this one.
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Waits until nothing is under way any more. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < IDLE_TURNS; turns += 1) {
      const last = this.#last;
      await last;
      await nextTurn();
      if (this.#last !== last) turns = -1;
    }
  }

  /**
   * Ends the migration: a statement that nobody waited for would be left out, and the migration recorded.
   *
   * @throws TenancyError `MIGRATION_INVALID` for a transaction that was begun and not ended
   */
  async finish(): Promise<void> {
    await this.settle();
    if (this.#depth === 0) return;
    throw new TenancyError(
      "MIGRATION_INVALID",
      `The migration ${this.options.file} leaves a transaction open.`,
      { remedy: "Commit it, or roll it back, and wait for that." },
    );
  }

  async #run(text: string, params: readonly unknown[]): Promise<ContextResult[]> {
    const statements = this.options.dialect.script.split(text);
    if (statements.length > 1 && params.length === 0) {
      const results: ContextResult[] = [];
      for (const statement of statements) results.push(await this.#runOne(statement.text, []));
      return results;
    }
    // Whatever ends it is not a part of it.
    const only = statements[0]?.text ?? text;
    return [await this.#runOne(only, params)];
  }

  async #runOne(text: string, params: readonly unknown[]): Promise<ContextResult> {
    const { dialect, file, folder } = this.options;
    // ISOLATION: what a library qualifies with `public` would be everybody's.
    // integration/migrate/folders/module-folders.test.ts
    const own = toOwnNames(text, folder, { dialect, file });
    if (this.#failure !== undefined) throw this.#failure;
    const statement = this.options.isInTransaction ? this.#toSavepoint(own) : own;
    const result = await this.#db
      .query(statement, this.#ownParams(own, params))
      .catch((error: unknown) => {
        if (statement === own) throw error;
        return this.#withoutSavepoint(statement, error);
      });
    return { ...result, command: commandOf(own) };
  }

  /** `where table_schema = $1` asks for what is in the scope's schema, whatever that is called. */
  #ownParams(text: string, params: readonly unknown[]): readonly unknown[] {
    const names = namesOf(this.options.folder, this.options.dialect);
    const { schemaName } = this.#db;
    if (names === undefined || !params.includes(names.schema)) return params;
    const asked = new Set([...text.matchAll(SCHEMA_PARAM)].map(([, number]) => Number(number) - 1));
    return params.map((value, index) =>
      value === names.schema && asked.has(index) ? schemaName : value,
    );
  }

  /** Where DDL commits at once, it ends the transaction that a savepoint would be in. */
  #withoutSavepoint(statement: string, cause: unknown): QueryResult {
    const isGone = (cause as { readonly errno?: unknown } | null)?.errno === NO_SAVEPOINT;
    if (!isGone) throw cause;
    if (statement.startsWith("release")) return { rowCount: null, rows: [] };
    // Whoever asked may go on all the same, with what should not be there.
    this.#failure = new TenancyError(
      "MIGRATION_INVALID",
      `The migration ${this.options.file} takes back what was committed, as it changed tables before.`,
      { cause, remedy: "Put what changes tables into a migration of its own." },
    );
    throw this.#failure;
  }

  /** The runner's transaction is not theirs to end. */
  #toSavepoint(text: string): string {
    const bare = text.replace(LEADING, "").trim();
    if (BEGIN.test(bare)) return `savepoint ${this.#name(++this.#depth)}`;
    if (COMMIT.test(bare) && this.#depth > 0) {
      return `release savepoint ${this.#name(this.#depth--)}`;
    }
    if (ROLLBACK.test(bare) && this.#depth > 0) {
      return `rollback to savepoint ${this.#name(this.#depth--)}`;
    }
    if (MODES.test(bare)) {
      throw new TenancyError(
        "MIGRATION_INVALID",
        `The migration ${this.options.file} asks for a transaction of another kind than it is in.`,
        { remedy: "Leave out its isolation level, or let the migration run in no transaction." },
      );
    }
    return text;
  }

  #name(depth: number): string {
    return `kirayedar_${depth}`;
  }
}

/** Behind `with`, a statement is what follows its parentheses. */
function commandOf(text: string): string {
  const bare = text.replace(LEADING, "");
  const [word = ""] = /^[A-Za-z]+/.exec(bare) ?? [];
  if (word.toLowerCase() !== "with") return word.toUpperCase();
  let depth = 0;
  for (const [token] of bare.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|[()]|[A-Za-z_]+/g)) {
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    else if (depth === 0 && /^(?:select|insert|update|delete|merge)$/i.test(token)) {
      return token.toUpperCase();
    }
  }
  return "SELECT";
}

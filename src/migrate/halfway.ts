import type { Dialect } from "../core/dialect.ts";
import type { JournalRow } from "../core/journal-sql.ts";
import type { ScriptStatement } from "../core/script-sql.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { KnownMigration } from "./discover.ts";
import { checksumOfStatements } from "./journal.ts";
import { MigrationError, whoseSchema } from "./migration-error.ts";
import type { Target } from "./run-migration.ts";

/** A statement, and where it stands among the others. */
export interface NumberedStatement extends ScriptStatement {
  /** From 1. */
  readonly number: number;
}

/** A migration that stopped halfway, as the schema's history and its file have it. */
export interface Halfway {
  /** Its row. */
  readonly row: JournalRow;
  /** Its statements; `undefined` for a function, and where its file is missing. */
  readonly statements: readonly ScriptStatement[] | undefined;
  /** The first statement that is not known to be done. */
  readonly next: NumberedStatement | undefined;
  /** See `MigrationStatus`. */
  readonly stop: "failed" | "interrupted" | "between";
  /** Number of a statement that reads an id which was only known to the session that is gone. */
  readonly lost: number | undefined;
  /** Whether only somebody who has looked at the schema can say how to go on. */
  readonly needsAnswer: boolean;
}

/** Returns how far a migration came; `undefined` when it is not halfway. */
export function findHalfway(
  row: JournalRow | undefined,
  migration: KnownMigration | undefined,
  dialect: Dialect,
): Halfway | undefined {
  if (row === undefined || row.isFinished) return undefined;
  const body = migration?.[row.direction];
  const statements = typeof body === "string" ? dialect.script.split(body) : undefined;
  const statement = statements?.[row.statementsDone];
  const next = statement && { ...statement, number: row.statementsDone + 1 };
  const isKnown =
    row.error === null &&
    statements !== undefined &&
    (next === undefined || isRecordedWithin(next.text, dialect)) &&
    // Of a file that was changed nobody knows at which statement it was.
    row.checksum === migration?.checksum;
  const stop = row.error === null ? (isKnown ? "between" : "interrupted") : "failed";
  const isRepeatable =
    migration?.isRepeatable === true || (typeof body === "function" && !migration?.transaction);
  const lost = findLost(row.statementsDone, statements, dialect);
  return {
    lost,
    needsAnswer:
      !isRepeatable && (lost !== undefined || needsAnswer(stop, next, statements, dialect)),
    next,
    row,
    statements,
    stop,
  };
}

/**
 * Whether a statement is recorded in the transaction that it runs in: then its record says surely
 * whether it ran. Where DDL is transactional, statements run one by one because they refuse that.
 */
export function isRecordedWithin(
  statement: string,
  { hasTransactionalDdl, script }: Dialect,
): boolean {
  return !hasTransactionalDdl && !script.commits(statement);
}

/** Among the statements that are run again for their session, and the one with which it goes on. */
function findLost(
  done: number,
  statements: readonly ScriptStatement[] | undefined,
  { script }: Dialect,
): number | undefined {
  // With nothing left to run, nothing reads it either.
  if (statements === undefined || done === 0 || done >= statements.length) return undefined;
  const index = statements.findIndex(
    ({ text }, at) =>
      (at === done || (at < done && script.isForSession(text))) &&
      script.readsPrevious(text) === "id",
  );
  return index < 0 ? undefined : index + 1;
}

function needsAnswer(
  stop: Halfway["stop"],
  next: NumberedStatement | undefined,
  statements: readonly ScriptStatement[] | undefined,
  { script }: Dialect,
): boolean {
  if (stop !== "failed") return stop === "interrupted";
  // A function that is recorded at all has done something; a statement that failed has not, but for
  // those that run others.
  return statements === undefined || (next !== undefined && script.runsOthers(next.text));
}

/**
 * Refuses to go on where that would be a guess.
 *
 * @param verb - what was asked for
 * @throws MigrationError `MIGRATION_INTERRUPTED`
 */
export function checkHalfway(
  halfway: Halfway,
  file: string,
  target: Target,
  verb: "migrate" | "rollback",
  isAnswered: boolean,
): void {
  const { next, row } = halfway;
  const isUndoing = row.direction === "down";
  const isOnTop = verb === "migrate" && isUndoing;
  if (verb === "rollback" && !isUndoing) return;
  if (!isOnTop && (isAnswered || !halfway.needsAnswer)) return;
  throw new MigrationError(
    {
      applied: [],
      file,
      line: next?.line,
      schemaName: target.schemaName,
      statement: next?.text,
      statementNumber: next?.number,
      tenant: target.tenant?.slug,
      version: row.version,
    },
    undefined,
    {
      code: "MIGRATION_INTERRUPTED",
      fact: factOf(halfway, file, target),
      remedy: isOnTop ? REMEDY_ON_TOP : remedyOf(halfway),
    },
  );
}

/** @throws TenancyError `MIGRATION_CHANGED` when statements that were done have changed since */
export function checkDone({ row, statements }: Halfway, migration: KnownMigration): void {
  if (statements === undefined || row.doneChecksum === null) return;
  const texts = statements.slice(0, row.statementsDone).map(({ text }) => text);
  if (row.doneChecksum === checksumOfStatements(texts)) return;
  throw new TenancyError(
    "MIGRATION_CHANGED",
    `The migration ${migration.file} stopped halfway, and statements that were done have changed.`,
    {
      remedy:
        row.direction === "up"
          ? "Restore them as they were, or roll the migration back."
          : "Restore them as they were.",
    },
  );
}

const REMEDY_ON_TOP =
  "Finish that first with `rollback`, which goes on where it stopped; then migrate again.";

function factOf(halfway: Halfway, file: string, { tenant }: Target): string {
  const { next, row, statements, stop } = halfway;
  const whose = whoseSchema(tenant?.slug);
  const where = next === undefined ? file : `${file}:${next.line}`;
  const what =
    row.direction === "up"
      ? `The migration ${where} stopped halfway for ${whose}`
      : `The migration ${where} is half rolled back for ${whose}`;
  const reason = row.error === null ? "" : `, with the error: ${row.error}`;
  if (next === undefined || statements === undefined) {
    const count = row.statementsDone === 1 ? "1 statement" : `${row.statementsDone} statements`;
    return `${what}, after ${count}${reason}.`;
  }
  const at = `${what}, at statement ${next.number} of ${statements.length}`;
  if (halfway.lost !== undefined) {
    return `${at}${reason}. Statement ${halfway.lost} reads an id that only the session knew which is gone.`;
  }
  if (stop === "interrupted") return `${at}, and nobody knows whether that ran.`;
  return stop === "failed" ? `${at}${reason}.` : `${at}.`;
}

function remedyOf({ lost, next, row }: Halfway): string {
  if (lost !== undefined) {
    const first = row.direction === "up" ? "Roll the migration back; or, if" : "If";
    return `${first} nothing depends on that id, pass \`interrupted: "repeat"\` (\`--interrupted repeat\`).`;
  }
  const again = next === undefined ? "run it again from its beginning" : "run the statement again";
  const rollback = row.direction === "up" ? ", or roll the migration back" : "";
  return (
    `Look at the schema; then pass \`interrupted: "repeat"\` (\`--interrupted repeat\`) to ${again}, ` +
    `\`"skip"\` to take it for done${rollback}.`
  );
}

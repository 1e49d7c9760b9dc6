import type { Dialect } from "../core/dialect.ts";
import type { JournalRow } from "../core/journal-sql.ts";
import type { MigrateOptions, MigrationStatus, RollbackOptions } from "../core/migrator.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { compareVersions, type KnownMigration } from "./discover.ts";
import { findHalfway, type Halfway } from "./halfway.ts";
import { isPhase } from "./phase.ts";
import { checkExpanded } from "./phase-order.ts";

/** Characters of a statement's first line that `status` shows. */
const LONGEST_LINE = 200;

/**
 * Lists what `migrate` has to apply, by version: pending migrations, and those that stopped halfway.
 *
 * @throws TenancyError `MIGRATION_OUT_OF_ORDER` for what contracts before what is older has expanded
 */
export function planMigrate(
  known: readonly KnownMigration[],
  applied: readonly JournalRow[],
  options: MigrateOptions,
): KnownMigration[] {
  checkSteps(options.steps);
  checkAnswer(options.interrupted);
  checkPhase(options.phase);
  checkChanged(known, applied);
  const done = new Set(
    applied
      .filter((row) => row.isFinished && !isOutdated(row, known))
      .map(({ version }) => version),
  );
  const limit = options.to ?? options.toExclusive;
  if (limit !== undefined) checkKnown(limit, known);
  const pending = known.filter(({ version }) => !done.has(version));
  const wanted = pending.filter(({ phase, version }) => {
    if (options.phase !== undefined && phase !== options.phase) return false;
    if (limit === undefined) return true;
    const order = compareVersions(version, limit);
    return options.to === undefined ? order < 0 : order <= 0;
  });
  const chosen = wanted.slice(0, options.steps ?? wanted.length);
  if (options.phase === "contract") checkExpanded(chosen, pending);
  return chosen;
}

/**
 * Lists what `rollback` has to undo, the newest first.
 *
 * @throws TenancyError `MIGRATION_MISSING`, `MIGRATION_IRREVERSIBLE`, before anything is undone
 */
export function planRollback(
  known: readonly KnownMigration[],
  applied: readonly JournalRow[],
  options: RollbackOptions,
): KnownMigration[] {
  checkSteps(options.steps);
  checkAnswer(options.interrupted);
  const newestFirst = applied.toReversed();
  const limit = options.to ?? options.toExclusive;
  let chosen = newestFirst;
  if (limit !== undefined) {
    // Where it is not applied, it may be that it was undone before.
    checkKnown(limit, [...applied, ...known]);
    chosen = newestFirst.filter(({ version }) => {
      const order = compareVersions(version, limit);
      return options.to === undefined ? order > 0 : order >= 0;
    });
  } else if (options.all !== true) chosen = newestFirst.slice(0, options.steps ?? 1);
  return chosen.map(({ name, version }) => {
    const migration = known.find((candidate) => candidate.version === version);
    if (migration === undefined) {
      throw new TenancyError(
        "MIGRATION_MISSING",
        `The migration ${version}_${name} is applied, and its file is not there.`,
      );
    }
    if (migration.down === undefined) {
      throw new TenancyError(
        "MIGRATION_IRREVERSIBLE",
        `The migration ${migration.file} has no down part.`,
      );
    }
    return migration;
  });
}

/** Lists what is known or applied, by version. */
export function planStatus(
  known: readonly KnownMigration[],
  applied: readonly JournalRow[],
  dialect: Dialect,
): MigrationStatus[] {
  const byVersion = new Map(known.map((migration) => [migration.version, migration]));
  const lines: MigrationStatus[] = applied.map((row) => {
    const migration = byVersion.get(row.version);
    byVersion.delete(row.version);
    const { appliedAt, name, version } = row;
    const line = { appliedAt, name, phase: migration?.phase ?? null, version };
    const halfway = findHalfway(row, migration, dialect);
    if (halfway !== undefined) return { ...line, ...statusOf(halfway, migration?.file) };
    if (migration === undefined) return { ...line, state: "missing" };
    if (isOutdated(row, known)) return { ...line, appliedAt: null, state: "pending" };
    const isAsApplied = migration.isRepeatable === true || migration.checksum === row.checksum;
    return { ...line, state: isAsApplied ? "applied" : "changed" };
  });
  for (const { name, phase, version } of byVersion.values()) {
    lines.push({ appliedAt: null, name, phase, state: "pending", version });
  }
  return lines.toSorted((a, b) => compareVersions(a.version, b.version));
}

function statusOf(
  { next, row, statements, stop }: Halfway,
  file: string | undefined,
): Omit<MigrationStatus, "appliedAt" | "name" | "phase" | "version"> {
  const { direction, error, statementsDone } = row;
  return {
    direction,
    state: "partial",
    statementsDone,
    stop,
    ...(statements !== undefined && { statementCount: statements.length }),
    ...(next !== undefined &&
      file !== undefined && {
        stoppedAt: {
          file,
          line: next.line,
          statement: next.text.split("\n", 1)[0]?.slice(0, LONGEST_LINE) ?? "",
          statementNumber: next.number,
        },
      }),
    ...(error !== null && { error }),
  };
}

/** Returns the version of a schema: the greatest that is all applied. */
export function versionOf(versions: Iterable<string>): string | null {
  return [...versions].toSorted(compareVersions).at(-1) ?? null;
}

/**
 * Whether what was applied is an older text of the toolkit's own migration, which now does more. A newer one
 * is what another process has applied that is deployed already: it has made all that is needed here.
 */
function isOutdated(row: JournalRow, known: readonly KnownMigration[]): boolean {
  const migration = known.find(({ version }) => version === row.version);
  return migration?.isRepeatable === true && numberOf(row.checksum) < numberOf(migration.checksum);
}

/** The number that the checksum of the toolkit's own migration ends in. */
function numberOf(checksum: string): number {
  return Number(/_(\d+)$/.exec(checksum)?.[1] ?? 0);
}

function checkChanged(known: readonly KnownMigration[], applied: readonly JournalRow[]): void {
  for (const row of applied) {
    const migration = known.find(({ version }) => version === row.version);
    if (migration?.isRepeatable === true) continue;
    if (row.isFinished && migration !== undefined && migration.checksum !== row.checksum) {
      throw new TenancyError(
        "MIGRATION_CHANGED",
        `The migration ${migration.file} was changed after it had been applied.`,
      );
    }
  }
}

function checkKnown(version: string, among: readonly { readonly version: string }[]): void {
  if (among.some((migration) => migration.version === version)) return;
  throw new TenancyError("MIGRATION_NOT_FOUND", `There is no migration of version "${version}".`);
}

function checkSteps(steps: number | undefined): void {
  if (steps === undefined || (Number.isInteger(steps) && steps >= 1)) return;
  throw new TenancyError("INVALID_QUERY", "The number of steps is not a whole number from 1.");
}

function checkPhase(phase: unknown): void {
  if (phase === undefined || isPhase(phase)) return;
  throw new TenancyError("INVALID_QUERY", '`phase` is neither "expand" nor "contract".');
}

function checkAnswer(interrupted: unknown): void {
  if (interrupted === undefined || interrupted === "repeat" || interrupted === "skip") return;
  throw new TenancyError("INVALID_QUERY", '`interrupted` is neither "repeat" nor "skip".');
}

import type { Dialect } from "../core/dialect.ts";
import type { Session, Transaction } from "../core/driver.ts";
import type { JournalRow } from "../core/journal-sql.ts";
import type {
  LatestMigrations,
  MessageWriter,
  MigrateNewOptions,
  MigrateOptions,
  Migration,
  MigrationResult,
  MigrationStatus,
  MigrationTarget,
  Migrator,
  RollbackOptions,
  SchemaHistory,
} from "../core/migrator.ts";
import type { Registry } from "../core/registry.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";
import type { Tenant, TenantState } from "../core/tenant.ts";
import { applyNew } from "./apply-new.ts";
import { digestOf, PARTIAL_DIGEST } from "./digest.ts";
import { checkScript } from "./check-script.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { compareVersions, discover, type KnownMigration } from "./discover.ts";
import { checkHalfway, findHalfway, isRecordedWithin } from "./halfway.ts";
import { finishedEntry, Journal } from "./journal.ts";
import { overtakenBy } from "./phase-order.ts";
import { MigrationMessages } from "./message.ts";
import { planMigrate, planRollback, planStatus, versionOf } from "./plan.ts";
import { checkBody, type Target, targetOf } from "./run-migration.ts";
import { runFunction, runWhole } from "./run-whole.ts";
import { Step, type StepOptions, type StepOutcome } from "./step.ts";
import { runRepeatable, runStepwise } from "./stepwise.ts";

/** For how long a set of migrations is not looked for again: a fleet run asks for every tenant. */
const DISCOVERY_TTL_MS = 1_000;

/** What a migrator needs. */
export interface MigratorOptions {
  /** The engine's SQL. */
  readonly dialect: Dialect;
  /** The checked configuration. */
  readonly settings: Settings;
  /** Where a tenant's version is noted. */
  readonly registry: Pick<Registry, "update">;
  /** Global migrations of the toolkit itself; their versions come first, and are never rolled back. */
  readonly builtinGlobal: readonly Migration[];
  /** Loads a module by its file URL. Default: Node's own `import`. */
  readonly importModule?: ((url: string) => Promise<unknown>) | undefined;
}

/** Makes the migrator of one tenancy. */
export function createMigrator(options: MigratorOptions): Migrator {
  return new SchemaMigrator(options);
}

type SetName = "tenant" | "global";

class SchemaMigrator implements Migrator {
  readonly #options: MigratorOptions;
  readonly #sets = new Map<
    SetName,
    { readonly until: number; readonly found: Promise<KnownMigration[]> }
  >();

  constructor(options: MigratorOptions) {
    this.#options = options;
  }

  async migrate(
    session: Session,
    tenant: MigrationTarget,
    options: MigrateOptions = {},
  ): Promise<MigrationResult> {
    const run = await this.#start(session, tenant);
    const pending = planMigrate(run.known, run.rows, options);
    checkAllHalfway(run, pending, "migrate", options);
    if (options.dryRun === true) return run.result(pending.map(({ version }) => version));
    for (const migration of pending) checkBody(run.target.dialect, migration.up, migration);
    this.#checkOrder(run, pending);
    this.#warnOfMissing(run);
    const versions = await this.#carryOutAll(session, run, pending, "up", options);
    if (pending.length === 0) await this.#mend(session, run);
    return run.result(versions);
  }

  async migrateNew(
    tx: Transaction,
    tenant: Tenant,
    { isOneMessage = false }: MigrateNewOptions = {},
  ): Promise<{ readonly versions: readonly string[]; readonly complete: boolean }> {
    const known = await this.#discover("tenant");
    const { globalSchema, sharedSchemas } = this.#options.settings.rules;
    const target = targetOf(tenant, globalSchema, this.#options.dialect);
    const enter = this.#options.dialect.schema.enter(target.schemaName, sharedSchemas);
    const { message } = this.#options.dialect;
    const table = { schema: target.schemaName, table: this.#options.settings.migrations.table };
    const applied = await applyNew(
      tx,
      this.#journal(target),
      known,
      { ...target, enter },
      isOneMessage && message !== undefined ? { message, table } : undefined,
    );
    const versions = applied.map(({ version }) => version);
    await this.#options.registry.update(tx, tenant.id, {
      migrationsDigest: digestOf(applied),
      version: versionOf(versions),
    });
    return { complete: applied.length === known.length, versions };
  }

  async recordApplied(
    tx: Transaction,
    tenant: Tenant,
    versions: readonly string[],
  ): Promise<Tenant> {
    const { dialect, registry, settings } = this.#options;
    const known = await this.#discover("tenant");
    const journal = this.#journal(targetOf(tenant, settings.rules.globalSchema, dialect));
    const rows = await journal.list(tx);
    const applied = known.filter(
      ({ version }) =>
        versions.includes(version) && !rows.some((before) => before.version === version),
    );
    if (applied.length > 0) {
      await journal.write(
        tx,
        applied.map((migration) => finishedEntry(migration, 0)),
      );
    }
    const all = [...rows, ...applied].map(({ checksum, version }) => [version, checksum] as const);
    const note = noteOf(new Map(all), false);
    return (await registry.update(tx, tenant.id, note)) ?? tenant;
  }

  async rollback(
    session: Session,
    tenant: MigrationTarget,
    options: RollbackOptions = {},
  ): Promise<MigrationResult> {
    const run = await this.#start(session, tenant);
    const own = new Set(this.#options.builtinGlobal.map(({ version }) => version));
    const candidates =
      tenant === "global" ? run.rows.filter((row) => !own.has(row.version)) : run.rows;
    const chosen = planRollback(run.known, candidates, options);
    checkAllHalfway(run, chosen, "rollback", options);
    if (options.dryRun === true) return run.result(chosen.map(({ version }) => version));
    for (const migration of chosen) checkBody(run.target.dialect, migration.down, migration);
    return run.result(await this.#carryOutAll(session, run, chosen, "down", options));
  }

  async status(session: Session, tenant: MigrationTarget): Promise<MigrationStatus[]> {
    const { known, rows } = await this.#start(session, tenant);
    return planStatus(known, rows, this.#options.dialect);
  }

  async history(session: Session, tenant: MigrationTarget): Promise<SchemaHistory> {
    const { done, halfway, known, rows } = await this.#start(session, tenant);
    const migrations = planStatus(known, rows, this.#options.dialect);
    return { ...noteOf(done, halfway.size > 0), migrations };
  }

  messages(migrate: MigrateOptions, states: readonly TenantState[]): MessageWriter | undefined {
    const { dialect, settings } = this.#options;
    if (dialect.message === undefined) return undefined;
    const discover = (): Promise<KnownMigration[]> => this.#discover("tenant");
    return new MigrationMessages(dialect.message, { dialect, discover, migrate, settings, states });
  }

  async list(set: SetName): Promise<readonly Migration[]> {
    return await this.#discover(set);
  }

  async latest(set: SetName): Promise<LatestMigrations> {
    const known = await this.#discover(set);
    return { digest: digestOf(known), version: versionOf(known.map(({ version }) => version)) };
  }

  async #carryOutAll(
    session: Session,
    run: Run,
    chosen: readonly KnownMigration[],
    direction: "up" | "down",
    { interrupted }: MigrateOptions | RollbackOptions,
  ): Promise<string[]> {
    const { schema } = run.target.dialect;
    const { endLockLimit } = schema;
    // Where the end of a transaction does not end the limit, it is the session's.
    // A function is not tried again there, and waits for as long as the server lets it.
    const isText = chosen.every((migration) => typeof migration[direction] === "string");
    const isLimited = endLockLimit !== undefined && chosen.length > 0 && isText;
    const applied: string[] = [];
    try {
      if (isLimited) {
        await session.query(
          GLOBAL_SCOPE,
          schema.limitLockWait(this.#options.settings.migrations.lockWaitMs),
        );
      }
      for (const migration of chosen) {
        await this.#carryOut(session, run, { applied, direction, interrupted, migration });
        applied.push(migration.version);
      }
    } finally {
      // It fails only when the connection is lost, and must not hide the error before it.
      if (isLimited) await session.query(GLOBAL_SCOPE, endLockLimit).catch(() => undefined);
    }
    return applied;
  }

  async #carryOut(
    session: Session,
    run: Run,
    {
      direction,
      migration,
      ...options
    }: Pick<StepOptions, "applied" | "direction" | "interrupted" | "migration">,
  ): Promise<void> {
    const { journal, target } = run;
    const { version } = migration;
    const body = migration[direction];
    if (body === undefined) return;
    const row = run.rows.find((before) => before.version === version);
    const halfway =
      row?.direction === direction ? findHalfway(row, migration, target.dialect) : undefined;
    const step = new Step({
      ...options,
      body,
      direction,
      halfway,
      journal,
      locks: {
        timeoutMs: this.#options.settings.lockTimeoutMs,
        waitMs: this.#options.settings.migrations.lockWaitMs,
      },
      migration,
      noteVersion: (tx, outcome) => this.#note(tx, run, migration, outcome),
      target,
    });
    if (typeof body !== "string") {
      if (!migration.transaction) await runRepeatable(session, step);
      else await (target.dialect.hasTransactionalDdl ? runWhole : runFunction)(session, step);
    } else if (halfway !== undefined || refusesOneTransaction(body, migration, target.dialect)) {
      await runStepwise(session, step);
    } else await runWhole(session, step);
    run.halfway.delete(version);
    if (direction === "up") run.done.set(version, migration.checksum);
    else run.done.delete(version);
  }

  /** Notes in the registry what the schema is at, as far as `migration` has come. */
  async #note(
    tx: Transaction,
    { done, halfway, target }: Run,
    { checksum, version }: KnownMigration,
    outcome: StepOutcome,
  ): Promise<void> {
    const { tenant } = target;
    if (tenant === undefined) return;
    const applied = new Map(done);
    if (outcome === "applied") applied.set(version, checksum);
    else applied.delete(version);
    const isPartial = outcome === "partial" || [...halfway].some((other) => other !== version);
    await this.#options.registry.update(tx, tenant.id, noteOf(applied, isPartial));
  }

  /** A registry that was restored, or edited, may be at odds with the schema's own history. */
  async #mend(session: Session, { done, halfway, target }: Run): Promise<void> {
    const { scope, tenant } = target;
    const note = noteOf(done, halfway.size > 0);
    const isRight =
      tenant?.version === note.version && tenant.migrationsDigest === note.migrationsDigest;
    if (tenant === undefined || isRight) return;
    await session.transaction(scope, (tx) => this.#options.registry.update(tx, tenant.id, note));
  }

  #checkOrder(run: Run, pending: readonly KnownMigration[]): void {
    const { logger, migrations } = this.#options.settings;
    const { schemaName, tenant } = run.target;
    for (const migration of pending) {
      const { file, isRepeatable, version } = migration;
      if (isRepeatable === true) continue;
      const newest = overtakenBy(migration, run.known, run.done.keys());
      if (newest === null) continue;
      if (migrations.strictOrder) {
        throw new TenancyError(
          "MIGRATION_OUT_OF_ORDER",
          `The migration ${file} is older than ${newest}, which is applied to "${schemaName}".`,
          { tenant: tenant?.slug },
        );
      }
      const about = { file, newest, schemaName, tenant: tenant?.slug, version };
      logger.warn(about, "migration applied out of order");
    }
  }

  #warnOfMissing(run: Run): void {
    const { logger } = this.#options.settings;
    const about = { schemaName: run.target.schemaName, tenant: run.target.tenant?.slug };
    for (const { version } of run.rows) {
      if (!run.known.some((migration) => migration.version === version)) {
        logger.warn({ ...about, version }, "migration applied, but its file is missing");
      }
    }
  }

  async #start(session: Session, tenant: MigrationTarget): Promise<Run> {
    const startedAt = performance.now();
    const target = targetOf(
      tenant,
      this.#options.settings.rules.globalSchema,
      this.#options.dialect,
    );
    const known = await this.#discover(tenant === "global" ? "global" : "tenant");
    const journal = this.#journal(target);
    const rows = await journal.read(session, target.scope);
    return {
      done: new Map(
        rows.flatMap(({ checksum, isFinished, version }) =>
          isFinished ? [[version, checksum] as const] : [],
        ),
      ),
      halfway: new Set(rows.flatMap(({ isFinished, version }) => (isFinished ? [] : [version]))),
      journal,
      known,
      result: (versions) => ({
        durationMs: performance.now() - startedAt,
        schemaName: target.schemaName,
        tenant: target.tenant?.slug ?? null,
        versions,
      }),
      rows,
      target,
    };
  }

  #journal(target: Target): Journal {
    const { dialect, settings } = this.#options;
    return new Journal(dialect, target.schemaName, settings.migrations.table);
  }

  #discover(set: SetName): Promise<KnownMigration[]> {
    const now = performance.now();
    const cached = this.#sets.get(set);
    if (cached !== undefined && cached.until > now) return cached.found;
    const found = this.#find(set);
    this.#sets.set(set, { found, until: now + DISCOVERY_TTL_MS });
    // A folder that is mended is looked at again at once.
    found.catch(() => this.#sets.delete(set));
    return found;
  }

  async #find(set: SetName): Promise<KnownMigration[]> {
    const { builtinGlobal, dialect, importModule = importByNode, settings } = this.#options;
    const { optional } = settings.migrations;
    const source = settings.migrations[set];
    const own = { dialect, importModule, isOptional: optional[set], source };
    const found = await discover(own);
    if (set === "tenant") return found;
    const builtin = await discover({ ...own, source: builtinGlobal });
    const ours = builtin.map((one) => ({ ...one, isRepeatable: true }));
    // An older version than ours, of more zeros, makes a table for us to find.
    return [...ours, ...found].toSorted((a, b) => compareVersions(a.version, b.version));
  }
}

/** One call on one schema. */
interface Run {
  readonly target: Target;
  readonly journal: Journal;
  readonly known: readonly KnownMigration[];
  readonly rows: readonly JournalRow[];
  /** Versions that are all applied, with the checksums of their files, as the call goes on. */
  readonly done: Map<string, string>;
  /** Versions that are applied or undone halfway, as the call goes on. */
  readonly halfway: Set<string>;
  result(versions: readonly string[]): MigrationResult;
}

/** @throws MigrationError `MIGRATION_INTERRUPTED`, before anything runs */
function checkAllHalfway(
  { known, rows, target }: Run,
  chosen: readonly KnownMigration[],
  verb: "migrate" | "rollback",
  { interrupted }: MigrateOptions | RollbackOptions,
): void {
  for (const row of rows) {
    const migration = known.find(({ version }) => version === row.version);
    const halfway = findHalfway(row, migration, target.dialect);
    const isChosen = migration !== undefined && chosen.includes(migration);
    const isInTheWay = verb === "migrate" && row.direction === "down";
    if (halfway === undefined || !(isChosen || isInTheWay)) continue;
    const file = migration?.file ?? `${row.version}_${row.name}`;
    checkHalfway(halfway, file, target, verb, interrupted !== undefined);
  }
}

/** Whether SQL text has to run statement by statement, each with its record. */
function refusesOneTransaction(
  body: string,
  { file, transaction }: KnownMigration,
  dialect: Dialect,
): boolean {
  if (!transaction || dialect.hasTransactionalDdl) return !transaction;
  return !checkScript(dialect, body, file).every(({ text }) => isRecordedWithin(text, dialect));
}

/** What the registry says of a schema with these migrations. */
function noteOf(
  applied: ReadonlyMap<string, string>,
  isPartial: boolean,
): { readonly migrationsDigest: string; readonly version: string | null } {
  const entries = Array.from(applied, ([version, checksum]) => ({ checksum, version }));
  return {
    migrationsDigest: isPartial ? PARTIAL_DIGEST : digestOf(entries),
    version: versionOf(applied.keys()),
  };
}

async function importByNode(url: string): Promise<unknown> {
  return (await import(url)) as unknown;
}

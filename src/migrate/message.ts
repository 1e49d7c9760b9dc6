import type { Session } from "../core/driver.ts";
import type { JournalRow } from "../core/journal-sql.ts";
import type { MessageSql } from "../core/message-sql.ts";
import type { MessageWriter, MigrateOptions, MigrationMessage } from "../core/migrator.ts";
import { scopeOf } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";
import type { Tenant, TenantState } from "../core/tenant.ts";
import type { Dialect } from "../core/dialect.ts";
import { checkScript } from "./check-script.ts";
import { digestOf } from "./digest.ts";
import type { KnownMigration } from "./discover.ts";
import { Journal } from "./journal.ts";
import { overtakenBy } from "./phase-order.ts";
import { planMigrate, versionOf } from "./plan.ts";

/** What is the same for all tenants whose histories are. */
interface MessagePlan {
  readonly pending: readonly KnownMigration[];
  readonly fromDigest: string;
  readonly toDigest: string;
  readonly toVersion: string | null;
  /** Whether all of it only defines tables and the like. */
  readonly isDefinition: boolean;
}

/** What {@link MigrationMessages} works with. */
export interface MessageOptions {
  readonly dialect: Dialect;
  readonly settings: Settings;
  /** States that a tenant may be migrated in. */
  readonly states: readonly TenantState[];
  /** How far it goes. */
  readonly migrate: MigrateOptions;
  /** Lists the tenant migrations. */
  readonly discover: () => Promise<readonly KnownMigration[]>;
}

/** "It cannot be one message", which differs from a message of nothing. */
const NONE = "none";

/**
 * Writes the migrations of tenants as one message each. All tenants that have the same fingerprint have
 * the same history, so it is read once for each fingerprint; the message itself checks it again.
 */
export class MigrationMessages implements MessageWriter {
  readonly #message: MessageSql;
  readonly #options: MessageOptions;
  /** Fingerprints of histories for which no message can be written. */
  readonly #careful = new Set<string>();
  readonly #plans = new Map<string, Promise<MessagePlan | typeof NONE>>();

  constructor(message: MessageSql, options: MessageOptions) {
    this.#message = message;
    this.#options = options;
  }

  /**
   * Returns the message for a tenant, or `undefined` if it has to be migrated with care.
   *
   * @throws the driver's error
   */
  async of(session: Session, tenant: Tenant): Promise<MigrationMessage | undefined> {
    const { migrationsDigest } = tenant;
    if (migrationsDigest === null) return undefined;
    let plan = this.#plans.get(migrationsDigest);
    if (plan === undefined) {
      plan = this.#plan(session, tenant, migrationsDigest);
      this.#plans.set(migrationsDigest, plan);
      // Another tenant's history may be readable.
      plan.catch(() => this.#plans.delete(migrationsDigest));
    }
    const found = await plan;
    if (found === NONE) {
      this.#careful.add(migrationsDigest);
      return undefined;
    }
    return {
      leavesNothing: found.isDefinition,
      text: found.pending.length === 0 ? undefined : this.#write(tenant, found),
      versions: found.pending.map(({ version }) => version),
    };
  }

  needsCare({ migrationsDigest }: Tenant): boolean {
    return migrationsDigest === null || this.#careful.has(migrationsDigest);
  }

  async #plan(
    session: Session,
    tenant: Tenant,
    fromDigest: string,
  ): Promise<MessagePlan | typeof NONE> {
    const { discover, migrate } = this.#options;
    const known = await discover();
    const rows = await this.#journal(tenant).read(session, scopeOf(tenant));
    const isWhole = rows.every(({ isFinished }) => isFinished);
    // This one is at odds with the registry; of others with its fingerprint nothing is known.
    if (!isWhole || digestOf(rows) !== fromDigest) throw new Error("The history was changed.");
    let pending: readonly KnownMigration[];
    try {
      pending = planMigrate(known, rows, migrate);
    } catch {
      return NONE;
    }
    if (!this.#isSafe(pending, known, rows)) return NONE;
    const applied = [...rows, ...pending];
    return {
      fromDigest,
      isDefinition: pending.every(({ up }) => isDefinition(this.#options.dialect, up)),
      pending,
      toDigest: digestOf(applied),
      toVersion: versionOf(applied.map(({ version }) => version)),
    };
  }

  /** Whether they may be one transaction, and nothing has to be said of them. */
  #isSafe(
    pending: readonly KnownMigration[],
    known: readonly KnownMigration[],
    rows: readonly JournalRow[],
  ): boolean {
    const { dialect } = this.#options;
    if (pending.length === 0) return true;
    const done = rows.map(({ version }) => version);
    const isKnown = (version: string): boolean => known.some((one) => one.version === version);
    // Those that are out of order, or whose files are missing, are warned of for each tenant.
    if (!rows.every(({ version }) => isKnown(version))) return false;
    if (pending.some((migration) => overtakenBy(migration, known, done) !== null)) return false;
    return pending.every(({ file, transaction, up }) => {
      if (typeof up !== "string" || !transaction) return false;
      const isAlone = pending.length === 1;
      try {
        const statements = checkScript(dialect, up, file);
        if (!isWhole(dialect, up, statements.length)) return false;
        return isAlone || !statements.some(({ text }) => dialect.script.setsTransaction(text));
      } catch {
        return false;
      }
    });
  }

  #write(tenant: Tenant, { isDefinition: isPlain, pending, ...move }: MessagePlan): string {
    const { dialect, settings, states } = this.#options;
    const { registry, rules } = settings;
    const journal = { schema: tenant.schemaName, table: settings.migrations.table };
    const limit = dialect.schema.limitLockWait(settings.migrations.lockWaitMs);
    const enter = dialect.schema.enter(tenant.schemaName, rules.sharedSchemas);
    const { restore } = this.#message;
    // What only defines tables and the like has set nothing; but the path is never a guess.
    const between = isPlain ? [enter] : [restore, limit, enter];
    const behind = isPlain ? [] : [restore, enter];
    return [
      limit,
      this.#message.begin(registry, journal, tenant, { ...move, states }),
      // ISOLATION: what a migration sets for its transaction would hold for the next one, whose tables
      // would be made elsewhere. integration/migrate/message.test.ts
      // On a line of its own, as the text may end in a comment.
      ...pending.flatMap(({ up }, index) => [
        `${String(up)}\n`,
        ...(index < pending.length - 1 ? between : behind),
      ]),
      this.#message.end(journal, pending),
    ].join(";\n");
  }

  #journal({ schemaName }: Tenant): Journal {
    const { dialect, settings } = this.#options;
    return new Journal(dialect, schemaName, settings.migrations.table);
  }
}

function isDefinition({ script }: Dialect, up: KnownMigration["up"]): boolean {
  return typeof up === "string" && script.split(up).every(({ text }) => script.isDefinition(text));
}

/** Whether what is written behind a text stays apart from it: a quote that does not end takes it in. */
function isWhole({ script }: Dialect, text: string, count: number): boolean {
  const behind = script.split(`${text}\n;\nselect`);
  return behind.length === count + 1 && behind.at(-1)?.text === "select";
}

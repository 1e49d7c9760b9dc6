import type { Dialect } from "../core/dialect.ts";
import type { QueryResult, Session, Transaction } from "../core/driver.ts";
import type { MigrationContext } from "../core/migrator.ts";
import { GLOBAL_SCOPE, type Scope, scopeOf } from "../core/scope.ts";
import type { ScriptStatement } from "../core/script-sql.ts";
import type { Tenant } from "../core/tenant.ts";
import { TenancyError, isTenancyError } from "../errors/tenancy-error.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";
import { checkScript } from "./check-script.ts";
import type { KnownMigration } from "./discover.ts";
import { LONGEST_STATEMENT, locateStatement } from "./locate-statement.ts";
import { MigrationError, type MigrationNews } from "./migration-error.ts";

/** The schema that is being migrated. */
export interface Target {
  /** The tenant; `undefined` for the global schema. */
  readonly tenant: Tenant | undefined;
  /** The schema. */
  readonly schemaName: string;
  /** Its scope. */
  readonly scope: Scope;
  /** The engine's SQL. */
  readonly dialect: Dialect;
}

/** Returns the target for a tenant, or for the global schema. */
export function targetOf(
  tenant: Tenant | "global",
  globalSchema: string,
  dialect: Dialect,
): Target {
  return tenant === "global"
    ? { dialect, schemaName: globalSchema, scope: GLOBAL_SCOPE, tenant: undefined }
    : { dialect, schemaName: tenant.schemaName, scope: scopeOf(tenant), tenant };
}

/** One direction of a migration, as it is run. */
export type Body = KnownMigration["up"];

/** Refuses, before anything runs, text that must not be run. @throws TenancyError `MIGRATION_INVALID` */
export function checkBody(
  dialect: Dialect,
  body: Body | undefined,
  migration: KnownMigration,
): void {
  if (typeof body === "string") checkScript(dialect, body, migration.file);
}

/** Runs one direction of a migration in an open transaction. */
export async function runInTransaction(
  tx: Transaction,
  body: Body,
  target: Target,
  file: string,
): Promise<void> {
  if (typeof body === "string") {
    if (body.trim() !== "") await tx.script(body);
    return;
  }
  await callWith(body, target, file, {
    query: (text, params) => tx.query(text, params),
    script: (text) => tx.script(text),
  });
}

/** What is done around each statement of a function. */
export interface StatementWatch {
  /** Awaited before the statement is sent. */
  before(statement: ScriptStatement): Promise<void>;
  /** Called when it has succeeded. */
  after(): void;
}

/** Runs a function in an open transaction, statement by statement. */
export async function runWatched(
  tx: Transaction,
  body: Exclude<Body, string>,
  target: Target,
  file: string,
  watch: StatementWatch,
): Promise<void> {
  await callWith(body, target, file, {
    query: async (text, params, statements) => {
      for (const statement of statements) await watch.before(statement);
      const result = await tx.query(text, params);
      watch.after();
      return result;
    },
    script: async (_text, statements) => {
      for (const statement of statements) {
        await watch.before(statement);
        await tx.query(statement.text);
        watch.after();
      }
    },
  });
}

/** Runs a function that is not in a transaction; `after` is called for each statement that succeeded. */
export async function runOutside(
  session: Session,
  body: Exclude<Body, string>,
  target: Target,
  file: string,
  after: () => void,
): Promise<void> {
  await callWith(body, target, file, {
    query: async (text, params) => {
      const result = await session.query(target.scope, text, params);
      after();
      return result;
    },
    script: async (_text, statements) => {
      for (const statement of statements) {
        await session.queryOutsideTransaction(target.scope, statement.text);
        after();
      }
    },
  });
}

interface Runner {
  query(
    text: string,
    params: readonly unknown[] | undefined,
    statements: readonly ScriptStatement[],
  ): Promise<QueryResult>;
  script(text: string, statements: readonly ScriptStatement[]): Promise<void>;
}

async function callWith(
  body: Exclude<Body, string>,
  target: Target,
  file: string,
  on: Runner,
): Promise<void> {
  let isOpen = true;
  const check = (text: string): ScriptStatement[] => {
    if (isOpen) return checkScript(target.dialect, text, file);
    throw new TenancyError("LEASE_ENDED", "A migration's `db` was used after the migration.");
  };
  const db: MigrationContext = {
    query: async <Row>(text: string, params?: readonly unknown[]) =>
      (await on.query(text, params, check(text))) as QueryResult<Row>,
    schemaName: target.schemaName,
    script: async (text) => {
      await on.script(text, check(text));
    },
    tenant: target.tenant,
  };
  try {
    await body(db);
  } finally {
    isOpen = false;
  }
}

/** What a failure is about. */
export interface FailureContext {
  readonly migration: KnownMigration;
  /** The direction that failed. */
  readonly body: Body;
  readonly target: Target;
  /** Versions that the same call had applied, or rolled back, before it. */
  readonly applied: readonly string[];
  /** The statement, where it is known. */
  readonly known?: (ScriptStatement & { readonly number: number }) | undefined;
  /** What is said of it beside the error. */
  readonly news?: MigrationNews;
}

/**
 * Returns what to tell the user about a failure: which file and statement it was. What is not the
 * migration's fault (a lost connection, a missing schema) stays as it is.
 */
export function explainFailure(error: unknown, context: FailureContext): unknown {
  const { applied, body, migration, news, target } = context;
  if (isConnectionFailure(error)) return error;
  if (isTenancyError(error) && error.code !== "LEASE_ENDED") return error;
  const found =
    context.known ??
    (typeof body === "string" ? locateStatement(error, body, target.dialect) : undefined);
  return new MigrationError(
    {
      applied: [...applied],
      file: migration.file,
      line: found?.line,
      schemaName: target.schemaName,
      statement: found?.text.slice(0, LONGEST_STATEMENT),
      statementNumber: found?.number,
      tenant: target.tenant?.slug,
      version: migration.version,
    },
    error,
    news,
  );
}

import type { Dialect } from "../core/dialect.ts";
import type { Session, Transaction } from "../core/driver.ts";
import type { MigrationContext } from "../core/migrator.ts";
import { GLOBAL_SCOPE, type Scope, scopeOf } from "../core/scope.ts";
import type { ScriptStatement } from "../core/script-sql.ts";
import type { Tenant } from "../core/tenant.ts";
import { TenancyError, isTenancyError } from "../errors/tenancy-error.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";
import { checkScript } from "./check-script.ts";
import type { KnownMigration } from "./discover.ts";
import { MigrationError } from "./migration-error.ts";

const LONGEST_STATEMENT = 2_000;

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

/** Runs the function of a migration that is not in a transaction. */
export async function runOutside(
  session: Session,
  body: Body,
  target: Target,
  file: string,
): Promise<void> {
  if (typeof body === "string") return;
  await callWith(body, target, file, {
    query: (text, params) => session.query(target.scope, text, params),
    script: async (_text, statements) => {
      for (const statement of statements) {
        await session.queryOutsideTransaction(target.scope, statement.text);
      }
    },
  });
}

interface Runner {
  query: MigrationContext["query"];
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
    query: async <Row>(text: string, params?: readonly unknown[]) => {
      check(text);
      return await on.query<Row>(text, params);
    },
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

/**
 * Returns what to tell the user about a failure: which file and statement it was. What is not the
 * migration's fault (a lost connection, a missing schema) stays as it is.
 */
export function explainFailure(
  error: unknown,
  migration: KnownMigration,
  body: Body,
  target: Target,
  applied: readonly string[],
  known?: ScriptStatement & { readonly number: number },
): unknown {
  if (isConnectionFailure(error)) return error;
  if (isTenancyError(error) && error.code !== "LEASE_ENDED") return error;
  const found =
    known ??
    (typeof body === "string" ? locate(error, body, migration, target.dialect) : undefined);
  return new MigrationError(
    {
      applied,
      file: migration.file,
      line: found?.line,
      schemaName: target.schemaName,
      statement: found?.text.slice(0, LONGEST_STATEMENT),
      statementNumber: found?.number,
      tenant: target.tenant?.slug,
      version: migration.version,
    },
    error,
  );
}

/** Finds the statement that failed: by its number, or by the position of the error in the text. */
function locate(
  error: unknown,
  script: string,
  migration: KnownMigration,
  dialect: Dialect,
): (ScriptStatement & { readonly number: number }) | undefined {
  const { position, statementIndex } = error as {
    readonly position?: unknown;
    readonly statementIndex?: unknown;
  };
  const statements = checkScript(dialect, script, migration.file);
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

import { createHash } from "node:crypto";
import type { DriverHost } from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { errnoOf } from "../../dialects/mysql/errno.ts";
import { quoteIdentifier } from "../../dialects/mysql/identifier.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import type { SessionTrace, StatementInfo } from "./statement-info.ts";

/** Number of the server's error for a database that does not exist. */
const ER_BAD_DB_ERROR = 1049;
/** Errors that a statement gets when its database is gone, or it is in none. */
const MAY_BE_MISSING: ReadonlySet<unknown> = new Set([1046, ER_BAD_DB_ERROR, 1146]);

/** The database of one scope. */
export interface ScopeDatabase {
  /** Its name. */
  readonly schemaName: string;
  /** SQL that enters it. */
  readonly useText: string;
  /** Comment that makes the text of a prepared statement its own, whatever its name is. */
  readonly tag: string;
  /** The tenant's slug; none in the global scope. */
  readonly tenant: string | undefined;
}

/** Finds the database of a scope. */
export class ScopeDatabases {
  readonly #host: Pick<DriverHost, "globalSchema">;
  readonly #known = new WeakMap<Scope, ScopeDatabase>();

  constructor(host: Pick<DriverHost, "globalSchema">) {
    this.#host = host;
  }

  /** Returns the database of a scope; the same object for the same scope. */
  of(scope: Scope): ScopeDatabase {
    let database = this.#known.get(scope);
    if (database === undefined) this.#known.set(scope, (database = this.#make(scope)));
    return database;
  }

  #make(scope: Scope): ScopeDatabase {
    const tenant = scope.kind === "tenant" ? scope.tenant : undefined;
    const schemaName = tenant?.schemaName ?? this.#host.globalSchema;
    const hash = createHash("sha256").update(schemaName).digest("hex").slice(0, 32);
    return {
      schemaName,
      // ISOLATION: a prepared statement stays in the database that it was prepared in, and the client
      // library finds it by its text alone. leak/mysql2-statements.test.ts
      tag: `/* kirayedar ${hash} */ `,
      tenant: tenant?.slug,
      useText: `use ${quoteIdentifier(schemaName)}`,
    };
  }
}

/** What is known of the session of one physical connection, for as long as it lives. */
export class ConnectionDatabase {
  /** The database that it is in, or `undefined` when nobody knows. */
  current: string | undefined;
  /** What its statements since the last reset may have left in the session. */
  trace: SessionTrace = "none";
  /** Whether the next transaction would be isolated in a way that this holder has asked for. */
  isNextTransactionSet = false;

  /** Notes what a statement is about to do to the session, whatever comes of it. */
  note(info: StatementInfo): void {
    // ISOLATION: a statement that fails halfway may have gone elsewhere already. leak/mysql2-session-traces.test.ts
    if (info.mayMove || info.isUse) this.current = undefined;
    if (info.setsNextTransaction) this.isNextTransactionSet = true;
    this.leave(info.trace);
  }

  /** Notes what may be left in the session. */
  leave(trace: SessionTrace): void {
    if (trace === "none" || this.trace === "destroy") return;
    this.trace = trace;
  }

  /** Whether something has to be removed before anybody else may have the connection. */
  get isClean(): boolean {
    return this.trace === "none" && !this.isNextTransactionSet;
  }

  /** Notes that the session was reset; it is still in the database that it was in. */
  noteReset(): void {
    this.trace = "none";
    this.isNextTransactionSet = false;
  }
}

/**
 * Refuses what must not be sent in a scope.
 *
 * @param mayRead - what the caller's own statements may have left in the session to be read
 */
export function refuseStatement(
  info: StatementInfo,
  { tenant }: ScopeDatabase,
  mayRead: { readonly insertId: boolean; readonly diagnostics: boolean },
): TenancyError | undefined {
  // ISOLATION: the scope is the one way into a database. leak/mysql2-session-traces.test.ts
  if (info.isUse) {
    return new TenancyError("INVALID_QUERY", "`USE` was sent as a query.", {
      remedy: "Enter the tenant with `withTenant`, or name the database before the table.",
      tenant,
    });
  }
  if (info.reads === "nothing" || mayRead[info.reads]) return undefined;
  // ISOLATION: the last statement of the session may be another tenant's. leak/mysql2-session-traces.test.ts
  return new TenancyError(
    "INVALID_QUERY",
    "The query reads what the last statement of its session has left, which may be another tenant's.",
    {
      remedy:
        "Use `insertId` and `affectedRows` of the result, or a connection of your own for both statements.",
      tenant,
    },
  );
}

/** Whether an error may mean that the scope's database is gone, so that entering it would tell. */
export function mayBeMissing(error: unknown): boolean {
  return MAY_BE_MISSING.has(errnoOf(error));
}

/**
 * Returns what to tell the user about an error of the statement that enters a scope.
 *
 * @param isMissing - whether it is known, beside what the error says, that there is no such database
 */
export function enterError(
  error: Error,
  { schemaName, tenant }: ScopeDatabase,
  isMissing = false,
): Error {
  if (!isMissing && errnoOf(error) !== ER_BAD_DB_ERROR) return error;
  const whose = tenant === undefined ? "the global scope" : `tenant "${tenant}"`;
  return new TenancyError(
    "SCHEMA_NOT_FOUND",
    `The database "${schemaName}" of ${whose} does not exist.`,
    { cause: error, tenant },
  );
}

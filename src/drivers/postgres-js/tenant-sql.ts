import { type Scope, scopeOf } from "../../core/scope.ts";
import type { EnterOptions, Tenancy } from "../../core/tenancy.ts";
import type { TenantRef } from "../../core/tenant.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { createFacade } from "./facade.ts";
import { isQuery, type PostgresMaker, type QueryLike } from "./peer.ts";
import { ScopeEntries } from "./scope-entry.ts";
import { type Sending, sendScoped } from "./send-scoped.ts";
import { beginScoped } from "./transaction.ts";

/** The part of postgres.js's `sql` that is used here, so that `postgres` stays an optional peer. */
export interface PostgresLike {
  /** Runs a transaction. */
  begin(...args: never[]): unknown;
  /** Ends the connections. */
  end(...args: never[]): Promise<void>;
  /** Makes a query of text. */
  unsafe(...args: never[]): unknown;
  /** What it was made with. */
  readonly options: object;
}

/** postgres.js of one tenancy, in both forms. */
export type TenantSql<Sql> = Sql & {
  /**
   * Returns the same bound to one tenant; it reads no ambient scope.
   *
   * @throws TenancyError `TENANT_NOT_FOUND`, `TENANT_NOT_ACTIVE`, `INVALID_TENANT_ID`
   */
  readonly forTenant: (tenant: TenantRef, options?: EnterOptions) => Promise<Sql>;
};

/**
 * Returns an application's own postgres.js, in which every query runs in the scope that is in force where
 * the query is written, and every transaction in that of its `begin`. Experimental.
 *
 * A query by itself is a transaction, with the scope set for it alone: three round trips in place of one.
 * In `sql.begin` the scope costs one round trip, once. No session is changed, so nothing is left in one when
 * a switch or a query fails. What cannot be kept to one tenant is refused: `reserve`, `listen`, `notify`,
 * `subscribe`, `largeObject`, text that controls the transaction or leaves something in the session, and
 * `readable()` and `writable()` outside a transaction.
 *
 * @param tenancy - on the `pg` driver, with the same database
 * @throws TenancyError `UNSUPPORTED_PEER` for what is not postgres.js 3.4; `INVALID_CONFIG` for options that
 *   it cannot work with
 * @example
 * const sql = tenantSql(tenancy, postgres(process.env.DATABASE_URL));
 * await tenancy.withTenant("acme", () => sql`select text from notes where id = ${7}`);
 */
export function tenantSql<Sql extends PostgresLike>(
  tenancy: Pick<Tenancy, "bindPool" | "currentScope" | "query" | "scopeGlobal" | "tenant">,
  sql: Sql,
): TenantSql<Sql> {
  const sending: Sending = { entries: new ScopeEntries(tenancy), sql: checkPeer(sql) };
  const forTenant = async (tenant: TenantRef, options?: EnterOptions): Promise<Sql> => {
    const scope = scopeOf((await tenancy.tenant(tenant, options)).tenant);
    // It is not its own to end.
    const own = { close: notEnding, end: notEnding };
    return facadeOf(sending, () => scope, own) as unknown as Sql;
  };
  const { close, end } = sql as unknown as Readonly<Record<"close" | "end", unknown>>;
  const own = { close, end, forTenant };
  return facadeOf(sending, () => tenancy.currentScope(), own) as unknown as TenantSql<Sql>;
}

function facadeOf(
  sending: Sending,
  scopeNow: () => Scope | undefined,
  own: Readonly<Record<string, unknown>>,
): PostgresMaker {
  const onQuery = (query: QueryLike, path?: string): void => {
    // ISOLATION: a query is lazy, and may be awaited anywhere. integration/orm/postgres-js/tenant-sql.test.ts
    const scope = scopeNow();
    query.handler = (one) => sendScoped(sending, one, scope, path);
  };
  const begin = (...args: unknown[]): Promise<unknown> => beginScoped(sending, scopeNow(), args);
  return createFacade(sending.sql, onQuery, { ...own, begin });
}

function notEnding(): Promise<void> {
  return Promise.resolve();
}

function checkPeer(sql: PostgresLike): PostgresMaker {
  const maker = sql as unknown as PostgresMaker;
  const probe: unknown = typeof sql === "function" ? maker.unsafe?.("select 1") : undefined;
  const isKnown =
    typeof maker === "function" &&
    typeof maker.begin === "function" &&
    typeof maker.file === "function" &&
    typeof maker.options === "object" &&
    isQuery(probe) &&
    !probe.executed &&
    Object.hasOwn(probe, "resolve") &&
    Object.hasOwn(probe, "reject");
  if (!isKnown) {
    throw new TenancyError("UNSUPPORTED_PEER", "This is not the `sql` of postgres.js 3.4.");
  }
  const { max_pipeline: pipeline } = maker.options;
  if (typeof pipeline !== "number" || !(pipeline >= 1)) {
    throw new TenancyError("INVALID_CONFIG", "`max_pipeline` of postgres.js is less than 1.", {
      remedy: "Leave it out: without a pipeline `begin` does not get its connection.",
    });
  }
  return maker;
}

import type { Scope } from "../../../core/scope.ts";

/** The part of a Knex, or of a transaction of one, that tells where it queries. */
export interface KnexLike {
  /** What compiles and sends queries. */
  readonly client: {
    /** What the Knex was made with. */
    readonly config: { readonly connectionPool?: unknown };
    /** Whether it is a transaction's, which has one connection. */
    readonly transacting?: boolean;
    /** Resolves with a connection; with the one that it has, in a transaction. */
    acquireConnection(): Promise<object>;
  };
}

/** Where a Knex queries: in the ambient scope, or in one of its own. */
export type KnexScope = Scope | "ambient";

/** A pool that was lent to a Knex. */
interface KnexPool {
  /** The tenancy that has lent it. */
  readonly tenancy: object;
  readonly scope: KnexScope;
}

interface Memory {
  readonly connections: WeakMap<object, Scope>;
  readonly pools: WeakMap<object, KnexPool>;
}

const SLOT = Symbol.for("kirayedar.knex");

/** One memory for every copy of this package in the process. */
function memory(): Memory {
  const holder = globalThis as { [SLOT]?: Memory };
  return (holder[SLOT] ??= { connections: new WeakMap(), pools: new WeakMap() });
}

/** Remembers where a pool that is lent to a Knex queries. */
export function rememberPool(pool: object, facts: KnexPool): void {
  memory().pools.set(pool, facts);
}

/** Remembers in which scope a connection was taken. */
export function rememberConnection(connection: object, scope: Scope): void {
  memory().connections.set(connection, scope);
}

/** Returns where a Knex queries, or `undefined` for one that `tenancy` has not lent its pool to. */
export async function scopeOfKnex(
  { client }: KnexLike,
  tenancy: object,
): Promise<KnexScope | undefined> {
  const { connections, pools } = memory();
  const { connectionPool } = client.config;
  const pool = pools.get(connectionPool as object);
  if (pool?.tenancy !== tenancy) return undefined;
  if (pool.scope !== "ambient" || client.transacting !== true) return pool.scope;
  // ISOLATION: a transaction stays where it was begun, whatever scope is in force by now.
  // integration/orm/objection/wrong-tenant.test.ts
  return connections.get(await client.acquireConnection());
}

import type { EnterOptions, Tenancy } from "../../../core/tenancy.ts";
import { type Scope, scopeOf } from "../../../core/scope.ts";
import type { TenantRef } from "../../../core/tenant.ts";
import { makeRoot } from "./bound-manager.ts";
import { checkDialect, checkOrm } from "./check.ts";
import { guardManager } from "./guarded-manager.ts";
import { Managers } from "./managers.ts";
import { originSubscriber } from "./origin-subscriber.ts";
import type {
  Connection,
  Dialect,
  EntityManager,
  EntityManagerClass,
  MikroOrm,
  OrmTenancy,
} from "./peer.ts";
import { type Reading, viewPool } from "./pool-view.ts";
import { guardSchemaGenerator, SCHEMA_GENERATOR } from "./schema-generator.ts";

/** The public part of a `MikroORM` that is used here. */
export interface MikroOrmLike {
  /** Its entity manager. */
  readonly em: object;
}

/** How an application makes its MikroORM. */
export interface MikroOrmOptions<Pool, Orm extends MikroOrmLike> {
  /** Makes Kysely's dialect over a pool, another for each: the application's, and those of `forTenant`. */
  readonly dialect: (pool: Pool) => object;
  /** Makes MikroORM; what it is called with is MikroORM's option `driverOptions`. */
  readonly init: (driverOptions: object) => Orm | Promise<Orm>;
}

/** MikroORM for all tenants, and for one. */
export interface TenantMikroOrm<Orm extends MikroOrmLike> {
  /** The application's MikroORM. `close` leaves the tenancy's pool open. */
  readonly orm: Orm;
  /**
   * The ORM's entity manager: stands for another one, with an identity map of its own, in each `withTenant`
   * and request, and for each tenant in it. No `RequestContext` is needed.
   */
  readonly em: Orm["em"];
  /**
   * Returns a new entity manager of one tenant, which reads no ambient scope: its tables have qualified
   * names, and its connections are the tenant's. It holds none when idle. @throws as `withTenant`
   */
  readonly forTenant: (tenant: TenantRef, options?: EnterOptions) => Promise<Orm["em"]>;
}

/**
 * Gives an application's MikroORM tenants.
 *
 * An entity manager belongs to the scope that it was first used in, and entities to that of their manager:
 * whoever uses them in another is refused with `WRONG_TENANT`. Results that are cached are cached for each
 * tenant.
 *
 * @throws TenancyError `INVALID_CONFIG` if something would pass by the tenancy's pool or by the tenant;
 *   `UNSUPPORTED_PEER` if it is not MikroORM 7
 * @example
 * const { em, forTenant } = await tenantMikroOrm(tenancy, {
 *   dialect: (pool) => new PostgresDialect({ cursor: Cursor, pool }),
 *   init: (driverOptions) => MikroORM.init({ dbName: "app", driverOptions, entities }),
 * });
 */
export async function tenantMikroOrm<Pool, Orm extends MikroOrmLike>(
  tenancy: Pick<Tenancy<Pool>, keyof OrmTenancy>,
  options: MikroOrmOptions<Pool, Orm>,
): Promise<TenantMikroOrm<Orm>> {
  const reading: Reading = { options: {} };
  const view = viewPool(tenancy.pool as object, reading);
  const makeDialect = options.dialect as (pool: unknown) => Dialect;
  const dialect = makeDialect(view.pool);
  const made = await options.init(dialect);
  const orm = made as unknown as MikroOrm;
  checkOrm(orm, dialect);
  await checkDialect(tenancy, dialect, view);
  // ISOLATION: a function that gives the same dialect again would give the ambient scope's to bound
  // managers. integration/orm/mikro-orm/start.test.ts
  const again = viewPool(tenancy.pool as object, reading);
  await checkDialect(tenancy, makeDialect(again.pool), again);
  reading.options = readingOf(orm.driver.getConnection());
  const managers = guard(tenancy, orm);

  const roots = new WeakMap<object, EntityManager>();
  const rootOf = (scope: Scope): EntityManager => {
    const { pool, schemaName } = tenancy.bindPool(scope);
    let root = roots.get(pool as object);
    if (root === undefined) {
      const ownDialect = makeDialect(viewPool(pool as object, reading).pool);
      root = makeRoot(orm, ownDialect, schemaName);
      managers.give(root, { isBound: true, scope });
      roots.set(pool as object, root);
    }
    return root;
  };
  return {
    em: made.em,
    forTenant: async (ref, enterOptions) => {
      const scope = scopeOf((await tenancy.tenant(ref, enterOptions)).tenant);
      return rootOf(scope).fork({ schema: tenancy.bindPool(scope).schemaName });
    },
    orm: made,
  };
}

/** Puts the guards into the ORM's entity manager, and into all that are forked from it. */
function guard(tenancy: OrmTenancy, { config, em }: MikroOrm): Managers {
  const managers = new Managers(tenancy, () => em.fork({ disableContextResolution: true }));
  const Manager = guardManager(em.constructor as EntityManagerClass, managers);
  const subscriber = originSubscriber(managers);
  config.set("context", () => managers.ofRun());
  // The pool's database is there, whatever `dbName` says; MikroORM would make that one in some tenant's scope.
  config.set("ensureDatabase", false);
  config.set("entityManager", Manager);
  guardSchemaGenerator(config.getExtension(SCHEMA_GENERATOR));
  // For event managers that are made anew.
  config.set("subscribers", [...((config.get("subscribers") as unknown[]) ?? []), subscriber]);
  em.getEventManager().registerSubscriber(subscriber);
  // It is made already, and what it is forked into has its class.
  Object.setPrototypeOf(em, Manager.prototype as object);
  return managers;
}

/** Returns how MikroORM's own pool would read rows, as far as it can be said of each query. */
function readingOf(connection: Connection): Reading["options"] {
  const own = connection.mapOptions?.({}) ?? {};
  const names = ["dateStrings", "supportBigNumbers", "timezone", "types"];
  return Object.fromEntries(names.flatMap((name) => (name in own ? [[name, own[name]]] : [])));
}

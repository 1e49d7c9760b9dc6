import type { Scope } from "../../../core/scope.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { checkData } from "./entities.ts";
import { keyOf, type Managers, type Owner } from "./managers.ts";
import type { EntityManager, EntityManagerClass, ForkOptions, QueryBuilder } from "./peer.ts";

/** Methods that take entities for themselves, or write them. */
const TAKING = [
  "assign",
  "insert",
  "insertMany",
  "lock",
  "merge",
  "nativeDelete",
  "nativeUpdate",
  "nativeUpdateMany",
  "persist",
  "populate",
  "refresh",
  "remove",
  "upsert",
  "upsertMany",
];

/**
 * Makes the subclass of an application's entity managers that belong to one scope each, from their first
 * use on. All their methods ask `getContext` first.
 *
 * ISOLATION: what is in an identity map is handed out without a query, so no pool can see that it is
 * another tenant's. integration/orm/mikro-orm/identity-map.test.ts
 */
export function guardManager(base: EntityManagerClass, managers: Managers): EntityManagerClass {
  const made = new WeakSet<EntityManager>();
  class TenantEntityManager extends base {
    constructor(...args: ConstructorParameters<EntityManagerClass>) {
      super(...args);
      made.add(this);
    }

    override getContext(validate = true): EntityManager {
      // Its parts ask while they are made, which is no use of it.
      if (!this.global && !made.has(this)) return super.getContext(validate);
      const own = managers.ownerOf(this);
      const now = own?.isBound ? own.scope : managers.scopeNow();
      if (this.global && validate && now === undefined) throw noScope();
      const inRun = (): EntityManager => (own?.isBound ? this : (managers.ofRun() ?? this));
      const found = super.getContext(validate);
      // ISOLATION: MikroORM knows transactions by the name of an ORM, and all are named alike. Another ORM's
      // would answer, from its database. integration/orm/mikro-orm/two-orms.test.ts
      const em = found instanceof TenantEntityManager ? found : inRun();
      const owner = managers.ownerOf(em);
      if (owner === undefined) {
        if (em.global) return em;
        if (now !== undefined) managers.give(em, { isBound: false, scope: now });
        else if (validate) throw noScope();
        return em;
      }
      if (now !== undefined && keyOf(now) === keyOf(owner.scope)) return em;
      // The manager of a transaction that was begun in another scope, which is still open around this.
      if (em !== this) return inRun();
      if (now === undefined && !validate) return em;
      throw now === undefined ? noScope() : foreign(owner, now);
    }

    override createQueryBuilder(...args: unknown[]): QueryBuilder {
      const builder = super.createQueryBuilder(...args);
      const scope = managers.ownerOf(this.getContext())?.scope;
      for (const name of ["insert", "update"] as const) {
        const write = builder[name];
        builder[name] = (data: unknown) => {
          checkData([data], scope);
          return write.call(builder, data);
        };
      }
      return builder;
    }

    /** In the scope of the transaction, as it holds its connection until it is rolled back. */
    override rollback(): Promise<void> {
      const owner = managers.ownerOf(this);
      const rollback = (): Promise<void> => super.rollback();
      return owner === undefined || owner.isBound ? rollback() : managers.inScope(owner, rollback);
    }

    override fork(options: ForkOptions = {}): EntityManager {
      const fork = super.fork(options);
      const source = options.disableContextResolution ? this : this.getContext(false);
      const owner = managers.ownerOf(source);
      // It has the entities, or the connection, of the one that it is forked from.
      const isHeir = options.clear === false || options.keepTransactionContext === true;
      if (owner !== undefined && (owner.isBound || isHeir)) managers.give(fork, owner);
      return fork;
    }

    // ISOLATION: keys are made of the query, which is the same in every tenant, or of a name.
    // integration/orm/mikro-orm/result-cache.test.ts
    override tryCache(
      entityName: unknown,
      cache: unknown,
      key: unknown,
      ...rest: unknown[]
    ): Promise<unknown> {
      const asked = cache ?? (this.config.get("resultCache") as { global?: unknown }).global;
      const own = asked ? ownKey(this, managers) : "";
      return Array.isArray(asked)
        ? super.tryCache(entityName, [own + String(asked[0]), ...asked.slice(1)], key, ...rest)
        : super.tryCache(entityName, cache, [own, key], ...rest);
    }

    override async clearCache(key: string): Promise<void> {
      return super.clearCache(ownKey(this, managers) + key);
    }
  }
  const prototype = base.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of TAKING) {
    const original = prototype[name];
    if (original === undefined) continue;
    Object.defineProperty(TenantEntityManager.prototype, name, {
      configurable: true,
      value(this: EntityManager, ...args: unknown[]) {
        checkData(args, managers.ownerOf(this.getContext())?.scope);
        return original.apply(this, args);
      },
      writable: true,
    });
  }
  return TenantEntityManager;
}

function ownKey(em: EntityManager, managers: Managers): string {
  const owner = managers.ownerOf(em.getContext());
  if (owner === undefined) throw noScope();
  return `${keyOf(owner.scope)}:`;
}

function noScope(): TenancyError {
  return new TenancyError("TENANT_REQUIRED", "An entity manager was used in no tenant's scope.");
}

function foreign({ scope }: Owner, now: Scope): TenancyError {
  const name = (of: Scope): string =>
    of.kind === "tenant" ? `the tenant "${of.tenant.slug}"` : "the global scope";
  return new TenancyError(
    "WRONG_TENANT",
    `An entity manager of ${name(scope)} was used in ${name(now)}.`,
    {
      remedy: "Use the ORM's own `em`, which is another one in each scope, or fork that.",
      tenant: now.kind === "tenant" ? now.tenant.slug : undefined,
    },
  );
}

import type { Driver } from "../core/driver.ts";
import type { Registry } from "../core/registry.ts";
import type { Resolution } from "../core/resolution.ts";
import { GLOBAL_SCOPE, type Scope, type ScopeContext, scopeOf } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { isPromise } from "../internal/maybe-promise.ts";
import { createFindTenant } from "./find-tenant.ts";
import { createHandle } from "./handle.ts";
import type { OnRequest } from "./on-request.ts";
import { rejecting } from "./rejecting.ts";

/** What the scoped part of a tenancy works with. */
export interface ScopingDeps<Pool> {
  /** The ambient scope. */
  readonly context: ScopeContext;
  /** The database. */
  readonly driver: Driver<Pool>;
  /** The tenants. */
  readonly registry: Pick<Registry, "lookup">;
  /** The checked configuration. */
  readonly settings: Pick<Settings, "rules">;
  /** What brings tenants up to date before they are entered, if anything does. */
  readonly onRequest: OnRequest | undefined;
  /** Throws once the tenancy is closed. */
  readonly checkOpen: () => void;
}

/** The part of {@link Tenancy} that enters, changes and reads scopes, and runs queries in them. */
export type Scoping<Pool> = Pick<
  Tenancy<Pool>,
  | "bindPool"
  | "clearTenant"
  | "currentRun"
  | "currentScope"
  | "currentTenant"
  | "enter"
  | "putTenant"
  | "query"
  | "requireTenant"
  | "scope"
  | "scopeGlobal"
  | "tenant"
  | "transaction"
  | "withTenant"
>;

/** Creates the scoped part of a tenancy. */
export function createScoping<Pool>(deps: ScopingDeps<Pool>): Scoping<Pool> {
  const { checkOpen, context, driver } = deps;
  const findTenant = createFindTenant(deps.registry, deps.settings.rules, deps.onRequest);

  function currentTenant(): Tenant | undefined {
    const scope = context.current();
    return scope?.kind === "tenant" ? scope.tenant : undefined;
  }

  function openScope(): Scope {
    checkOpen();
    return requireScope(context);
  }

  /** Runs `fn` in `scope`; a call that comes too late is a rejection, never a throw. */
  function run<T>(scope: Scope | undefined, fn: () => T | PromiseLike<T>): Promise<Awaited<T>> {
    return rejecting(() => {
      checkOpen();
      return context.run(scope, fn);
    });
  }

  return {
    bindPool(scope) {
      checkOpen();
      const { globalSchema } = deps.settings.rules;
      if (scope.kind === "tenant") {
        return { pool: driver.poolFor(scope), schemaName: scope.tenant.schemaName };
      }
      // ISOLATION: what is neither is no scope. integration/orm/prisma/wiring.test.ts
      if (scope.kind !== "global") throw noScope();
      return { pool: driver.poolFor(GLOBAL_SCOPE), schemaName: globalSchema };
    },
    clearTenant() {
      checkOpen();
      context.put(undefined);
    },
    currentRun: () => context.currentRun(),
    currentScope: () => context.current(),
    currentTenant,
    enter(resolution, fn) {
      checkOpen();
      return context.enter(scopeOfResolution(resolution), fn);
    },
    async putTenant(ref, options) {
      checkOpen();
      // Outside a scope this throws, before anything is looked up.
      context.put(context.current());
      context.put(ref === null ? GLOBAL_SCOPE : scopeOf(await findTenant(ref, options)));
    },
    query: async (text, params) => driver.query(openScope(), text, params),
    requireTenant() {
      checkOpen();
      const tenant = currentTenant();
      if (tenant !== undefined) return tenant;
      throw context.current() === undefined
        ? noScope()
        : new TenancyError("TENANT_REQUIRED", "This needs a tenant, and the scope is global.", {
            remedy: "Wrap the call in `withTenant(slug, fn)`.",
          });
    },
    scope: (fn) => run(undefined, fn),
    scopeGlobal: (fn) => run(GLOBAL_SCOPE, fn),
    async tenant(ref, options) {
      checkOpen();
      return createHandle(deps, await findTenant(ref, options));
    },
    transaction: async (fn) => driver.transaction(openScope(), fn),
    withTenant(ref, fn, options) {
      if (ref === null) return run(GLOBAL_SCOPE, fn);
      return rejecting(() => {
        checkOpen();
        // A tenant that is in the cache is entered without waiting for anything.
        const tenant = findTenant(ref, options);
        return isPromise(tenant)
          ? tenant.then((found) => context.run(scopeOf(found), fn))
          : context.run(scopeOf(tenant), fn);
      });
    },
  };
}

// ISOLATION: what is neither a tenant nor global is no scope, in which queries are refused. integration/tenancy/tenancy.test.ts
function scopeOfResolution(resolution: Resolution): Scope | undefined {
  if (resolution.kind === "tenant") return scopeOf(resolution.tenant);
  return resolution.kind === "global" ? GLOBAL_SCOPE : undefined;
}

/** Returns the scope in force. @throws TenancyError `TENANT_REQUIRED` without one */
export function requireScope(context: Pick<ScopeContext, "current">): Scope {
  const scope = context.current();
  if (scope === undefined) throw noScope();
  return scope;
}

function noScope(): TenancyError {
  return new TenancyError("TENANT_REQUIRED", "There is no tenant and no global scope in force.");
}

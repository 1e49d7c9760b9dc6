import type { Scope } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";

/** The part of a tenancy that loaders use. */
export type LoadingTenancy = Pick<Tenancy, "currentScope" | "enter">;

/**
 * Makes DataLoaders that are of one request and one tenant: the returned function gives those of a new
 * request, for its context. They are made when they are first used, and again if the request goes to
 * another tenant.
 *
 * A DataLoader gathers what is asked for until the next tick, and then asks once, in the scope of
 * whoever came first; what it has found it remembers. Shared by tenants it would give each other's
 * rows. One of these that is kept and used in another scope refuses with `WRONG_TENANT`.
 *
 * @param make - makes the loaders of one scope, as an object of DataLoaders or their like
 * @example
 * ```ts
 * const loaders = tenantLoaders(tenancy, () => ({ users: new DataLoader(findUsers) }));
 * const yoga = createYoga({ context: () => ({ loaders: loaders() }), schema });
 * ```
 */
export function tenantLoaders<Loaders extends object>(
  tenancy: LoadingTenancy,
  make: (scope: Scope) => Loaders,
): () => Loaders {
  return () => {
    const made = new Map<string, Loaders>();
    const own = (): Loaders => {
      const scope = requireScope(tenancy);
      // ISOLATION: the same ids name other rows in another tenant. leak/dataloader.test.ts
      const key = identityOf(scope);
      let loaders = made.get(key);
      if (loaders === undefined) {
        loaders = bindLoaders(tenancy, make(scope), scope);
        made.set(key, loaders);
      }
      return loaders;
    };
    return new Proxy({} as Loaders, {
      get: (_, name): unknown => Reflect.get(own(), name),
      has: (_, name) => Reflect.has(own(), name),
    });
  };
}

function bindLoaders<Loaders extends object>(
  tenancy: LoadingTenancy,
  loaders: Loaders,
  scope: Scope,
): Loaders {
  const bound = Object.entries(loaders).map(([name, loader]) => {
    const { load } = (loader ?? {}) as { load?: unknown };
    if (typeof load !== "function") {
      throw new TenancyError("INVALID_CONFIG", `The loader \`${name}\` has no method \`load\`.`);
    }
    return [name, bindLoader(tenancy, loader as object, scope)] as const;
  });
  return Object.fromEntries(bound) as Loaders;
}

function bindLoader(tenancy: LoadingTenancy, loader: object, scope: Scope): object {
  const identity = identityOf(scope);
  const bound: object = new Proxy(loader, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const current = requireScope(tenancy);
        if (identityOf(current) !== identity) throw elsewhere(current);
        // ISOLATION: what is gathered is asked for in the scope of the first call, which `putTenant`
        // could have changed by then; this one is nobody else's. leak/dataloader.test.ts
        const result = tenancy.enter(scope, () => (value as Method).apply(target, args));
        // ISOLATION: `clear` and `prime` return the loader, which could then be used anywhere.
        // leak/dataloader.test.ts
        return result === target ? bound : result;
      };
    },
  });
  return bound;
}

type Method = (...args: unknown[]) => unknown;

/** The schema's name too: a tenant that is renamed has other tables. */
function identityOf(scope: Scope): string {
  return scope.kind === "tenant" ? `${scope.tenant.id} ${scope.tenant.schemaName}` : "";
}

function requireScope(tenancy: LoadingTenancy): Scope {
  const scope = tenancy.currentScope();
  if (scope !== undefined) return scope;
  throw new TenancyError("TENANT_REQUIRED", "There is no tenant whose rows to load.");
}

function elsewhere(current: Scope): TenancyError {
  return new TenancyError("WRONG_TENANT", "A loader of one tenant was used in another scope.", {
    remedy: "Take it from the request's loaders each time.",
    tenant: current.kind === "tenant" ? current.tenant.slug : undefined,
  });
}

import type { NameRules } from "../core/names.ts";
import type { Registry } from "../core/registry.ts";
import type { MaybePromise } from "../core/resolution.ts";
import type { EnterOptions } from "../core/tenancy.ts";
import type { Tenant, TenantRef, TenantState } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { isPromise } from "../internal/maybe-promise.ts";
import { describeState, notFound, parseRef, remedyFor } from "../lifecycle/refs.ts";
import type { OnRequest } from "./on-request.ts";

/**
 * Finds a tenant that may be entered; at once if it is in the cache, and nothing is to be applied to it.
 *
 * @throws TenancyError `INVALID_TENANT_ID` before any I/O, `TENANT_NOT_FOUND`, `TENANT_NOT_ACTIVE`;
 *   see {@link OnRequest} for what migrating it throws
 */
export type FindTenant = (
  ref: TenantRef,
  options: EnterOptions | undefined,
) => MaybePromise<Tenant>;

const ENTERABLE: readonly TenantState[] = ["active"];

/** How many slugs are remembered to be well-formed: checking one costs as much as all the rest. */
const MAX_CHECKED = 10_000;

/** Creates what finds the tenants that a tenancy enters. */
export function createFindTenant(
  registry: Pick<Registry, "lookup">,
  rules: NameRules,
  onRequest?: OnRequest,
): FindTenant {
  const checked = new Set<string>();

  function parse(ref: TenantRef): TenantRef {
    return typeof ref === "string" && checked.has(ref) ? ref : parseRef(ref, rules);
  }

  function check(
    ref: TenantRef,
    found: Tenant | undefined,
    allowed: readonly TenantState[],
  ): MaybePromise<Tenant> {
    const tenant = checkEnterable(ref, found, allowed);
    if (onRequest === undefined) return tenant;
    const ready = onRequest.ready(tenant);
    // After a wait it is not what it was.
    return isPromise(ready) ? ready.then((now) => checkEnterable(ref, now, allowed)) : tenant;
  }

  return (ref, options) => {
    const parsed = parse(ref);
    const allowed = options?.allow ?? ENTERABLE;
    const found = registry.lookup(parsed);
    if (isPromise(found)) return found.then((tenant) => check(parsed, tenant, allowed));
    if (found !== undefined && typeof parsed === "string" && checked.size < MAX_CHECKED) {
      checked.add(parsed);
    }
    return check(parsed, found, allowed);
  };
}

function checkEnterable(
  ref: TenantRef,
  tenant: Tenant | undefined,
  allowed: readonly TenantState[],
): Tenant {
  if (tenant !== undefined && allowed.includes(tenant.state)) return tenant;
  // A tenant that is being dropped is gone for everybody but the one who drops it.
  if (tenant === undefined || tenant.state === "dropping") throw notFound(ref);
  throw new TenancyError(
    "TENANT_NOT_ACTIVE",
    `The tenant "${tenant.slug}" is ${describeState(tenant.state)}.`,
    { remedy: remedyFor(tenant.state), tenant: tenant.slug },
  );
}

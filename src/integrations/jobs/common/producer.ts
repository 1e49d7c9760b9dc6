import type { EnterOptions } from "../../../core/tenancy.ts";
import type { TenantRef } from "../../../core/tenant.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { GLOBAL_MARK, type JobMark, keyFor, markOf } from "./mark.ts";
import type { JobTenancy } from "./options.ts";

/** What every producer of jobs offers beside the ways of its library. */
export interface Explicit<Producer> {
  /**
   * Returns the same for one tenant, whatever the ambient scope is.
   *
   * @throws TenancyError as `withTenant`
   */
  forTenant(tenant: TenantRef, options?: EnterOptions): Promise<Producer>;
  /** The same for the global scope, on purpose. */
  readonly global: Producer;
  /** Returns what the library knows a job or schedule of this scope by that was given this key. */
  keyOf(key: string): string;
}

/** Returns the mark of the scope that jobs are enqueued for; called where the user's call enters. */
export type MarkNow = () => JobMark;

/**
 * Makes a producer in its three forms: of the ambient scope, of a tenant and of the global scope.
 *
 * @param build - makes the library's own part of one form
 */
export function explicitly<Own extends object>(
  tenancy: JobTenancy,
  build: (mark: MarkNow) => Own,
): Own & Explicit<Own & { keyOf(key: string): string }> {
  const form = (mark: MarkNow): Own & { keyOf(key: string): string } => ({
    ...build(mark),
    keyOf: (key) => keyFor(mark(), key),
  });
  return {
    ...form(() => ambientMark(tenancy)),
    forTenant: async (ref, options) => {
      const { tenant } = await tenancy.tenant(ref, options);
      return form(() => ({ tenant: tenant.id }));
    },
    global: form(() => GLOBAL_MARK),
  };
}

function ambientMark(tenancy: JobTenancy): JobMark {
  const scope = tenancy.currentScope();
  if (scope !== undefined) return markOf(scope);
  throw new TenancyError("TENANT_REQUIRED", "A job was enqueued in no tenant's scope.", {
    remedy: "Wrap the call in `withTenant`, or use `forTenant`, or `global` for a job of nobody's.",
  });
}

import type { Tenancy } from "../../../core/tenancy.ts";
import { TENANT_STATES, type TenantState } from "../../../core/tenant.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";

/** The part of a tenancy that jobs need. */
export type JobTenancy<Pool = unknown> = Pick<
  Tenancy<Pool>,
  "currentScope" | "tenant" | "scopeGlobal" | "logger"
>;

/** How jobs are run. */
export interface JobOptions {
  /**
   * What happens to jobs that carry no tenant, such as those that were enqueued before: refused for
   * good, or run in the global scope. Default `"refuse"`.
   */
  readonly withoutTenant?: "refuse" | "global";
  /** States of a tenant in which its jobs run; in others they are put off. Default: only `active`. */
  readonly allow?: readonly TenantState[];
  /** For how long a job is put off whose tenant is not to be entered now. Default 60,000. */
  readonly postponeMs?: number;
}

/** Options that have been checked, with every default filled in; see {@link JobOptions}. */
export type JobSettings = Required<JobOptions>;

const KNOWN: ReadonlySet<string> = new Set(["withoutTenant", "allow", "postponeMs"]);
const DAY_MS = 86_400_000;

/**
 * Checks options, and that this is not a tenant's scope: what is made here lives longer.
 *
 * @param more - names of options that one library has beside the common ones
 * @throws TenancyError `INVALID_CONFIG`
 */
export function parseJobOptions(
  tenancy: JobTenancy,
  options: JobOptions,
  more: readonly string[] = [],
): JobSettings {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name) && !more.includes(name)) throw invalid(`There is no option \`${name}\`.`);
  }
  const { allow = ["active"], postponeMs = 60_000, withoutTenant = "refuse" } = options;
  if (withoutTenant !== "refuse" && withoutTenant !== "global") {
    throw invalid('The option `withoutTenant` is neither "refuse" nor "global".');
  }
  if (!Array.isArray(allow) || !allow.every((state) => TENANT_STATES.includes(state))) {
    throw invalid("The option `allow` is not an array of tenants' states.");
  }
  if (!Number.isInteger(postponeMs) || postponeMs < 1000 || postponeMs > DAY_MS) {
    throw invalid("The option `postponeMs` is not a whole number from 1,000 to 86,400,000.");
  }
  checkOutside(tenancy);
  return { allow, postponeMs, withoutTenant };
}

/** Refuses to start, in a tenant's scope, what would go on in that scope for ever. */
// ISOLATION: a worker's events and timers would be those of the tenant in whose request it was made.
// unit/integrations/jobs/options.test.ts
export function checkOutside(tenancy: Pick<JobTenancy, "currentScope">): void {
  const scope = tenancy.currentScope();
  if (scope?.kind !== "tenant") return;
  throw new TenancyError("INVALID_CONFIG", "A worker was set up in a tenant's scope.", {
    remedy: "Set workers up where the application starts, outside of requests and jobs.",
    tenant: scope.tenant.slug,
  });
}

/** Returns the error for a library that lacks what is called. */
export function unsupported(name: string, missing: string): TenancyError {
  return new TenancyError("UNSUPPORTED_PEER", `This ${name} has no \`${missing}\`.`);
}

function invalid(fact: string): TenancyError {
  return new TenancyError("INVALID_CONFIG", fact);
}

import type { Tenancy, TenantHealth } from "../../../core/tenancy.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { Reply } from "./reply.ts";

/** The part of a tenancy that health handlers use. */
export type HealthTenancy = Pick<Tenancy, "list" | "healthCheck" | "logger">;

/** How a health handler looks at tenants. */
export interface HealthOptions {
  /** Active tenants looked at, at a time. Default 4. */
  readonly concurrency?: number;
  /**
   * How long a report is given out again, in milliseconds. Default 5,000. Requests that come while
   * one is being made share it: however often it is asked for, the database is asked once.
   */
  readonly maxAgeMs?: number;
  /** Whether the answer names the tenants that are unhealthy. Default `false`: it counts them. */
  readonly details?: boolean;
}

/** One tenant that is not as it should be. */
export interface UnhealthyTenant {
  /** Slug. */
  readonly tenant: string;
  /** Why: the schema is missing, migrations are pending or changed, or the check itself failed. */
  readonly reason: "schema_missing" | "migrations" | "check_failed";
}

/** What a look at all active tenants found. */
export interface HealthReport {
  /** Whether the registry could be read and every active tenant is healthy. */
  readonly healthy: boolean;
  /** Tenants looked at. */
  readonly checked: number;
  /** Those that are not healthy, by slug. */
  readonly unhealthy: readonly UnhealthyTenant[];
}

/** Makes a function that answers a health request: 200 when all is well, 503 otherwise. */
export function createHealthReply(
  tenancy: HealthTenancy,
  options: HealthOptions,
): () => Promise<Reply> {
  const { concurrency = 4, details = false, maxAgeMs = 5000 } = options;
  if (!Number.isSafeInteger(concurrency) || concurrency < 1 || !(maxAgeMs >= 0)) {
    throw new TenancyError(
      "INVALID_CONFIG",
      "`concurrency` is a whole number of at least 1, and `maxAgeMs` a number, 0 or more.",
    );
  }
  let report: Promise<HealthReport> | undefined;
  let madeAt = Number.NEGATIVE_INFINITY;
  const current = (): Promise<HealthReport> => {
    if (report === undefined || performance.now() - madeAt > maxAgeMs) {
      madeAt = Number.POSITIVE_INFINITY;
      report = makeReport(tenancy, concurrency).finally(() => {
        madeAt = performance.now();
      });
    }
    return report;
  };
  return async () => toReply(await current(), details);
}

async function makeReport(tenancy: HealthTenancy, concurrency: number): Promise<HealthReport> {
  const unhealthy: UnhealthyTenant[] = [];
  let checked = 0;
  try {
    let cursor: string | undefined;
    do {
      const page = await tenancy.list({
        limit: 1000,
        state: "active",
        ...(cursor === undefined ? {} : { cursor }),
      });
      const waiting = page.tenants.values();
      const worker = async (): Promise<void> => {
        // Shared by all workers: each takes the next one.
        for (const tenant of waiting) {
          const reason = await reasonOf(tenancy, tenant);
          checked += 1;
          if (reason !== undefined) unhealthy.push({ reason, tenant: tenant.slug });
        }
      };
      await Promise.all(Array.from({ length: concurrency }, worker));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  } catch (error) {
    tenancy.logger.error({ err: error }, "health not known");
    return { checked, healthy: false, unhealthy };
  }
  unhealthy.sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  return { checked, healthy: unhealthy.length === 0, unhealthy };
}

async function reasonOf(
  tenancy: HealthTenancy,
  tenant: Tenant,
): Promise<UnhealthyTenant["reason"] | undefined> {
  let health: TenantHealth;
  try {
    health = await tenancy.healthCheck(tenant);
  } catch (error) {
    tenancy.logger.error({ err: error, tenant: tenant.slug }, "health not known");
    return "check_failed";
  }
  // Suspended or dropped since the list was read: nothing is wrong with it.
  if (health.healthy || health.state !== "active") return undefined;
  return health.schemaExists ? "migrations" : "schema_missing";
}

function toReply(report: HealthReport, details: boolean): Reply {
  const { checked, healthy, unhealthy } = report;
  return {
    body: JSON.stringify({
      checked,
      status: healthy ? "ok" : "unhealthy",
      unhealthy: details ? unhealthy : unhealthy.length,
    }),
    headers: {
      "cache-control": "no-store",
      "content-type": "application/json; charset=utf-8",
    },
    status: healthy ? 200 : 503,
  };
}

import type { DomainRow } from "../core/domain-sql.ts";
import type { DomainCheck } from "../core/domains.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { challengeOf } from "../lifecycle/domain-challenge.ts";
import { isOverdue, lapse, noteLook } from "../lifecycle/domain-claims.ts";
import { type Look, lookFor } from "../lifecycle/domain-look.ts";
import { learn } from "./lifecycle.ts";
import type { Operations } from "./operations.ts";

/** Looks for what a domain's owner has to publish, and notes what came of it. */
export async function lookAt(deps: LifecycleDeps, row: DomainRow): Promise<Look> {
  const { domains } = deps.settings;
  const { domain, method, token } = row;
  if (token === null) return { method: null, outcome: "unknown", reason: "Nobody claimed it." };
  const look = await lookFor(challengeOf(domain, token, domains), domains, method);
  await noteLook(deps, row, look);
  return look;
}

/** Looks at a verified domain again; one that is missing for too long is a claim afterwards. */
export async function recheck(
  deps: LifecycleDeps,
  operations: Operations,
  row: DomainRow,
): Promise<DomainCheck> {
  const about = { domain: row.domain, failingSince: row.failingSince, tenant: row.slug };
  const { outcome, reason } = await lookAt(deps, row);
  switch (outcome) {
    case "found":
      return { ...about, failingSince: null, outcome: "verified", reason: null };
    case "unknown":
      return { ...about, outcome, reason };
    case "missing": {
      const hasLapsed = await lapseIfOverdue(deps, operations, row);
      const failingSince = row.failingSince ?? new Date();
      if (!hasLapsed && row.failingSince === null) {
        const { domain, slug } = row;
        deps.settings.logger.warn({ domain, tenant: slug }, "domain failing");
      }
      return { ...about, failingSince, outcome: hasLapsed ? "lapsed" : "failing", reason };
    }
  }
}

async function lapseIfOverdue(
  deps: LifecycleDeps,
  operations: Operations,
  row: DomainRow,
): Promise<boolean> {
  if (!(await isOverdue(deps, row))) return false;
  try {
    return await operations.run(
      "tenant.update",
      { tenant: row.slug },
      async (event) => {
        const tenant = await lapse(deps, row);
        if (tenant === undefined) return false;
        learn(event, tenant);
        const { domain, failingSince } = row;
        deps.settings.logger.warn({ domain, failingSince, tenant: tenant.slug }, "domain lapsed");
        return true;
      },
      { details: { lapseDomain: row.domain }, ref: { id: row.tenantId } },
    );
  } catch (error) {
    // Dropped meanwhile, with all its domains.
    if (isTenancyError(error, "TENANT_NOT_FOUND")) return false;
    throw error;
  }
}

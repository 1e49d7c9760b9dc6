import type { SlugCheck } from "../core/about.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { planCreate } from "../lifecycle/create-plan.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { findSchema } from "../lifecycle/schema-mark.ts";
import type { Operations } from "./operations.ts";

/** The part of {@link Tenancy} that says what is configured, and what a slug would become. */
export type About = Pick<Tenancy, "about" | "checkSlug" | "closing">;

/** Creates that part. */
export function createAbout(deps: LifecycleDeps, operations: Operations): About {
  const { driver, settings } = deps;
  return {
    about: Object.freeze({
      engine: driver.dialect.name,
      extraColumns: Object.keys(settings.registry.extraColumns),
      hasSeed: settings.seed.source !== undefined,
      primaryDomain: settings.resolving.primaryDomain,
      tenantPrefix: settings.rules.tenantPrefix,
    }),
    checkSlug: (slug) => operations.track(() => checkSlug(deps, slug)),
    closing: operations.closing,
  };
}

/** Looks, and takes no lock: somebody else may still be faster. */
async function checkSlug(deps: LifecycleDeps, slug: string): Promise<SlugCheck> {
  let schemaName: string;
  try {
    ({ schemaName } = planCreate(deps.settings, slug, {}).tenant);
  } catch (error) {
    if (!isTenancyError(error)) throw error;
    return { error, ok: false, schemaName: null, slug };
  }
  const tenant = await deps.registry.get(pooledQueries(deps.driver), slug);
  const error =
    tenant === undefined ? await checkSchema(deps, slug, schemaName) : refuseTaken(tenant);
  return { error, ok: error === null, schemaName: tenant?.schemaName ?? schemaName, slug };
}

/** An attempt that has failed, or whose process died, is taken up again by the next `create`. */
function refuseTaken(tenant: Tenant): TenancyError | null {
  if (tenant.state === "failed" || tenant.state === "provisioning") return null;
  return new TenancyError("TENANT_EXISTS", `There is a tenant "${tenant.slug}" already.`, {
    remedy: "Choose another slug.",
    tenant: tenant.slug,
  });
}

async function checkSchema(
  deps: LifecycleDeps,
  slug: string,
  schemaName: string,
): Promise<TenancyError | null> {
  const { exists } = await findSchema(deps, pooledQueries(deps.driver), schemaName);
  if (!exists) return null;
  return new TenancyError("SCHEMA_EXISTS", `There is a schema "${schemaName}" already.`, {
    remedy: "Choose another slug.",
    tenant: slug,
  });
}

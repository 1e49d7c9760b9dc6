import type { Settings } from "../core/settings.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import type { Transaction } from "../core/driver.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { normalizeHost } from "../resolvers/normalize-host.ts";
import { type LifecycleDeps, pooledQueries } from "./deps.ts";
import { changeDomains } from "./domain-change.ts";
import { unclaim } from "./domain-claims.ts";
import { notFound } from "./refs.ts";

/**
 * Checks a domain of a tenant's own and returns it as the registry keeps it.
 *
 * @throws TenancyError `INVALID_DOMAIN`
 */
export function parseDomain(value: unknown, { resolving }: Pick<Settings, "resolving">): string {
  const { host } = parseHost(value);
  const { adminHosts, primaryDomain } = resolving;
  if (adminHosts.has(host)) {
    throw new TenancyError("INVALID_DOMAIN", `The domain "${host}" is the global scope's own.`, {
      remedy: "Choose another domain.",
    });
  }
  // Labels below the primary domain are slugs: as a domain, one would take another tenant's place.
  if (primaryDomain !== undefined && `.${host}`.endsWith(`.${primaryDomain}`)) {
    throw new TenancyError(
      "INVALID_DOMAIN",
      `The domain "${host}" belongs to the primary domain, whose labels are slugs.`,
      {
        remedy:
          "Choose another domain; tenants have their slug's subdomain without being given it.",
      },
    );
  }
  return host;
}

function parseHost(value: unknown): { readonly host: string } {
  const normalized = typeof value === "string" ? normalizeHost(value) : undefined;
  if (normalized?.kind === "name" && !String(value).includes(":")) return normalized;
  const why =
    normalized === undefined
      ? "is not text"
      : { address: "is an address", invalid: "is not valid", name: "has a port" }[normalized.kind];
  const reason = normalized?.kind === "invalid" ? `: ${normalized.reason}` : "";
  throw new TenancyError("INVALID_DOMAIN", `The domain ${why}${reason}.`);
}

/** Checks several domains; one that is given twice counts once. @throws `INVALID_DOMAIN` */
export function parseDomains(values: unknown, settings: Pick<Settings, "resolving">): string[] {
  if (!Array.isArray(values)) {
    throw new TenancyError("INVALID_DOMAIN", "`domains` is not an array of host names.");
  }
  return [...new Set(values.map((value) => parseDomain(value, settings)))];
}

/** Adds a domain; one that the tenant already has is only put in front, if so asked. */
export function addDomain(
  deps: LifecycleDeps,
  ref: TenantRef,
  domain: string,
  options: { readonly primary?: boolean } = {},
): Promise<Tenant> {
  return change(deps, ref, (tx, { id }) =>
    deps.registry.addDomain(tx, id, domain, options.primary === true),
  );
}

/** Removes a domain, if the tenant has it, and its claim of it. */
export function removeDomain(deps: LifecycleDeps, ref: TenantRef, domain: string): Promise<Tenant> {
  return change(deps, ref, async (tx, { id }) => {
    await deps.registry.removeDomain(tx, id, domain);
    await unclaim(deps, tx, { domain, tenantId: id });
  });
}

/** Puts a domain in front of the others. @throws TenancyError `INVALID_DOMAIN` if it is not there */
export function setPrimaryDomain(
  deps: LifecycleDeps,
  ref: TenantRef,
  domain: string,
): Promise<Tenant> {
  return change(deps, ref, async (tx, { id, slug }) => {
    if (await deps.registry.setPrimaryDomain(tx, id, domain)) return;
    throw new TenancyError(
      "INVALID_DOMAIN",
      `The domain "${domain}" is not one of the tenant "${slug}".`,
      { remedy: "Add it first.", tenant: slug },
    );
  });
}

/** Changes a tenant's domains, and returns it as it is then. */
async function change(
  deps: LifecycleDeps,
  ref: TenantRef,
  work: (tx: Transaction, tenant: Tenant) => Promise<unknown>,
): Promise<Tenant> {
  const { id } = await changeDomains(deps, ref, work);
  const tenant = await deps.registry.get(pooledQueries(deps.driver), { id });
  if (tenant === undefined) throw notFound(ref);
  return tenant;
}

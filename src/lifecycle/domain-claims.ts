import type { ClaimKey, DomainRow, LookOutcome } from "../core/domain-sql.ts";
import type { Domain, DomainMethod } from "../core/domains.ts";
import type { Queryable } from "../core/driver.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { type LifecycleDeps, pooledQueries } from "./deps.ts";
import { changeDomains, retrying, run } from "./domain-change.ts";
import { createToken, toDomain } from "./domain-challenge.ts";
import { notFound } from "./refs.ts";

/** Reads a tenant and its domains. @throws TenancyError `TENANT_NOT_FOUND`, `REGISTRY_MISSING` */
export async function readDomains(
  deps: LifecycleDeps,
  ref: TenantRef,
): Promise<{ readonly tenant: Tenant; readonly rows: readonly DomainRow[] }> {
  const on = pooledQueries(deps.driver);
  const tenant = await deps.registry.get(on, ref);
  if (tenant === undefined) throw notFound(ref);
  return { rows: await listRows(deps, on, tenant.id), tenant };
}

/** Makes what callers get of the rows. */
export function toDomains(deps: LifecycleDeps, rows: readonly DomainRow[]): Domain[] {
  const { domains } = deps.settings;
  const first = rows.find(({ isServed }) => isServed);
  return rows.map((row) => toDomain(row, first, domains));
}

/** Claims a domain for a tenant, unless it is served for it as a verified one. */
export async function claimDomain(
  deps: LifecycleDeps,
  ref: TenantRef,
  domain: string,
  { primary }: { readonly primary: boolean },
): Promise<Tenant> {
  return await changeDomains(deps, ref, async (tx, tenant) => {
    await refuseTaken(deps, tx, tenant, domain);
    const served = (await listRows(deps, tx, tenant.id)).find((row) => row.domain === domain);
    if (served?.isServed === true && served.verifiedAt !== null) return;
    const key = { domain, tenantId: tenant.id };
    const { domains } = deps.driver.dialect;
    const claim = { ...key, isPrimary: primary, token: createToken() };
    await run(deps, tx, domains.claim(deps.settings.registry, claim));
  });
}

/**
 * Serves a claimed domain, in the one transaction in which the claim ends.
 *
 * @throws TenancyError `DOMAIN_TAKEN` if another tenant was quicker; `INVALID_DOMAIN` if the claim is gone
 */
export async function serveVerified(
  deps: LifecycleDeps,
  { domain, tenantId, token }: DomainRow,
  method: DomainMethod,
): Promise<Tenant> {
  const { domains } = deps.driver.dialect;
  const { registry: tables } = deps.settings;
  const key = { domain, tenantId, token: token ?? "" };
  return await changeDomains(deps, { id: tenantId }, async (tx, { slug }) => {
    // ISOLATION: what was found must be what this claim asks for, and not one that was removed meanwhile.
    // integration/lifecycle/domain-races.test.ts
    const [claim] = await run<{ readonly is_primary: unknown }>(
      deps,
      tx,
      domains.getClaim(tables, key),
    );
    if (claim === undefined) throw notClaimed(slug, domain);
    // ISOLATION: only the table that is served, whose key is the domain, tells who was first.
    // integration/lifecycle/domain-races.test.ts
    await deps.registry.addDomain(tx, tenantId, domain, Boolean(claim.is_primary));
    await run(deps, tx, domains.verify(tables, { ...key, method }));
    await run(deps, tx, domains.unclaim(tables, key));
  });
}

/** Notes what a look came to; a domain or a claim with another token by now is left alone. */
export async function noteLook(
  deps: LifecycleDeps,
  row: DomainRow,
  look: { readonly outcome: LookOutcome; readonly method: DomainMethod | null },
): Promise<void> {
  const { domain, isServed, tenantId, token } = row;
  if (token === null) return;
  const { domains } = deps.driver.dialect;
  const about = { domain, isServed: isServed && row.verifiedAt !== null, tenantId, token, ...look };
  await retrying(deps, () =>
    run(deps, pooledQueries(deps.driver), domains.note(deps.settings.registry, about)),
  );
}

/** Whether a verified domain is missing for as long as the grace period. */
export async function isOverdue(deps: LifecycleDeps, row: DomainRow): Promise<boolean> {
  return (await getOverdue(deps, pooledQueries(deps.driver), row)).length > 0;
}

/**
 * Makes a verified domain a claim again, if it is overdue.
 *
 * @returns the tenant, if it lapsed
 */
export async function lapse(deps: LifecycleDeps, row: DomainRow): Promise<Tenant | undefined> {
  const { domain, tenantId } = row;
  const key: ClaimKey = { domain, tenantId };
  const { domains } = deps.driver.dialect;
  let hasLapsed = false;
  const tenant = await changeDomains(deps, { id: tenantId }, async (tx) => {
    // As it is now: another look may have found it since.
    hasLapsed = (await getOverdue(deps, tx, row)).length > 0;
    if (!hasLapsed) return;
    await run(deps, tx, domains.reclaim(deps.settings.registry, key));
    await deps.registry.removeDomain(tx, tenantId, domain);
  });
  return hasLapsed ? tenant : undefined;
}

async function getOverdue(
  deps: LifecycleDeps,
  on: Queryable,
  { domain, tenantId, token }: DomainRow,
): Promise<unknown[]> {
  if (token === null) return [];
  const { domains, registry } = deps.settings;
  const about = { domain, graceMs: domains.graceMs, tenantId, token };
  return await run(deps, on, deps.driver.dialect.domains.getOverdue(registry, about));
}

/** Deletes a tenant's claim of a domain, as a part of `on`'s transaction. */
export async function unclaim(deps: LifecycleDeps, on: Queryable, key: ClaimKey): Promise<void> {
  await run(deps, on, deps.driver.dialect.domains.unclaim(deps.settings.registry, key));
}

/** Refuses a domain that another tenant is served under. @throws TenancyError `DOMAIN_TAKEN` */
export async function refuseTaken(
  deps: LifecycleDeps,
  on: Queryable,
  tenant: Tenant,
  domain: string,
): Promise<void> {
  const { domains } = deps.driver.dialect;
  const others = await run(
    deps,
    on,
    domains.findOther(deps.settings.registry, { domain, tenantId: tenant.id }),
  );
  if (others.length === 0) return;
  throw new TenancyError("DOMAIN_TAKEN", `The domain "${domain}" is another tenant's.`, {
    tenant: tenant.slug,
  });
}

/** Returns the error for a domain that is no claim of the tenant's. */
export function notClaimed(slug: string, domain: string): TenancyError {
  return new TenancyError("INVALID_DOMAIN", `The tenant "${slug}" does not claim "${domain}".`, {
    remedy: "Claim it first.",
    tenant: slug,
  });
}

/** Reads the next domains that are due, the longest unseen first. */
export async function listDue(
  deps: LifecycleDeps,
  filter: { readonly olderThanMs: number; readonly limit: number },
): Promise<DomainRow[]> {
  const { domains } = deps.driver.dialect;
  const on = pooledQueries(deps.driver);
  const rows = await run<Record<string, unknown>>(
    deps,
    on,
    domains.listDue(deps.settings.registry, filter),
  );
  return rows.map((row) => domains.read(row));
}

async function listRows(deps: LifecycleDeps, on: Queryable, id: string): Promise<DomainRow[]> {
  const { domains } = deps.driver.dialect;
  const rows = await run<Record<string, unknown>>(
    deps,
    on,
    domains.list(deps.settings.registry, id),
  );
  return rows.map((row) => domains.read(row));
}

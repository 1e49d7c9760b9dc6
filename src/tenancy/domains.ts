import type { DomainRow } from "../core/domain-sql.ts";
import type { ClaimOptions, Domain, ServedOptions } from "../core/domains.ts";
import { parseSlug } from "../core/names.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant, TenantRef, TenantState } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { checkRecordName } from "../lifecycle/domain-challenge.ts";
import {
  claimDomain,
  notClaimed,
  readDomains,
  refuseTaken,
  serveVerified,
  toDomains,
} from "../lifecycle/domain-claims.ts";
import { parseDomain } from "../lifecycle/domains.ts";
import { parseRef } from "../lifecycle/refs.ts";
import { normalizeHost } from "../resolvers/normalize-host.ts";
import { checkEveryDomain } from "./check-domains.ts";
import { aboutRef, learn } from "./lifecycle.ts";
import type { Operations } from "./operations.ts";
import { lookAt, recheck } from "./recheck-domain.ts";

/** The part of {@link Tenancy} that finds out whether domains are their tenants'. */
export type Domains = Pick<
  Tenancy,
  "checkDomains" | "claimDomain" | "isServedDomain" | "listDomains" | "verifyDomain"
>;

/** States of tenants that are not there: not yet, not whole, or no longer. */
const ABSENT: ReadonlySet<TenantState> = new Set(["dropping", "failed", "provisioning"]);

/** Creates the part of a tenancy that finds out whether domains are their tenants'. */
export function createDomains(deps: LifecycleDeps, operations: Operations): Domains {
  const { settings } = deps;
  const { rules } = settings;

  async function claim(ref: TenantRef, domain: string, options: ClaimOptions): Promise<Domain> {
    const at = parseRef(ref, rules);
    const parsed = parseDomain(domain, settings);
    checkRecordName(parsed, settings.domains.label);
    const primary = options.primary === true;
    const { id } = await operations.run(
      "tenant.update",
      aboutRef(at),
      async (event) => learn(event, await claimDomain(deps, at, parsed, { primary })),
      { details: { claimDomain: parsed, ...(primary && { primary }) }, ref: at },
    );
    return await readDomain(deps, { id }, parsed);
  }

  async function verify(ref: TenantRef, domain: string): Promise<Domain> {
    const at = parseRef(ref, rules);
    const parsed = parseDomain(domain, settings);
    const { row, tenant } = await operations.track(() => readClaim(deps, at, parsed));
    if (row.verifiedAt !== null) {
      const check = await operations.track(() => recheck(deps, operations, row));
      if (check.outcome !== "verified") throw notVerified(tenant, check);
    } else {
      const look = await operations.track(() => lookAt(deps, row));
      const { method, outcome } = look;
      if (outcome !== "found" || method === null) throw notVerified(tenant, look);
      await operations.run(
        "tenant.update",
        { tenant: tenant.slug },
        async (event) => learn(event, await serveVerified(deps, row, method)),
        { details: { method, verifyDomain: parsed }, ref: { id: tenant.id } },
      );
    }
    return await readDomain(deps, { id: tenant.id }, parsed);
  }

  return {
    checkDomains: (options) => checkEveryDomain(deps, operations, options),
    claimDomain: (ref, domain, options = {}) => claim(ref, domain, options),
    isServedDomain: (host, options = {}) => operations.track(() => isServed(deps, host, options)),
    listDomains: async (ref) => {
      const at = parseRef(ref, rules);
      return await operations.track(async () =>
        toDomains(deps, (await readDomains(deps, at)).rows),
      );
    },
    verifyDomain: verify,
  };
}

async function readDomain(
  deps: LifecycleDeps,
  ref: { readonly id: string },
  domain: string,
): Promise<Domain> {
  const { rows, tenant } = await readDomains(deps, ref);
  const found = toDomains(deps, rows).find((one) => one.domain === domain);
  if (found === undefined) throw notClaimed(tenant.slug, domain);
  return found;
}

/** Reads what is to be verified, before anybody on the internet is asked for it. */
async function readClaim(
  deps: LifecycleDeps,
  ref: TenantRef,
  domain: string,
): Promise<{ readonly row: DomainRow; readonly tenant: Tenant }> {
  const { rows, tenant } = await readDomains(deps, ref);
  const row = rows.find((one) => one.domain === domain);
  if (row === undefined || row.token === null) throw notClaimed(tenant.slug, domain);
  await refuseTaken(deps, pooledQueries(deps.driver), tenant, domain);
  return { row, tenant };
}

function notVerified(
  { slug }: Tenant,
  { outcome, reason }: { readonly outcome: string; readonly reason: string | null },
): TenancyError {
  return new TenancyError("DOMAIN_NOT_VERIFIED", reason ?? "The domain is not verified.", {
    ...(outcome === "unknown" && { remedy: "Try again in a moment; nothing was changed." }),
    tenant: slug,
  });
}

async function isServed(
  { registry, settings }: LifecycleDeps,
  host: unknown,
  { subdomains = false }: ServedOptions,
): Promise<boolean> {
  const normalized = typeof host === "string" ? normalizeHost(host) : undefined;
  if (normalized?.kind !== "name" || String(host).includes(":")) return false;
  const name = normalized.host;
  // Nobody else can have these, whatever a table says.
  if (settings.resolving.adminHosts.has(name)) return false;
  const { primaryDomain } = settings.resolving;
  if (primaryDomain === undefined || !`.${name}`.endsWith(`.${primaryDomain}`)) {
    return isThere(await registry.lookupDomain(name));
  }
  const label = name.slice(0, -primaryDomain.length - 1);
  if (!subdomains || label === "" || label.includes(".")) return false;
  try {
    return isThere(await registry.lookup(parseSlug(label, settings.rules)));
  } catch (error) {
    if (isTenancyError(error, "INVALID_TENANT_ID")) return false;
    throw error;
  }
}

function isThere(tenant: Tenant | undefined): boolean {
  return tenant !== undefined && !ABSENT.has(tenant.state);
}

import type { Tenancy } from "../../core/tenancy.ts";
import type { Tenant } from "../../core/tenant.ts";

/** What a host name may be made of; a slug may hold more. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Returns the host of a slug below the primary domain; `null` where there is none. */
export function subdomainOf({ about }: Pick<Tenancy, "about">, slug: string): string | null {
  if (about.primaryDomain === undefined || !LABEL.test(slug)) return null;
  return `${slug}.${about.primaryDomain}`;
}

/** Returns the hosts under which a tenant is served, the primary one first. */
export function hostsOf(tenancy: Pick<Tenancy, "about">, tenant: Tenant): readonly string[] {
  const subdomain = subdomainOf(tenancy, tenant.slug);
  return subdomain === null ? tenant.domains : [...tenant.domains, subdomain];
}

import type { Tenancy } from "../../core/tenancy.ts";
import { normalizeHost } from "../../resolvers/normalize-host.ts";
import type { DomainRequest, DomainView } from "../contract.ts";
import { RequestError } from "./problem.ts";
import { defineRoute, type Route } from "./route.ts";
import { NOTHING, ref } from "./schema.ts";
import { toDomainView } from "./views.ts";

/** Routes about a tenant's domains. */
export const DOMAIN_ROUTES: readonly Route[] = [
  defineRoute<DomainView, DomainRequest>({
    answer: ref("DomainView"),
    body: ref("DomainRequest"),
    handle: async ({ body, console: { tenancy }, params: { slug = "" } }) => {
      const { domain, primary = false, trusted = false } = body;
      if (!trusted) return toDomainView(await tenancy.claimDomain(slug, domain, { primary }));
      await tenancy.addDomain(slug, domain, { primary });
      return await readDomain(tenancy, slug, domain);
    },
    method: "POST",
    path: "tenants/{slug}/domains",
    permission: "operate",
    status: 200,
    summary: "Claim a domain for a tenant, or serve one that is trusted",
  }),
  defineRoute<DomainView, Record<string, never>>({
    answer: ref("DomainView"),
    body: NOTHING,
    handle: async ({ console: { tenancy }, params: { domain = "", slug = "" } }) =>
      toDomainView(await tenancy.verifyDomain(slug, domain)),
    method: "POST",
    path: "tenants/{slug}/domains/{domain}/verify",
    permission: "operate",
    status: 200,
    summary: "Look for what the owner of a domain has to publish",
  }),
  defineRoute<DomainView, Record<string, never>>({
    answer: ref("DomainView"),
    body: NOTHING,
    handle: async ({ console: { tenancy }, params: { domain = "", slug = "" } }) => {
      await tenancy.setPrimaryDomain(slug, domain);
      return await readDomain(tenancy, slug, domain);
    },
    method: "POST",
    path: "tenants/{slug}/domains/{domain}/primary",
    permission: "operate",
    status: 200,
    summary: "Put a domain in front of a tenant's others",
  }),
  defineRoute<undefined>({
    answer: undefined,
    handle: async ({ console: { tenancy }, params: { domain = "", slug = "" } }) => {
      await tenancy.removeDomain(slug, domain);
      return undefined;
    },
    method: "DELETE",
    path: "tenants/{slug}/domains/{domain}",
    permission: "operate",
    status: 204,
    summary: "Remove a domain from a tenant",
  }),
];

/** Reads one domain, in whatever notation it is named. */
async function readDomain(tenancy: Tenancy, slug: string, domain: string): Promise<DomainView> {
  const normal = normalizeHost(domain);
  const domains = await tenancy.listDomains(slug);
  const found = domains.find((each) => normal.kind === "name" && each.domain === normal.host);
  if (found === undefined) throw new RequestError("NOT_FOUND", "The tenant has no such domain.");
  return toDomainView(found);
}

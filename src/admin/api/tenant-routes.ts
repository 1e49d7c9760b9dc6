import type { TotalOptions } from "../../core/registry.ts";
import { type TenantState, TENANT_STATES } from "../../core/tenant.ts";
import type {
  AuditList,
  MigrationList,
  NewTenantRequest,
  Operation,
  SlugCheck,
  TableList,
  TenantDetails,
  TenantList,
  TenantSort,
  TenantUpdateRequest,
} from "../contract.ts";
import { AUDIT_PAGE, type AuditQuery, readAudit } from "./audit-routes.ts";
import { hostsOf, subdomainOf } from "./hosts.ts";
import { explain } from "./problem.ts";
import { defineRoute, type Route } from "./route.ts";
import { integer, oneOf, ref, text } from "./schema.ts";
import { readDetails } from "./tenant-details.ts";
import { toMigrationView, toSummary } from "./views.ts";

interface ListQuery {
  readonly search?: string;
  readonly state?: TenantState;
  readonly version?: string;
  readonly server?: string;
  readonly sort?: TenantSort;
  readonly direction?: "asc" | "desc";
  readonly limit?: number;
  readonly cursor?: string;
}

/** Returns which tenants are meant; `none` is the version of those that have none. */
function filterOf({ server, state, version }: ListQuery): TotalOptions {
  return {
    ...(server !== undefined && { server }),
    ...(state !== undefined && { state }),
    ...(version !== undefined && { version: version === "none" ? null : version }),
  };
}

/** Routes that read tenants, make them and change their names. */
export const TENANT_ROUTES: readonly Route[] = [
  defineRoute<TenantList, undefined, ListQuery>({
    answer: ref("TenantList"),
    handle: async ({ console: { tenancy }, query }) => {
      const { cursor, direction = "asc", limit = 50, search, sort = "slug" } = query;
      const filter = filterOf(query);
      const [page, total] = await Promise.all([
        tenancy.list({
          ...filter,
          ...(cursor !== undefined && { cursor }),
          ...(search !== undefined && search !== "" && { search }),
          descending: direction === "desc",
          limit,
          sort,
        }),
        // On later pages the number is known already.
        cursor === undefined ? tenancy.count(filter) : null,
      ]);
      return {
        nextCursor: page.nextCursor ?? null,
        tenants: page.tenants.map(toSummary),
        total,
      };
    },
    method: "GET",
    path: "tenants",
    permission: "read",
    query: {
      cursor: text(),
      direction: oneOf(["asc", "desc"]),
      limit: integer(1, 1000),
      search: text({ maxLength: 200 }),
      server: text({ maxLength: 200 }),
      sort: oneOf(["slug", "name", "createdAt", "updatedAt"]),
      state: oneOf(TENANT_STATES),
      version: text({ maxLength: 200 }),
    },
    status: 200,
    summary: "One page of tenants",
  }),
  defineRoute<SlugCheck, undefined, { readonly slug?: string }>({
    answer: ref("SlugCheck"),
    handle: async ({ console: { tenancy }, query: { slug = "" } }) => {
      const { error, ok, schemaName } = await tenancy.checkSlug(slug);
      const host = schemaName === null ? null : subdomainOf(tenancy, slug);
      return { host, ok, reason: error && explain(error).message, schemaName, slug };
    },
    method: "GET",
    path: "slug-check",
    permission: "read",
    query: { slug: text({ maxLength: 200 }) },
    status: 200,
    summary: "What a new tenant of this slug would be",
  }),
  defineRoute<Operation, NewTenantRequest>({
    answer: ref("Operation"),
    body: ref("NewTenantRequest"),
    handle: async ({ body, console: { operations, tenancy }, person }) => {
      const { domains, name, seed, slug } = body;
      // Said at once, and not as the failure of something that began.
      const { error } = await tenancy.checkSlug(slug);
      if (error !== null) throw error;
      return await operations.begin(
        { action: "tenant.create", person, tenant: slug },
        async ({ step }) => {
          const tenant = await tenancy.create(slug, {
            ...(domains !== undefined && { domains }),
            ...(name !== undefined && name !== "" && { name }),
            ...(seed !== undefined && (!seed || tenancy.about.hasSeed) && { seed }),
            onProgress: step,
          });
          const [host] = hostsOf(tenancy, tenant);
          return `${tenant.slug} is ${tenant.state}${host === undefined ? "" : ` at ${host}`}.`;
        },
      );
    },
    method: "POST",
    path: "tenants",
    permission: "operate",
    status: 202,
    summary: "Make a tenant",
  }),
  defineRoute<TenantDetails>({
    answer: ref("TenantDetails"),
    handle: async ({ console: { tenancy }, may, params: { slug = "" } }) =>
      await readDetails(tenancy, await tenancy.get(slug), may),
    method: "GET",
    path: "tenants/{slug}",
    permission: "read",
    status: 200,
    summary: "All about one tenant",
  }),
  defineRoute<TenantDetails, TenantUpdateRequest>({
    answer: ref("TenantDetails"),
    body: ref("TenantUpdateRequest"),
    handle: async ({ body: { name }, console: { tenancy }, may, params: { slug = "" } }) => {
      const tenant =
        name === undefined
          ? await tenancy.get(slug)
          : await tenancy.update(slug, { name: name === "" ? null : name });
      return await readDetails(tenancy, tenant, may);
    },
    method: "PATCH",
    path: "tenants/{slug}",
    permission: "operate",
    status: 200,
    summary: "Change a tenant's name",
  }),
  defineRoute<TableList>({
    answer: ref("TableList"),
    handle: async ({ console: { tenancy }, params: { slug = "" } }) => ({
      tables: (await tenancy.tables(slug)).map(({ bytes, estimatedRows, name }) => ({
        bytes,
        estimatedRows,
        name,
      })),
    }),
    method: "GET",
    path: "tenants/{slug}/tables",
    permission: "read",
    status: 200,
    summary: "The tables of a tenant, with their sizes",
  }),
  defineRoute<MigrationList>({
    answer: ref("MigrationList"),
    handle: async ({ console: { tenancy }, params: { slug = "" } }) => ({
      migrations: (await tenancy.migrationStatus(slug)).map(toMigrationView),
    }),
    method: "GET",
    path: "tenants/{slug}/migrations",
    permission: "read",
    status: 200,
    summary: "The migrations of a tenant, applied and pending",
  }),
  defineRoute<AuditList, undefined, AuditQuery>({
    answer: ref("AuditList"),
    handle: async ({ console: { tenancy }, params: { slug = "" }, query }) => {
      const { id } = await tenancy.get(slug);
      return await readAudit(tenancy, query, { tenantId: id });
    },
    method: "GET",
    path: "tenants/{slug}/events",
    permission: "read",
    query: AUDIT_PAGE,
    status: 200,
    summary: "What was done to a tenant, also under names that it had before",
  }),
];

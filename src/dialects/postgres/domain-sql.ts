import type { DomainRow, DomainSql } from "../../core/domain-sql.ts";
import { domainsDdl } from "./domain-tables.ts";
import { isTenantSql, type RegistryNames, registryNames } from "./registry-names.ts";

/** Domains that are claimed and verified, on PostgreSQL. */
export const domainSql: DomainSql = {
  claim: (tables, { domain, isPrimary, tenantId, token }) => {
    const names = registryNames(tables);
    return {
      params: [tenantId, domain, token, isPrimary],
      text: `insert into ${names.claims} as c (tenant_id, domain, token, is_primary)
select t.${names.columns.id}, $2, $3, $4 from ${names.tenants} t where ${isTenantWithId(names)}
on conflict (tenant_id, domain) do update set is_primary = c.is_primary or excluded.is_primary`,
    };
  },
  findOther: (tables, { domain, tenantId }) => ({
    params: [domain, tenantId],
    text: `select 1 as found from ${registryNames(tables).domains} d
where d.domain = $1 and d.tenant_id::pg_catalog.text <> $2`,
  }),
  getClaim: (tables, { domain, tenantId, token }) => {
    const names = registryNames(tables);
    return {
      params: [tenantId, domain, token],
      text: `select nullif(c.is_primary, false) as is_primary from ${names.claims} c
join ${names.tenants} t on t.${names.columns.id} = c.tenant_id
where ${isTenantWithId(names)} and c.domain = $2 and c.token = $3 for update of c`,
    };
  },
  getOverdue: (tables, { domain, graceMs, tenantId, token }) => {
    const names = registryNames(tables);
    return {
      params: [tenantId, domain, token, graceMs],
      text: `select 1 as found from ${names.domains} d join ${names.tenants} t on t.${names.columns.id} = d.tenant_id
where ${isTenantWithId(names)} and d.domain = $2 and d.token = $3 and d.verified_at is not null
  and d.failing_since <= pg_catalog.now() - ${milliseconds("$4")} for update of d`,
    };
  },
  list: (tables, tenantId) => {
    const names = registryNames(tables);
    const { claims, columns: c, domains, tenants } = names;
    return {
      params: [tenantId],
      text: `select l.* from (
  select ${servedColumns(names)}, d.created_at as place, 0 as total
  from ${tenants} t join ${domains} d on d.tenant_id = t.${c.id}
  left join ${claims} c on c.tenant_id = d.tenant_id and c.domain = d.domain
  where ${isTenantWithId(names)}
  union all
  select c.domain, t.${c.id}::pg_catalog.text, t.${c.slug}::pg_catalog.text, false, c.is_primary, c.token, null,
    c.created_at, null, c.checked_at, c.failing_since, c.created_at, 0
  from ${tenants} t join ${claims} c on c.tenant_id = t.${c.id}
  where ${isTenantWithId(names)} and not exists (
    select from ${domains} d where d.domain = c.domain and d.tenant_id = c.tenant_id)) l
order by l.is_served desc, l.is_primary desc, l.place, l.domain collate "C"`,
    };
  },
  listDue: (tables, { limit, olderThanMs }) => {
    const names = registryNames(tables);
    const { claims, columns: c, domains, tenants } = names;
    return {
      params: [olderThanMs, limit],
      text: `select ${servedColumns(names)}, (pg_catalog.count(*) over ())::integer as total
from ${domains} d join ${tenants} t on t.${c.id} = d.tenant_id
left join ${claims} c on c.tenant_id = d.tenant_id and c.domain = d.domain
where ${isTenantSql(`t.${c.schema_name}`)} and d.token is not null and d.verified_at is not null
  and (d.checked_at is null or d.checked_at <= pg_catalog.now() - ${milliseconds("$1")})
order by d.checked_at nulls first, d.domain collate "C" limit $2`,
    };
  },
  migration: domainsDdl,
  note: (tables, { domain, isServed, method, outcome, tenantId, token }) => {
    const names = registryNames(tables);
    const { claims, columns: c, domains, tenants } = names;
    // A claim has no method before it is verified.
    const setMethod = isServed ? "method = coalesce($5, d.method), " : "";
    const isVerified = isServed ? " and d.verified_at is not null" : "";
    return {
      params: [tenantId, domain, token, outcome, ...(isServed ? [method] : [])],
      text: `update ${isServed ? domains : claims} d set ${setMethod}checked_at = pg_catalog.now(),
  failing_since = case $4 when 'found' then null when 'missing' then coalesce(d.failing_since, pg_catalog.now())
    else d.failing_since end
from ${tenants} t where t.${c.id} = d.tenant_id and ${isTenantWithId(names)}
  and d.domain = $2 and d.token = $3${isVerified}`,
    };
  },
  read: readRow,
  reclaim: (tables, { domain, tenantId }) => {
    const names = registryNames(tables);
    return {
      params: [tenantId, domain],
      text: `insert into ${names.claims} (tenant_id, domain, token, is_primary, created_at, checked_at, failing_since)
select d.tenant_id, d.domain, d.token, d.is_primary, coalesce(d.claimed_at, d.created_at), d.checked_at, d.failing_since
from ${names.domains} d join ${names.tenants} t on t.${names.columns.id} = d.tenant_id
where ${isTenantWithId(names)} and d.domain = $2 and d.token is not null
on conflict (tenant_id, domain) do nothing`,
    };
  },
  unclaim: (tables, { domain, tenantId }) => {
    const names = registryNames(tables);
    return {
      params: [tenantId, domain],
      text: `delete from ${names.claims} c using ${names.tenants} t
where t.${names.columns.id} = c.tenant_id and ${isTenantWithId(names)} and c.domain = $2`,
    };
  },
  verify: (tables, { domain, method, tenantId, token }) => {
    const names = registryNames(tables);
    return {
      params: [tenantId, domain, token, method],
      text: `update ${names.domains} d set token = $3, method = $4, verified_at = pg_catalog.now(),
  checked_at = pg_catalog.now(), failing_since = null, claimed_at = coalesce((
    select c.created_at from ${names.claims} c where c.tenant_id = d.tenant_id and c.domain = d.domain), d.created_at)
from ${names.tenants} t where t.${names.columns.id} = d.tenant_id and ${isTenantWithId(names)} and d.domain = $2`,
    };
  },
};

/** Of a served domain `d` of the tenant `t`, with its claim `c` if there is one. */
function servedColumns({ columns: c }: RegistryNames): string {
  return `d.domain, t.${c.id}::pg_catalog.text as tenant_id, t.${c.slug}::pg_catalog.text as slug, true as is_served,
    d.is_primary, coalesce(d.token, c.token) as token, d.method, coalesce(d.claimed_at, d.created_at) as created_at,
    case when d.token is not null then d.verified_at end as verified_at,
    coalesce(d.checked_at, c.checked_at) as checked_at, coalesce(d.failing_since, c.failing_since) as failing_since`;
}

function isTenantWithId({ columns: c }: RegistryNames): string {
  return `${isTenantSql(`t.${c.schema_name}`)} and t.${c.id}::pg_catalog.text = $1`;
}

function milliseconds(param: string): string {
  return `${param}::pg_catalog.float8 * interval '1 millisecond'`;
}

function readRow(row: Parameters<DomainSql["read"]>[0]): DomainRow {
  const toDate = (value: unknown): Date | null =>
    value === null ? null : new Date(value as Date | string);
  return {
    checkedAt: toDate(row["checked_at"]),
    createdAt: new Date(row["created_at"] as Date | string),
    domain: String(row["domain"]),
    failingSince: toDate(row["failing_since"]),
    isPrimary: row["is_primary"] === true,
    isServed: row["is_served"] === true,
    method: row["method"] as DomainRow["method"],
    slug: String(row["slug"]),
    tenantId: String(row["tenant_id"]),
    token: row["token"] as string | null,
    total: Number(row["total"]),
    verifiedAt: toDate(row["verified_at"]),
  };
}

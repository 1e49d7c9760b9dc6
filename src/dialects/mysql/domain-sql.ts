import type { DomainRow, DomainSql } from "../../core/domain-sql.ts";
import { toBoolean, toDate, toNumber, toText } from "./client-value.ts";
import { domainsDdl } from "./domain-tables.ts";
import { bytesOf, type RegistryNames, registryNames } from "./registry-names.ts";
import { hasId, IS_TENANT } from "./registry-rows.ts";

/** Domains that are claimed and verified, on MySQL and MariaDB. */
export const domainSql: DomainSql = {
  claim: (tables, { domain, isPrimary, tenantId, token }) => {
    const names = registryNames(tables);
    return {
      params: [domain, token, isPrimary ? 1 : 0, tenantId, tenantId, isPrimary ? 1 : 0],
      text: `insert into ${names.claims} (tenant_id, domain, token, is_primary)
select t.${names.columns.id}, ?, ?, ? from ${names.tenants} t where ${hasId(names)}
on duplicate key update is_primary = ${names.claims}.is_primary or ?`,
    };
  },
  findOther: (tables, { domain, tenantId }) => ({
    params: [domain, tenantId],
    text: `select 1 as found from ${registryNames(tables).domains} d
where d.domain = ? and ${bytesOf("d.tenant_id")} <> ${bytesOf("?")}`,
  }),
  // Locked, so that it is read as it is now, and not as it was when the transaction first read.
  getClaim: (tables, { domain, tenantId, token }) => {
    const names = registryNames(tables);
    return {
      params: [domain, token, tenantId, tenantId],
      text: `select nullif(c.is_primary, 0) as is_primary from ${names.claims} c
join ${names.tenants} t on t.${names.columns.id} = c.tenant_id
where c.domain = ? and c.token = ? and ${hasId(names)} for update`,
    };
  },
  getOverdue: (tables, { domain, graceMs, tenantId, token }) => {
    const names = registryNames(tables);
    return {
      params: [domain, token, graceMs, tenantId, tenantId],
      text: `select 1 as found from ${names.domains} d join ${names.tenants} t on t.${names.columns.id} = d.tenant_id
where d.domain = ? and d.token = ? and d.verified_at is not null
  and d.failing_since <= ${ago("?")} and ${hasId(names)} for update`,
    };
  },
  list: (tables, tenantId) => {
    const names = registryNames(tables);
    const { claims, columns: c, domains, tenants } = names;
    return {
      params: [tenantId, tenantId, tenantId, tenantId],
      text: `select l.* from (
  select ${servedColumns(names)}, d.id as place, 0 as total
  from ${tenants} t join ${domains} d on d.tenant_id = t.${c.id}
  left join ${claims} c on c.tenant_id = d.tenant_id and c.domain = d.domain
  where ${hasId(names)}
  union all
  select c.domain, cast(t.${c.id} as char), cast(t.${c.slug} as char), 0, c.is_primary, c.token, null,
    unix_timestamp(c.created_at), null, unix_timestamp(c.checked_at), unix_timestamp(c.failing_since),
    unix_timestamp(c.created_at), 0
  from ${tenants} t join ${claims} c on c.tenant_id = t.${c.id}
  where ${hasId(names)} and not exists (
    select 1 from ${domains} d where d.domain = c.domain and d.tenant_id = c.tenant_id)) l
order by l.is_served desc, l.is_primary desc, l.place, l.domain`,
    };
  },
  listDue: (tables, { limit, olderThanMs }) => {
    const names = registryNames(tables);
    const { claims, columns: c, domains, tenants } = names;
    return {
      params: [olderThanMs],
      // No parameter: MySQL refuses the type that client libraries give to a number there.
      text: `select ${servedColumns(names)}, count(*) over () as total
from ${domains} d join ${tenants} t on t.${c.id} = d.tenant_id
left join ${claims} c on c.tenant_id = d.tenant_id and c.domain = d.domain
where ${IS_TENANT} and d.token is not null and d.verified_at is not null
  and (d.checked_at is null or d.checked_at <= ${ago("?")})
order by d.checked_at, d.domain limit ${limit}`,
    };
  },
  migration: domainsDdl,
  note: (tables, { domain, isServed, method, outcome, tenantId, token }) => {
    const names = registryNames(tables);
    const { claims, columns: c, domains, tenants } = names;
    const failing = {
      found: "null",
      missing: "coalesce(d.failing_since, current_timestamp(6))",
      unknown: "d.failing_since",
    }[outcome];
    // A claim has no method before it is verified.
    const setMethod = isServed ? "d.method = coalesce(?, d.method), " : "";
    return {
      params: [...(isServed ? [method] : []), domain, token, tenantId, tenantId],
      text: `update ${isServed ? domains : claims} d join ${tenants} t on t.${c.id} = d.tenant_id
set ${setMethod}d.checked_at = current_timestamp(6), d.failing_since = ${failing}
where d.domain = ? and d.token = ?${isServed ? " and d.verified_at is not null" : ""} and ${hasId(names)}`,
    };
  },
  read: readRow,
  reclaim: (tables, { domain, tenantId }) => {
    const names = registryNames(tables);
    return {
      params: [domain, tenantId, tenantId],
      text: `insert into ${names.claims} (tenant_id, domain, token, is_primary, created_at, checked_at, failing_since)
select d.tenant_id, d.domain, d.token, d.is_primary, coalesce(d.claimed_at, d.created_at), d.checked_at, d.failing_since
from ${names.domains} d join ${names.tenants} t on t.${names.columns.id} = d.tenant_id
where d.domain = ? and d.token is not null and ${hasId(names)}
on duplicate key update token = ${names.claims}.token`,
    };
  },
  unclaim: (tables, { domain, tenantId }) => {
    const names = registryNames(tables);
    return {
      params: [domain, tenantId, tenantId],
      text: `delete c from ${names.claims} c join ${names.tenants} t on t.${names.columns.id} = c.tenant_id
where c.domain = ? and ${hasId(names)}`,
    };
  },
  verify: (tables, { domain, method, tenantId, token }) => {
    const names = registryNames(tables);
    return {
      params: [token, method, domain, tenantId, tenantId],
      text: `update ${names.domains} d join ${names.tenants} t on t.${names.columns.id} = d.tenant_id
left join ${names.claims} c on c.tenant_id = d.tenant_id and c.domain = d.domain
set d.token = ?, d.method = ?, d.verified_at = current_timestamp(6), d.checked_at = current_timestamp(6),
  d.failing_since = null, d.claimed_at = coalesce(c.created_at, d.created_at)
where d.domain = ? and ${hasId(names)}`,
    };
  },
};

/** Of a served domain `d` of the tenant `t`, with its claim `c` if there is one. */
function servedColumns({ columns: c }: RegistryNames): string {
  return `d.domain, cast(t.${c.id} as char) as tenant_id, cast(t.${c.slug} as char) as slug, 1 as is_served,
    d.is_primary, coalesce(d.token, c.token) as token, d.method,
    unix_timestamp(coalesce(d.claimed_at, d.created_at)) as created_at,
    if(d.token is null, null, unix_timestamp(d.verified_at)) as verified_at,
    unix_timestamp(coalesce(d.checked_at, c.checked_at)) as checked_at,
    unix_timestamp(coalesce(d.failing_since, c.failing_since)) as failing_since`;
}

function ago(milliseconds: string): string {
  return `date_sub(current_timestamp(6), interval ${milliseconds} * 1000 microsecond)`;
}

function readRow(row: Parameters<DomainSql["read"]>[0]): DomainRow {
  const toMoment = (value: unknown): Date | null => (value === null ? null : toDate(value));
  return {
    checkedAt: toMoment(row["checked_at"]),
    createdAt: toDate(row["created_at"]),
    domain: toText(row["domain"]) ?? "",
    failingSince: toMoment(row["failing_since"]),
    isPrimary: toBoolean(row["is_primary"]),
    isServed: toBoolean(row["is_served"]),
    method: toText(row["method"]) as DomainRow["method"],
    slug: toText(row["slug"]) ?? "",
    tenantId: toText(row["tenant_id"]) ?? "",
    token: toText(row["token"]),
    total: toNumber(row["total"]),
    verifiedAt: toMoment(row["verified_at"]),
  };
}

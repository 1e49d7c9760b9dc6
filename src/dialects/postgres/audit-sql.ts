import type { AuditEntry, AuditOutcome } from "../../core/audit.ts";
import type { AuditFilter, AuditSql } from "../../core/audit-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { quoteIdentifier } from "./identifier.ts";
import { isTenantSql, registryNames } from "./registry-names.ts";

const COLUMNS = `a.id::pg_catalog.text as id, a.begun_at, a.actor, a.via, a.action, a.tenant, a.tenant_id,
  a.details, a.outcome, a.error_code, a.duration_ms`;

/** The audit log on PostgreSQL. */
export const auditSql: AuditSql = {
  begin: (tables, { action, actor, details, tenant, tenantId }) => [
    {
      params: [tables.table, actor.id, actor.via, action, tenant, tenantId, details],
      text: `insert into ${table(tables)} (registry, actor, via, action, tenant, tenant_id, details)
values ($1, $2, $3, $4, $5, $6, $7) returning id::pg_catalog.text as id`,
    },
  ],
  create,
  end: (tables, id, { details, durationMs, errorCode, outcome, tenant, tenantId }) => ({
    params: [tables.table, id, outcome, errorCode, durationMs, tenant, tenantId, details],
    text: `update ${table(tables)} a set outcome = $3, error_code = $4, duration_ms = $5::pg_catalog.float8,
  tenant = coalesce(a.tenant, $6), tenant_id = coalesce(a.tenant_id, $7), details = $8
where a.registry = $1 and a.id = $2::pg_catalog.int8`,
  }),
  insertEnded: (tables, { action, actor }, end) => ({
    params: [
      tables.table,
      actor.id,
      actor.via,
      action,
      end.tenant,
      end.tenantId,
      end.details,
      end.outcome,
      end.errorCode,
      end.durationMs,
    ],
    text: `insert into ${table(tables)} (registry, actor, via, action, tenant, tenant_id, details, outcome, error_code,
  duration_ms, begun_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::pg_catalog.float8,
  pg_catalog.now() - $10::pg_catalog.float8 * interval '1 millisecond')`,
  }),
  list,
  prune: (tables, olderThanMs, limit) => [
    {
      params: [tables.table, olderThanMs, limit],
      text: `with gone as (
  delete from ${table(tables)} where id in (
    select a.id from ${table(tables)} a
    where a.registry = $1 and a.begun_at < pg_catalog.now() - $2::pg_catalog.float8 * interval '1 millisecond'
      and not (a.outcome = 'begun' and a.begun_at > pg_catalog.now() - interval '1 day')
    order by a.id limit $3)
  returning 1)
select pg_catalog.count(*)::integer as deleted from gone`,
    },
  ],
  read: (row) => ({
    action: String(row["action"]),
    actor: { id: String(row["actor"]), via: String(row["via"]) },
    at: new Date(row["begun_at"] as Date | string),
    details: JSON.parse(String(row["details"])) as AuditEntry["details"],
    durationMs: row["duration_ms"] === null ? null : Number(row["duration_ms"]),
    errorCode: row["error_code"] as string | null,
    id: String(row["id"]),
    outcome: row["outcome"] as AuditOutcome,
    tenant: row["tenant"] as string | null,
    tenantId: row["tenant_id"] as string | null,
  }),
};

function table({ schema }: Pick<RegistryTables, "schema">): string {
  return `${quoteIdentifier(schema)}.kirayedar_audit`;
}

/** An index for each filter, as what is looked for may be rare; people write few rows. */
function create(schema: string): string {
  const audit = table({ schema });
  const index = (name: string, columns: string, where = ""): string =>
    `create index if not exists kirayedar_audit_${name} on ${audit} (registry, ${columns}id)${where}`;
  return `create table if not exists ${audit} (
  id bigint generated always as identity primary key,
  registry text not null,
  begun_at timestamptz not null default now(),
  actor text not null,
  via text not null,
  action text not null,
  tenant text,
  tenant_id text,
  details text not null,
  outcome text not null default 'begun',
  error_code text,
  duration_ms double precision
);
${index("all", "")};
${index("tenant_id", "tenant_id, ")};
${index("tenant", "tenant, ")};
${index("actor", "actor, ")};
${index("action", "action, ")};
${index("outcome", "outcome, ", " where outcome <> 'done'")}`;
}

function list(tables: RegistryTables, filter: AuditFilter): ReturnType<AuditSql["list"]> {
  const params: unknown[] = [tables.table];
  const param = (value: unknown): string => `$${params.push(value)}`;
  const conditions = ["a.registry = $1"];
  for (const name of ["action", "actor", "outcome", "tenant"] as const) {
    const value = filter[name];
    if (value !== undefined) conditions.push(`a.${name} = ${param(value)}`);
  }
  // Said again, so that the partial index is found whatever the parameter is.
  if (filter.outcome !== undefined && filter.outcome !== "done") {
    conditions.push("a.outcome <> 'done'");
  }
  if (filter.beforeId !== undefined) {
    conditions.push(`a.id < ${param(filter.beforeId)}::pg_catalog.int8`);
  }
  const end = `order by a.id desc limit ${param(filter.limit)}`;
  const arm = (condition?: string): string => {
    const all = condition === undefined ? conditions : [...conditions, condition];
    return `select a.* from ${table(tables)} a where ${all.join(" and ")} ${end}`;
  };
  const from =
    filter.tenantId === undefined ? arm() : ofTenant(tables, arm, param(filter.tenantId));
  return { params, text: `select ${COLUMNS} from (${from}) a ${end}` };
}

/**
 * Entries of a tenant: one arm for each index. An operation whose process died before it knew the id is
 * found by the slug that the tenant has.
 */
function ofTenant(tables: RegistryTables, arm: (condition: string) => string, id: string): string {
  const { columns: c, tenants } = registryNames(tables);
  const slug = `(select t.${c.slug}::pg_catalog.text from ${tenants} t
    where t.${c.id}::pg_catalog.text = ${id} and ${isTenantSql(`t.${c.schema_name}`)})`;
  return `(${arm(`a.tenant_id = ${id}`)})
union all
(${arm(`a.tenant_id is null and a.tenant = ${slug}`)})`;
}

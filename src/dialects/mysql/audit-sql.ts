import type { AuditEntry, AuditOutcome } from "../../core/audit.ts";
import type { AuditFilter, AuditSql } from "../../core/audit-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { toDate, toNumber, toText } from "./client-value.ts";
import { quoteIdentifier } from "./identifier.ts";
import { bytesOf, registryNames } from "./registry-names.ts";
import { hasId } from "./registry-rows.ts";

const COLUMNS = `a.id, unix_timestamp(a.begun_at) as begun_at, a.actor, a.via, a.action,
  convert(a.tenant using utf8mb4) as tenant, convert(a.tenant_id using utf8mb4) as tenant_id, a.details,
  a.outcome, a.error_code, a.duration_ms`;

const ago = (ms: string): string =>
  `current_timestamp(6) - interval cast(${ms} * 1000 as signed) microsecond`;

/** The audit log on MySQL and MariaDB. */
export const auditSql: AuditSql = {
  begin: (tables, { action, actor, details, tenant, tenantId }) => [
    {
      params: [tables.table, actor.id, actor.via, action, tenant, tenantId, details],
      text: `insert into ${table(tables)} (registry, actor, via, action, tenant, tenant_id, details)
values (?, ?, ?, ?, ?, ?, ?)`,
    },
    { params: [], text: "select last_insert_id() as id" },
  ],
  create,
  end: (tables, id, { details, durationMs, errorCode, outcome, tenant, tenantId }) => ({
    params: [outcome, errorCode, durationMs, tenant, tenantId, details, tables.table, id],
    text: `update ${table(tables)} a set a.outcome = ?, a.error_code = ?, a.duration_ms = ?,
  a.tenant = coalesce(a.tenant, ?), a.tenant_id = coalesce(a.tenant_id, ?), a.details = ?
where a.registry = ? and a.id = ?`,
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
      end.durationMs,
    ],
    text: `insert into ${table(tables)} (registry, actor, via, action, tenant, tenant_id, details, outcome, error_code,
  duration_ms, begun_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${ago("?")})`,
  }),
  list,
  // No parameter for the limit: MySQL refuses the type that client libraries give to a number there.
  prune: (tables, olderThanMs, limit) => [
    {
      params: [tables.table, olderThanMs],
      text: `delete from ${table(tables)} where registry = ? and begun_at < ${ago("?")}
  and not (outcome = 'begun' and begun_at > current_timestamp(6) - interval 1 day) order by id limit ${limit}`,
    },
    { params: [], text: "select row_count() as deleted" },
  ],
  read: (row) => ({
    action: toText(row["action"]) ?? "",
    actor: { id: toText(row["actor"]) ?? "", via: toText(row["via"]) ?? "" },
    at: toDate(row["begun_at"]),
    details: JSON.parse(toText(row["details"]) ?? "{}") as AuditEntry["details"],
    durationMs: row["duration_ms"] === null ? null : toNumber(row["duration_ms"]),
    errorCode: toText(row["error_code"]),
    id: toText(row["id"]) ?? "",
    outcome: toText(row["outcome"]) as AuditOutcome,
    tenant: toText(row["tenant"]),
    tenantId: toText(row["tenant_id"]),
  }),
};

function table({ schema }: Pick<RegistryTables, "schema">): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier("kirayedar_audit")}`;
}

/**
 * An index for each filter, as what is looked for may be rare; people write few rows. What is compared
 * with a tenant's own columns is bytes, as that is how they are compared.
 */
function create(schema: string): string {
  return `create table if not exists ${table({ schema })} (
  id bigint not null auto_increment primary key,
  registry varchar(64) not null,
  begun_at timestamp(6) not null default current_timestamp(6),
  actor varchar(200) not null,
  via varchar(200) not null,
  action varchar(64) not null,
  tenant varbinary(1020),
  tenant_id varbinary(512),
  details longtext not null,
  outcome varchar(16) not null default 'begun',
  error_code varchar(64),
  duration_ms double,
  index kirayedar_audit_all (registry, id),
  index kirayedar_audit_tenant_id (registry, tenant_id, id),
  index kirayedar_audit_tenant (registry, tenant, id),
  index kirayedar_audit_actor (registry, actor, id),
  index kirayedar_audit_action (registry, action, id),
  index kirayedar_audit_outcome (registry, outcome, id)
) engine = InnoDB character set utf8mb4 collate utf8mb4_bin`;
}

function list(tables: RegistryTables, filter: AuditFilter): ReturnType<AuditSql["list"]> {
  const values: unknown[] = [tables.table];
  const conditions = ["a.registry = ?"];
  for (const name of ["action", "actor", "outcome"] as const) {
    const value = filter[name];
    if (value === undefined) continue;
    conditions.push(`a.${name} = ?`);
    values.push(value);
  }
  if (filter.tenant !== undefined) {
    conditions.push(`a.tenant = ${bytesOf("?")}`);
    values.push(filter.tenant);
  }
  if (filter.beforeId !== undefined) {
    conditions.push("a.id < ?");
    values.push(filter.beforeId);
  }
  const end = `order by a.id desc limit ${filter.limit}`;
  const arm = (condition?: string): string => {
    const all = condition === undefined ? conditions : [...conditions, condition];
    return `select a.* from ${table(tables)} a where ${all.join(" and ")} ${end}`;
  };
  const { tenantId } = filter;
  if (tenantId === undefined) {
    return { params: values, text: `select ${COLUMNS} from (${arm()}) a ${end}` };
  }
  return {
    params: [...values, tenantId, ...values, tenantId, tenantId],
    text: `select ${COLUMNS} from (${ofTenant(tables, arm)}) a ${end}`,
  };
}

/**
 * Entries of a tenant: one arm for each index. An operation whose process died before it knew the id is
 * found by the slug that the tenant has.
 */
function ofTenant(tables: RegistryTables, arm: (condition: string) => string): string {
  const names = registryNames(tables);
  const slug = `(select ${bytesOf(`t.${names.columns.slug}`)} from ${names.tenants} t where ${hasId(names)})`;
  return `(${arm(`a.tenant_id = ${bytesOf("?")}`)})
union all
(${arm(`a.tenant_id is null and a.tenant = ${slug}`)})`;
}

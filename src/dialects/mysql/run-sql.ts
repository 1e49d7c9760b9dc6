import type { FleetCounts } from "../../core/fleet.ts";
import type { FleetRun, FleetRunTenant } from "../../core/fleet-runs.ts";
import type { RunSql } from "../../core/run-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { toDate, toNumber, toText } from "./client-value.ts";
import { bytesOf, KEYS, placeholders, registryNames } from "./registry-names.ts";
import { createRunTables, runsTable, runTenantsTable } from "./run-tables.ts";

/** Columns of a run. */
const RUN = `r.id, r.verb, r.options, r.latest_version, r.host, r.pid, unix_timestamp(r.started_at) as started_at,
  unix_timestamp(r.updated_at) as updated_at, unix_timestamp(r.ended_at) as ended_at, r.changed, r.unchanged,
  r.failed, r.not_reached, r.stopped, r.resumes, r.resumed_by,
  timestampdiff(second, r.updated_at, current_timestamp(6)) as idle_seconds`;

/** An id, which is kept as bytes. */
const ID = "convert(t.tenant_id using utf8mb4) as tenant_id";

const COUNTS = "r.changed = ?, r.unchanged = ?, r.failed = ?, r.not_reached = ?";

/** The records of fleet runs on MySQL and MariaDB. */
export const runSql: RunSql = {
  addTenants: (tables, id, tenants) => ({
    params: tenants.flatMap(({ code, id: tenantId, message, outcome, slug }) => [
      id,
      tenantId,
      slug,
      outcome,
      code,
      message,
    ]),
    // MariaDB has no other way to say this, and MySQL 9 still has this one.
    text: `insert into ${runTenantsTable(tables)} (run_id, tenant_id, slug, outcome, code, message)
values ${tenants.map(() => "(?, ?, ?, ?, ?, ?)").join(", ")}
on duplicate key update outcome = values(outcome), code = values(code), message = values(message),
  noted_at = current_timestamp(6)`,
  }),
  create: createRunTables,
  end: (tables, id, counts, stopped) => ({
    params: [...countParams(counts), stopped, tables.table, id],
    text: `update ${runsTable(tables)} r set ${COUNTS}, r.stopped = ?, r.updated_at = current_timestamp(6),
  r.ended_at = current_timestamp(6) where r.registry = ? and r.id = ?`,
  }),
  get: (tables, id) => ({
    params: [tables.table, id],
    text: `select ${RUN} from ${runsTable(tables)} r where r.registry = ? and r.id = ?`,
  }),
  insert: (tables, { host, latestVersion, options, pid, resumes, verb }) => [
    {
      params: [tables.table, verb, options, latestVersion, host, pid, resumes],
      text: `insert into ${runsTable(tables)} (registry, verb, options, latest_version, host, pid, resumes)
values (?, ?, ?, ?, ?, ?, ?)`,
    },
    { params: [], text: "select last_insert_id() as id" },
  ],
  // No parameter: MySQL refuses the type that client libraries give to a number there.
  list: (tables, limit) => ({
    params: [tables.table],
    text: `select ${RUN} from ${runsTable(tables)} r where r.registry = ? order by r.id desc limit ${limit}`,
  }),
  listFailures,
  listTenantIds: (tables, id) => ({
    params: [id],
    text: `select ${ID} from ${runTenantsTable(tables)} t where t.run_id = ?`,
  }),
  listTenants: (tables, id, limit) => ({
    params: [id],
    text: `select ${ID}, t.slug, t.outcome, t.code, t.message from ${runTenantsTable(tables)} t
where t.run_id = ? order by t.outcome, t.slug limit ${limit}`,
  }),
  listUnsettled: (tables) => ({
    params: [tables.table],
    text: `select distinct ${ID} from ${runTenantsTable(tables)} t
join ${runsTable(tables)} r on r.id = t.run_id where r.registry = ? and ${isOpen("t")}`,
  }),
  // Read through a table of its own, as the one that rows are deleted from cannot be read besides.
  prune: (tables, keep) => ({
    params: [tables.table, tables.table],
    text: `delete from ${runsTable(tables)} where registry = ? and id < (select oldest.id from (
  select min(kept.id) as id from (
    select r.id from ${runsTable(tables)} r where r.registry = ? order by r.id desc limit ${keep}) kept) oldest)`,
  }),
  readFailure: (row) => ({
    at: toDate(row["noted_at"]),
    code: toText(row["code"]),
    message: toText(row["message"]),
    run: toText(row["run_id"]) ?? "",
    slug: toText(row["slug"]) ?? "",
    total: toNumber(row["total"]),
  }),
  readRun: (row) => ({
    counts: {
      changed: toNumber(row["changed"]),
      failed: toNumber(row["failed"]),
      notReached: toNumber(row["not_reached"]),
      unchanged: toNumber(row["unchanged"]),
    },
    endedAt: row["ended_at"] === null ? null : toDate(row["ended_at"]),
    host: toText(row["host"]) ?? "",
    id: toText(row["id"]) ?? "",
    idleSeconds: toNumber(row["idle_seconds"]),
    latestVersion: toText(row["latest_version"]),
    options: toText(row["options"]) ?? "{}",
    pid: toNumber(row["pid"]),
    resumedBy: toText(row["resumed_by"]),
    resumes: toText(row["resumes"]),
    startedAt: toDate(row["started_at"]),
    stopped: toText(row["stopped"]) as FleetRun["stopped"],
    updatedAt: toDate(row["updated_at"]),
    verb: toText(row["verb"]) as FleetRun["verb"],
  }),
  readTenant: (row) => ({
    code: toText(row["code"]),
    id: toText(row["tenant_id"]) ?? "",
    message: toText(row["message"]),
    outcome: toText(row["outcome"]) as FleetRunTenant["outcome"],
    slug: toText(row["slug"]) ?? "",
  }),
  settle: (tables, id, tenantIds) => ({
    params: [tables.table, id, ...tenantIds],
    text: `update ${runTenantsTable(tables)} t join ${runsTable(tables)} r on r.id = t.run_id set t.is_settled = 1
where r.registry = ? and r.id <> ? and t.tenant_id in (${placeholders(tenantIds)}) and ${isOpen("t")}`,
  }),
  takeUp: (tables, id, by) => ({
    params: [by, tables.table, id],
    text: `update ${runsTable(tables)} r set r.resumed_by = ? where r.registry = ? and r.id = ?`,
  }),
  update: (tables, id, counts) => ({
    params: [...countParams(counts), tables.table, id],
    text: `update ${runsTable(tables)} r set ${COUNTS}, r.updated_at = current_timestamp(6)
where r.registry = ? and r.id = ?`,
  }),
};

function isOpen(alias: string): string {
  return `${alias}.outcome = 'failed' and ${alias}.is_settled = 0`;
}

function countParams({ changed, failed, notReached, unchanged }: FleetCounts): readonly unknown[] {
  return [changed, unchanged, failed, notReached];
}

/**
 * The tenant's own row tells more than an old record: it may be migrated by now, renamed, or gone. Both
 * engines make an index of their own for a derived table that is joined by a column of it as it is.
 */
function listFailures(
  tables: RegistryTables,
  digest: string,
  limit: number,
): ReturnType<RunSql["listFailures"]> {
  const { columns: c, tenants } = registryNames(tables);
  return {
    params: [tables.table, digest],
    text: `select cast(t.${c.slug} as char) as slug, f.run_id, f.code, f.message,
  unix_timestamp(f.noted_at) as noted_at, count(*) over () as total
from (select o.tenant_id, max(o.run_id) as run_id from ${runTenantsTable(tables)} o
  join ${runsTable(tables)} r on r.id = o.run_id where r.registry = ? and ${isOpen("o")} group by o.tenant_id) newest
join ${runTenantsTable(tables)} f on f.run_id = newest.run_id and f.tenant_id = newest.tenant_id
join ${runsTable(tables)} r on r.id = f.run_id
join ${tenants} t on newest.tenant_id = ${bytesOf(`t.${c.id}`)} and t.${KEYS.isTenant} = 1
where ${bytesOf(`t.${c.state}`)} <> ${bytesOf("'failed'")}
  and (r.verb <> 'migrate' or not (${bytesOf(`t.${c.migrations_digest}`)} <=> ${bytesOf("?")}))
order by t.${KEYS.slug} limit ${limit}`,
  };
}

import type { FleetCounts } from "../../core/fleet.ts";
import type { FleetRun, FleetRunTenant } from "../../core/fleet-runs.ts";
import type { RunSql } from "../../core/run-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { isTenantSql, registryNames, slugKeySql } from "./registry-names.ts";
import { createRunTables, runsTable, runTenantsTable } from "./run-tables.ts";

/** Columns of a run; numbers that may be large come as text. */
const RUN = `r.id::pg_catalog.text as id, r.verb, r.options, r.latest_version, r.host, r.pid, r.started_at,
  r.updated_at, r.ended_at, r.changed, r.unchanged, r.failed, r.not_reached, r.stopped,
  r.resumes::pg_catalog.text as resumes, r.resumed_by::pg_catalog.text as resumed_by,
  pg_catalog.date_part('epoch', pg_catalog.now() - r.updated_at) as idle_seconds`;

const COUNTS = "changed = $3, unchanged = $4, failed = $5, not_reached = $6";

/** The records of fleet runs on PostgreSQL. */
export const runSql: RunSql = {
  addTenants: (tables, id, tenants) => ({
    params: [
      id,
      tenants.map((tenant) => tenant.id),
      tenants.map(({ slug }) => slug),
      tenants.map(({ outcome }) => outcome),
      tenants.map(({ code }) => code),
      tenants.map(({ message }) => message),
    ],
    text: `insert into ${runTenantsTable(tables)} (run_id, tenant_id, slug, outcome, code, message)
select $1::pg_catalog.int8, n.* from rows from (
  pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[]),
  pg_catalog.unnest($4::pg_catalog.text[]), pg_catalog.unnest($5::pg_catalog.text[]),
  pg_catalog.unnest($6::pg_catalog.text[])) n
on conflict (run_id, tenant_id) do update set outcome = excluded.outcome, code = excluded.code,
  message = excluded.message, noted_at = pg_catalog.now()`,
  }),
  create: createRunTables,
  end: (tables, id, counts, stopped) => ({
    params: [...countParams(tables, id, counts), stopped],
    text: `update ${runsTable(tables)} set ${COUNTS}, stopped = $7, updated_at = pg_catalog.now(),
  ended_at = pg_catalog.now() where registry = $1 and id = $2::pg_catalog.int8`,
  }),
  get: (tables, id) => ({
    params: [tables.table, id],
    text: `select ${RUN} from ${runsTable(tables)} r where r.registry = $1 and r.id = $2::pg_catalog.int8`,
  }),
  insert: (tables, { host, latestVersion, options, pid, resumes, verb }) => [
    {
      params: [tables.table, verb, options, latestVersion, host, pid, resumes],
      text: `insert into ${runsTable(tables)} (registry, verb, options, latest_version, host, pid, resumes)
values ($1, $2, $3, $4, $5, $6, $7) returning id::pg_catalog.text as id`,
    },
  ],
  list: (tables, limit) => ({
    params: [tables.table, limit],
    text: `select ${RUN} from ${runsTable(tables)} r where r.registry = $1 order by r.id desc limit $2`,
  }),
  listFailures,
  listTenantIds: (tables, id) => ({
    params: [id],
    text: `select t.tenant_id from ${runTenantsTable(tables)} t where t.run_id = $1::pg_catalog.int8`,
  }),
  listTenants: (tables, id, limit) => ({
    params: [id, limit],
    text: `select t.tenant_id, t.slug, t.outcome, t.code, t.message from ${runTenantsTable(tables)} t
where t.run_id = $1::pg_catalog.int8 order by t.outcome, t.slug collate "C" limit $2`,
  }),
  listUnsettled: (tables) => ({
    params: [tables.table],
    text: `select distinct t.tenant_id from ${runTenantsTable(tables)} t
join ${runsTable(tables)} r on r.id = t.run_id where r.registry = $1 and ${isOpen("t")}`,
  }),
  prune: (tables, keep) => ({
    params: [tables.table, keep],
    text: `delete from ${runsTable(tables)} where registry = $1 and id < (select pg_catalog.min(kept.id) from (
  select r.id from ${runsTable(tables)} r where r.registry = $1 order by r.id desc limit $2) kept)`,
  }),
  readFailure: (row) => ({
    at: new Date(row["noted_at"] as Date | string),
    code: row["code"] as string | null,
    message: row["message"] as string | null,
    run: String(row["run_id"]),
    slug: String(row["slug"]),
    total: Number(row["total"]),
  }),
  readRun: (row) => ({
    counts: {
      changed: Number(row["changed"]),
      failed: Number(row["failed"]),
      notReached: Number(row["not_reached"]),
      unchanged: Number(row["unchanged"]),
    },
    endedAt: row["ended_at"] === null ? null : new Date(row["ended_at"] as Date | string),
    host: String(row["host"]),
    id: String(row["id"]),
    idleSeconds: Number(row["idle_seconds"]),
    latestVersion: row["latest_version"] as string | null,
    options: String(row["options"]),
    pid: Number(row["pid"]),
    resumedBy: row["resumed_by"] as string | null,
    resumes: row["resumes"] as string | null,
    startedAt: new Date(row["started_at"] as Date | string),
    stopped: row["stopped"] as FleetRun["stopped"],
    updatedAt: new Date(row["updated_at"] as Date | string),
    verb: row["verb"] as FleetRun["verb"],
  }),
  readTenant: (row) => ({
    code: row["code"] as string | null,
    id: String(row["tenant_id"]),
    message: row["message"] as string | null,
    outcome: row["outcome"] as FleetRunTenant["outcome"],
    slug: String(row["slug"]),
  }),
  settle: (tables, id, tenantIds) => ({
    params: [tables.table, id, tenantIds],
    text: `update ${runTenantsTable(tables)} t set is_settled = true from ${runsTable(tables)} r
where r.id = t.run_id and r.registry = $1 and r.id <> $2::pg_catalog.int8
  and t.tenant_id = any($3::pg_catalog.text[]) and ${isOpen("t")}`,
  }),
  takeUp: (tables, id, by) => ({
    params: [tables.table, id, by],
    text: `update ${runsTable(tables)} set resumed_by = $3::pg_catalog.int8
where registry = $1 and id = $2::pg_catalog.int8`,
  }),
  update: (tables, id, counts) => ({
    params: countParams(tables, id, counts),
    text: `update ${runsTable(tables)} set ${COUNTS}, updated_at = pg_catalog.now()
where registry = $1 and id = $2::pg_catalog.int8`,
  }),
};

/** The very condition of the index. */
function isOpen(alias: string): string {
  return `${alias}.outcome = 'failed' and not ${alias}.is_settled`;
}

function countParams(tables: RegistryTables, id: string, counts: FleetCounts): readonly unknown[] {
  const { changed, failed, notReached, unchanged } = counts;
  return [tables.table, id, changed, unchanged, failed, notReached];
}

/** The tenant's own row tells more than an old record: it may be migrated by now, renamed, or gone. */
function listFailures(
  tables: RegistryTables,
  digest: string,
  limit: number,
): ReturnType<RunSql["listFailures"]> {
  const { columns: c, tenants } = registryNames(tables);
  return {
    params: [tables.table, digest, limit],
    text: `select t.${c.slug}::pg_catalog.text as slug, f.run_id::pg_catalog.text as run_id, f.code, f.message, f.noted_at,
  pg_catalog.count(*) over () as total
from (select distinct on (o.tenant_id) o.*, r.verb from ${runTenantsTable(tables)} o
  join ${runsTable(tables)} r on r.id = o.run_id
  where r.registry = $1 and ${isOpen("o")} order by o.tenant_id, o.run_id desc) f
join ${tenants} t on t.${c.id}::pg_catalog.text = f.tenant_id and ${isTenantSql(`t.${c.schema_name}`)}
where t.${c.state}::pg_catalog.text <> 'failed'
  and (f.verb <> 'migrate' or t.${c.migrations_digest}::pg_catalog.text is distinct from $2)
order by ${slugKeySql(`t.${c.slug}`)} limit $3`,
  };
}

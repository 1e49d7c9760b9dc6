import type { NewTenant, TenantChanges } from "../../core/registry.ts";
import type { RegistryStatements } from "../../core/registry-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import type { TenantState } from "../../core/tenant.ts";
import { quoteIdentifier, quoteLiteral } from "./identifier.ts";
import { isTenantSql, registryNames } from "./registry-names.ts";
import { domainsColumn, rowColumns } from "./registry-reads.ts";

/** The writing half of the registry's statements. */
type Writes = Omit<RegistryStatements, "count" | "find" | "get" | "list" | "total">;

/**
 * Every write has the notice of itself in its `returning`, so that both or neither are committed.
 *
 * @see https://www.postgresql.org/docs/current/sql-notify.html (delivered when the sender commits)
 */
export function registryWrites(tables: RegistryTables, channel: string): Writes {
  const names = registryNames(tables);
  const { columns: c, domains, tenants } = names;
  const isTenant = isTenantSql(`t.${c.schema_name}`);
  const isTenantWithId = `${isTenant} and t.${c.id}::pg_catalog.text = $1`;
  const notice = (mayAddNames: boolean, alias = "t", id = c.id): string =>
    `pg_catalog.pg_notify(${quoteLiteral(channel)}, pg_catalog.json_build_object('id', ` +
    `${alias}.${id}::pg_catalog.text, 'names', ${mayAddNames})::pg_catalog.text) as noticed`;

  const insert = (tenant: NewTenant): ReturnType<Writes["insert"]> => {
    const params: unknown[] = [tenant.slug, tenant.schemaName, tenant.name, tenant.server];
    const extra = extraValues(tables, tenant.extra, params);
    const list = `$${params.push(tenant.domains)}::pg_catalog.text[]`;
    const { digest = null, isActive = false, version = null } = tenant.made ?? {};
    const state = isActive ? "'active'" : "'provisioning'";
    const made = [`$${params.push(version)}`, `$${params.push(digest)}`];
    const columns = [
      c.slug,
      c.schema_name,
      c.name,
      c.server,
      c.state,
      c.version,
      c.migrations_digest,
    ];
    const values = ["$1", "$2", "$3", "$4", state, ...made];
    const updates = [
      `${c.schema_name} = $2`,
      `${c.name} = coalesce($3, t.${c.name})`,
      `${c.server} = $4`,
      `${c.state} = ${state}`,
      `${c.version} = ${made[0]}`,
      `${c.migrations_digest} = ${made[1]}`,
      `${c.updated_at} = now()`,
      ...extra.columns.map((column, index) => `${column} = ${extra.values[index]}`),
    ];
    const returning = `returning ${rowColumns(names)}, t.${c.id} as native_id, ${notice(true)}`;
    const text = `with adopted as (
      update ${tenants} t set ${updates.join(", ")}
      where t.${c.slug} = $1 and t.${c.schema_name} is null ${returning}, true as was_there),
    inserted as (
      insert into ${tenants} as t (${[...columns, ...extra.columns].join(", ")})
      select ${[...values, ...extra.values].join(", ")}
      where not exists (select from adopted) ${returning}, false as was_there),
    made as (select * from adopted union all select * from inserted),
    named as (
      insert into ${domains} (domain, tenant_id, is_primary)
      select n.domain, made.native_id, n.place = 1
      from made, pg_catalog.unnest(${list}) with ordinality as n (domain, place)
      returning domain, is_primary)
    select made.*, array(select named.domain from named
      order by named.is_primary desc, named.domain collate "C") as domains from made`;
    return [{ params, text }];
  };

  const update = (
    id: string,
    changes: TenantChanges,
    from: readonly TenantState[] | undefined,
  ): ReturnType<Writes["update"]> => {
    const params: unknown[] = [id];
    const sets = [`${c.updated_at} = now()`];
    const set = (column: string, value: unknown): void => {
      if (value !== undefined) sets.push(`${column} = $${params.push(value)}`);
    };
    set(c.slug, changes.slug);
    set(c.schema_name, changes.schemaName);
    set(c.name, changes.name);
    set(c.state, changes.state);
    set(c.version, changes.version);
    set(c.migrations_digest, changes.migrationsDigest);
    const extra = extraValues(tables, changes.extra ?? {}, params);
    sets.push(...extra.columns.map((column, index) => `${column} = ${extra.values[index]}`));
    let where = isTenantWithId;
    if (from !== undefined) {
      const states = params.push(from);
      where += ` and t.${c.state}::pg_catalog.text = any($${states}::pg_catalog.text[])`;
    }
    const text = `update ${tenants} t set ${sets.join(", ")} where ${where}
      returning ${rowColumns(names)}, ${domainsColumn(names)}, ${notice(changes.slug !== undefined)}`;
    return [{ params, text }];
  };

  const addDomain = (
    id: string,
    domain: string,
    primary: boolean,
  ): ReturnType<Writes["addDomain"]> => {
    const text = `with tenant as (
      select t.${c.id} as id from ${tenants} t where ${isTenantWithId}),
    added as (
      insert into ${domains} as d (domain, tenant_id, is_primary)
      select $2, tenant.id, $3 from tenant
      on conflict (domain) do update set is_primary = d.is_primary or excluded.is_primary
      where d.tenant_id = excluded.tenant_id returning d.tenant_id),
    demoted as (
      update ${domains} d set is_primary = false from added
      where $3 and d.tenant_id = added.tenant_id and d.domain <> $2 and d.is_primary)
    select exists (select from added) as added, ${notice(true, "tenant", "id")} from tenant`;
    return [{ params: [id, domain, primary], text }];
  };

  const ofTenant = `d.tenant_id = t.${c.id} and ${isTenantWithId}`;
  const release = (id: string): ReturnType<Writes["release"]> => [
    {
      params: [id],
      text: `delete from ${domains} d using ${tenants} t where ${ofTenant}`,
    },
    {
      params: [id],
      text: `update ${tenants} t set ${c.schema_name} = null, ${c.version} = null, ${c.migrations_digest} = null
        where ${isTenantWithId} returning ${notice(false)}`,
    },
  ];
  return {
    addDomain,
    announce: (payload) => ({
      params: [channel, payload],
      text: "select pg_catalog.pg_notify($1, $2)",
    }),
    findUnclaimed: () => undefined,
    insert,
    release,
    remove: (id) => [
      {
        params: [id],
        text: `delete from ${tenants} t where ${isTenantWithId} returning ${notice(false)}`,
      },
    ],
    removeDomain: (id, domain) => [
      {
        params: [id, domain],
        text: `delete from ${domains} d using ${tenants} t where ${ofTenant} and d.domain = $2
          returning ${notice(false)}`,
      },
    ],
    setPrimaryDomain: (id, domain) => [
      {
        params: [id, domain],
        text: `update ${domains} d set is_primary = d.domain = $2 from ${tenants} t
          where ${ofTenant} and (d.is_primary or d.domain = $2)
          and exists (select from ${domains} o where o.tenant_id = t.${c.id} and o.domain = $2)
          returning ${notice(false)}`,
      },
    ],
    update,
  };
}

/** The application's own columns among those configured, each with its parameter. */
function extraValues(
  tables: RegistryTables,
  extra: Readonly<Record<string, unknown>>,
  params: unknown[],
): { columns: string[]; values: string[] } {
  const names = Object.keys(tables.extraColumns).filter((name) => extra[name] !== undefined);
  return {
    columns: names.map(quoteIdentifier),
    values: names.map((name) => `$${params.push(extra[name])}`),
  };
}

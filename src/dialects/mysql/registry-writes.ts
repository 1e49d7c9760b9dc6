import type { Statement } from "../../core/dialect.ts";
import { slugKey } from "../../core/names.ts";
import type { NewTenant, TenantChanges } from "../../core/registry.ts";
import type { RegistryStatements } from "../../core/registry-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import type { TenantState } from "../../core/tenant.ts";
import { quoteIdentifier } from "./identifier.ts";
import {
  bytesOf,
  KEYS,
  placeholders,
  type RegistryNames,
  registryNames,
} from "./registry-names.ts";
import { hasId, IS_TENANT, selectRows } from "./registry-rows.ts";

/** The writing half of the registry's statements. */
type Writes = Omit<RegistryStatements, "count" | "find" | "get" | "list" | "total">;

/** Holds, from the first statement of each list on, the id of the tenant that it is about, or null. */
const ID = "@kirayedar_id";

/** Holds the id of a row that is looked at before it is taken. */
const FOUND = "@kirayedar_found";

/**
 * Every write begins by taking the tenant's row, which decides whether there is anything to do; what
 * is behind it works with the id, in the type that it has. MySQL has no `returning`, and counts a
 * row that is changed to what it was as none. A write of nothing leaves no notice.
 */
export function registryWrites(tables: RegistryTables, channel: string): Writes {
  const names = registryNames(tables);
  const { columns: c, domains, tenants } = names;

  const take = (id: string, from?: readonly TenantState[]): Statement => {
    const states =
      from === undefined
        ? ""
        : ` and ${bytesOf(`t.${c.state}`)} in (${placeholders(from, bytesOf)})`;
    return {
      params: [id, id, ...(from ?? [])],
      text: `select max(t.${c.id}) into ${ID} from ${tenants} t where ${hasId(names)}${states} for update`,
    };
  };
  /** Makes it null unless the domain is the tenant's. */
  const takeDomain = (domain: string): Statement => ({
    params: [domain],
    text: `select max(d.tenant_id) into ${ID} from ${domains} d where d.domain = ? and d.tenant_id = ${ID} for update`,
  });
  const notice = (mayAddNames: boolean): Statement => ({
    params: [channel],
    text: `insert into ${names.notices} (channel, payload)
      select ?, concat('{"id":', json_quote(cast(${ID} as char)), ',"names":${mayAddNames}}') from dual where ${ID} is not null`,
  });
  const wasDone: Statement = {
    params: [],
    text: `select 1 as done from dual where ${ID} is not null`,
  };

  const update = (
    id: string,
    changes: TenantChanges,
    from: readonly TenantState[] | undefined,
  ): readonly Statement[] => {
    const params: unknown[] = [];
    const sets = [`t.${c.updated_at} = current_timestamp(6)`];
    const set = (column: string, value: unknown): void => {
      if (value === undefined) return;
      sets.push(`t.${column} = ?`);
      params.push(value);
    };
    set(c.slug, changes.slug);
    set(c.schema_name, changes.schemaName);
    set(c.name, changes.name);
    set(c.state, changes.state);
    set(c.version, changes.version);
    set(c.migrations_digest, changes.migrationsDigest);
    const extra = extraValues(tables, changes.extra ?? {});
    for (const [index, column] of extra.columns.entries()) set(column, extra.values[index]);
    return [
      take(id, from),
      { params, text: `update ${tenants} t set ${sets.join(", ")} where t.${c.id} = ${ID}` },
      notice(changes.slug !== undefined),
      { params: [], text: `${selectRows(names)} where t.${c.id} = ${ID}` },
    ];
  };

  const addDomain = (id: string, domain: string, primary: boolean): readonly Statement[] => [
    take(id),
    {
      params: [domain, primary ? 1 : 0, primary ? 1 : 0],
      // It stays as it is if it is another tenant's.
      text: `insert into ${domains} (domain, tenant_id, is_primary)
        select ?, ${ID}, ? from dual where ${ID} is not null
        on duplicate key update is_primary = if(tenant_id = ${ID}, is_primary or ?, is_primary)`,
    },
    ...(primary ? [demoteOthers(names, domain)] : []),
    {
      ...notice(true),
      params: [channel, domain],
      text: `${notice(true).text} and exists (select 1 from ${domains} d where d.domain = ? and d.tenant_id = ${ID})`,
    },
    {
      params: [domain],
      // Locked, so that it is read as it is now; and null, as a nought may come as text.
      text: `select nullif(d.tenant_id = ${ID}, 0) as added from ${domains} d
        where d.domain = ? and ${ID} is not null for update`,
    },
  ];

  return {
    addDomain,
    announce: (payload) => ({
      params: [channel, payload],
      text: `insert into ${names.notices} (channel, payload) values (?, ?)`,
    }),
    findUnclaimed: (slug) => findUnclaimed(names, slug, "1 as found"),
    insert: (tenant, isThere) => insert(tables, names, tenant, isThere, notice(true)),
    release: (id) => [
      take(id),
      { params: [], text: `delete from ${domains} where tenant_id = ${ID}` },
      {
        params: [],
        text: `update ${tenants} t set t.${c.schema_name} = null, t.${c.version} = null, t.${c.migrations_digest} = null where t.${c.id} = ${ID}`,
      },
      notice(false),
      wasDone,
    ],
    remove: (id) => [
      take(id),
      { params: [], text: `delete from ${tenants} where ${c.id} = ${ID}` },
      notice(false),
      wasDone,
    ],
    removeDomain: (id, domain) => [
      take(id),
      takeDomain(domain),
      { params: [domain], text: `delete from ${domains} where domain = ? and tenant_id = ${ID}` },
      notice(false),
      wasDone,
    ],
    setPrimaryDomain: (id, domain) => [
      take(id),
      takeDomain(domain),
      {
        params: [domain, domain],
        text: `update ${domains} set is_primary = (domain = ?) where tenant_id = ${ID} and (is_primary or domain = ?)`,
      },
      notice(false),
      wasDone,
    ],
    update,
  };
}

/** Those of the application's rows that have the slug and are no tenants. */
function findUnclaimed(
  { columns: c, tenants }: RegistryNames,
  slug: string,
  what: string,
): Statement {
  return {
    params: [slugKey(slug), slug],
    text: `select ${what} from ${tenants} t where t.${KEYS.isTenant} is null and t.${KEYS.slug} = ?
      and ${bytesOf(`t.${c.slug}`)} = ${bytesOf("?")}`,
  };
}

function insert(
  tables: RegistryTables,
  names: RegistryNames,
  tenant: NewTenant,
  isThere: boolean,
  notice: Statement,
): readonly Statement[] {
  const { columns: c } = names;
  return [
    ...(isThere ? claimRow(tables, names, tenant) : insertRow(tables, names, tenant)),
    ...insertDomains(names, tenant.domains),
    notice,
    {
      params: [],
      text: `${selectRows(names, `, ${isThere ? 1 : 0} as was_there`)} where t.${c.id} = ${ID}`,
    },
  ];
}

function insertRow(
  tables: RegistryTables,
  { columns: c, tenants }: RegistryNames,
  { extra: given, made, name, schemaName, server, slug }: NewTenant,
): readonly Statement[] {
  const extra = extraValues(tables, given);
  const own = [c.slug, c.schema_name, c.name, c.server, c.state, c.version, c.migrations_digest];
  const columns = [...own, ...extra.columns];
  const params = [slug, schemaName, name, server, ...madeValues(made), ...extra.values];
  return [
    {
      params,
      text: `insert into ${tenants} (${columns.join(", ")}) values (${placeholders(params)})`,
    },
    {
      params: [slugKey(slug)],
      text: `select max(t.${c.id}) into ${ID} from ${tenants} t where ${IS_TENANT} and t.${KEYS.slug} = ?`,
    },
  ];
}

/**
 * The row is looked for before it is locked, and locked by its id alone: anything else would lock the
 * gap beside it too, where others insert. It may be somebody's by now.
 */
function claimRow(
  tables: RegistryTables,
  names: RegistryNames,
  { extra: given, made, name, schemaName, server, slug }: NewTenant,
): readonly Statement[] {
  const { columns: c, tenants } = names;
  const extra = extraValues(tables, given);
  const sets = [
    `t.${c.schema_name} = ?`,
    `t.${c.name} = coalesce(?, t.${c.name})`,
    `t.${c.server} = ?`,
    `t.${c.state} = ?`,
    `t.${c.version} = ?`,
    `t.${c.migrations_digest} = ?`,
    `t.${c.updated_at} = current_timestamp(6)`,
    ...extra.columns.map((column) => `t.${column} = ?`),
  ];
  return [
    findUnclaimed(names, slug, `max(t.${c.id}) into ${FOUND}`),
    {
      params: [],
      text: `select max(t.${c.id}) into ${ID} from ${tenants} t
        where ${FOUND} is not null and t.${c.id} = ${FOUND} and t.${KEYS.isTenant} is null for update`,
    },
    {
      params: [schemaName, name, server, ...madeValues(made), ...extra.values],
      text: `update ${tenants} t set ${sets.join(", ")} where t.${c.id} = ${ID}`,
    },
  ];
}

/** State, version and fingerprint, as a row begins with them. */
function madeValues(made: NewTenant["made"]): readonly (string | null)[] {
  const state: TenantState = made?.isActive === true ? "active" : "provisioning";
  return [state, made?.version ?? null, made?.digest ?? null];
}

/** In their order, the first as the primary one. */
function insertDomains({ domains }: RegistryNames, list: readonly string[]): readonly Statement[] {
  if (list.length === 0) return [];
  const rows = list.map((_domain, place) => `select ? as domain, ${place} as place`);
  return [
    {
      params: list,
      text: `insert into ${domains} (domain, tenant_id, is_primary)
        select n.domain, ${ID}, n.place = 0 from (${rows.join(" union all ")}) n
        where ${ID} is not null order by n.place`,
    },
  ];
}

function demoteOthers({ domains }: RegistryNames, domain: string): Statement {
  return {
    params: [domain, domain],
    text: `update ${domains} d join ${domains} o on o.domain = ? and o.tenant_id = d.tenant_id
      set d.is_primary = 0 where d.tenant_id = ${ID} and d.domain <> ? and d.is_primary`,
  };
}

/** The application's own columns among those configured, each with its parameter. */
function extraValues(
  tables: RegistryTables,
  extra: Readonly<Record<string, unknown>>,
): { columns: string[]; values: unknown[] } {
  const names = Object.keys(tables.extraColumns).filter((name) => extra[name] !== undefined);
  return {
    columns: names.map(quoteIdentifier),
    values: names.map((name) => toParam(extra[name])),
  };
}

/** Objects go as JSON: some client libraries would make SQL of them. */
function toParam(value: unknown): unknown {
  const isPlain =
    typeof value === "object" &&
    value !== null &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array);
  return isPlain ? JSON.stringify(value) : value;
}

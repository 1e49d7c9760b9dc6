import type { RegistrySql, TenantRow } from "../core/registry-sql.ts";
import type { TenantCount } from "../core/registry.ts";
import type { RegistryTables } from "../core/settings.ts";
import { type Tenant, TENANT_STATES, type TenantState } from "../core/tenant.ts";

/** A row as the client library returns it. */
export type RawRow = Readonly<Record<string, unknown>>;

/** Reads one row of the registry's statements. */
export type ReadTenant = (row: RawRow) => {
  readonly tenant: Tenant;
  /** Whether `insert` took a row that was there. */
  readonly wasThere: boolean;
  /** In a list: what it is sorted by, unless that is the slug. */
  readonly sortKey: string | null;
};

/** Makes what reads the rows of one registry. */
export function createReadTenant(sql: RegistrySql, tables: RegistryTables): ReadTenant {
  return (raw) => {
    const row = sql.read(raw);
    return {
      sortKey: row.sort_key ?? null,
      tenant: toTenant(row, tables),
      wasThere: row.was_there === true,
    };
  };
}

/** Reads one row of the statement that counts. */
export function readCount(row: RawRow): TenantCount {
  return {
    migrationsDigest: row["migrations_digest"] as string | null,
    state: toState(String(row["state"])),
    tenants: Number(row["tenants"]),
    version: row["version"] as string | null,
  };
}

/** Makes a tenant from its row; deeply read-only, as all who look it up share it. */
function toTenant(row: TenantRow, tables: RegistryTables): Tenant {
  const extra = Object.keys(tables.extraColumns).map((name, index) => [
    name,
    freeze(row[`extra_${index}`]),
  ]);
  return Object.freeze({
    createdAt: new Date(row.created_at),
    domains: Object.freeze([...row.domains]),
    extra: Object.freeze(Object.fromEntries(extra)) as Readonly<Record<string, unknown>>,
    id: row.id,
    migrationsDigest: row.migrations_digest,
    name: row.name,
    schemaName: row.schema_name,
    server: row.server,
    slug: row.slug,
    state: toState(row.state),
    updatedAt: new Date(row.updated_at),
    version: row.version,
  });
}

/** An application's own column may hold words of its own; none of them lets anybody in. */
function toState(state: string): TenantState {
  return TENANT_STATES.includes(state as TenantState) ? (state as TenantState) : "suspended";
}

/** The values of `jsonb` columns and arrays, all the way down; dates and bytes cannot be frozen. */
function freeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}

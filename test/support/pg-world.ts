import pg from "pg";
import type { DriverHost } from "../../src/core/driver.ts";
import { type Scope, ScopeContext, scopeOf } from "../../src/core/scope.ts";
import { SILENT_LOGGER } from "../../src/core/logger.ts";
import type { Tenant } from "../../src/core/tenant.ts";
import { pg as pgDriver, type PgOptions } from "../../src/drivers/pg/index.ts";

/** One database with tenants in it, and a driver that is used without the rest of the toolkit. */
export interface PgWorld {
  readonly pool: pg.Pool;
  readonly driver: ReturnType<typeof pgDriver>;
  readonly context: ScopeContext;
  readonly tenants: readonly Tenant[];
  /** A client of its own, without any scope. */
  readonly admin: pg.Client;
  /** Schemas that the driver reported missing. */
  readonly missing: string[];
  in<T>(tenant: number, fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
  close(): Promise<void>;
}

/** Makes a tenant as the registry would return it. */
export function fakeTenant(slug: string, changes: Partial<Tenant> = {}): Tenant {
  const now = new Date();
  return {
    createdAt: now,
    domains: [],
    extra: {},
    id: slug,
    migrationsDigest: null,
    name: null,
    schemaName: `tenant_${slug}`,
    server: "default",
    slug,
    state: "active",
    updatedAt: now,
    version: null,
    ...changes,
  };
}

/** Quotes an identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Makes `names.length` schemas with a table `note(id, owner, body)` of two rows each, and decoys in
 * `public`, in the database at `url`; and a driver for them.
 */
export async function createPgWorld(
  url: string,
  names: readonly string[],
  options: PgOptions & { adminUrl?: string } = {},
): Promise<PgWorld> {
  const { adminUrl = url, ...driverOptions } = options;
  const admin = new pg.Client({ connectionString: adminUrl });
  admin.on("error", () => undefined);
  await admin.connect();
  const tenants = names.map((name, index) => fakeTenant(`t${index}`, { schemaName: name }));
  const table =
    "create table if not exists note (id serial primary key, owner text not null, body text)";
  const all = ["public", ...tenants.map(({ schemaName }) => schemaName)];
  for (const schema of all) {
    const owner = schema === "public" ? "PUBLIC" : schema;
    await admin.query(
      `create schema if not exists ${quoted(schema)}; set search_path = ${quoted(schema)}; ${table};` +
        `insert into note (owner, body) select '${owner.replaceAll("'", "''")}', 'first' from generate_series(1, 2) where not exists (select from note);` +
        "reset search_path",
    );
  }
  const context = new ScopeContext();
  const missing: string[] = [];
  const driver = pgDriver({ connectionString: url, max: 4, ...driverOptions });
  const host: DriverHost = {
    currentScope: () => context.current(),
    globalSchema: "public",
    logger: SILENT_LOGGER,
    onSchemaMissing: (schemaName) => missing.push(schemaName),
    sharedSchemas: [],
  };
  driver.attach(host);
  return {
    admin,
    close: async () => {
      await driver.close();
      await admin.end();
    },
    context,
    driver,
    in: (tenant, fn) => context.run(scopeAt(tenants, tenant), fn),
    missing,
    get pool() {
      return driver.pool;
    },
    tenants,
  };
}

function scopeAt(tenants: readonly Tenant[], index: number): Scope {
  const tenant = tenants[index];
  if (tenant === undefined) throw new Error(`There is no tenant ${index}.`);
  return scopeOf(tenant);
}

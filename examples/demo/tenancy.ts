import { existsSync } from "node:fs";
import { join } from "node:path";
import { createTenancy, isTenancyError, type Tenancy, type TenancyConfig } from "kirayedar";
import { pg } from "kirayedar/pg";
import { pglite } from "kirayedar/pglite";

/** Where the demo keeps its data, and under which domain it serves. */
export interface DemoOptions {
  /** Address of a real server; without one, an embedded database is used. */
  readonly databaseUrl: string | undefined;
  /** Folder of the embedded database. */
  readonly dataDir: string;
}

const SEEDS = [
  { name: "Acme Anvils", notes: ["Order more iron", "Road runner called again"], slug: "acme" },
  { name: "Globex", notes: ["Move the moon to Tuesday", "Water the hammocks"], slug: "globex" },
  { name: "Initech", notes: ["New cover sheet for the reports"], slug: "initech" },
] as const;

/** Connects, brings everything up to date, and makes the first tenants if there are none. */
export async function openTenancy(options: DemoOptions): Promise<Tenancy> {
  const config: TenancyConfig = {
    adminHost: "admin.localhost",
    database:
      options.databaseUrl === undefined
        ? pglite({ dataDir: options.dataDir })
        : pg({ connectionString: options.databaseUrl }),
    migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
    primaryDomain: "localhost",
  };
  const tenancy: Tenancy = createTenancy(config);
  try {
    await tenancy.migrateGlobal();
    const { tenants } = await tenancy.list({ limit: 1 });
    if (tenants.length === 0) await seed(tenancy);
    await tenancy.migrateAll();
    return tenancy;
  } catch (error) {
    await tenancy.close();
    throw error;
  }
}

async function seed(tenancy: Tenancy): Promise<void> {
  for (const { name, notes, slug } of SEEDS) {
    await tenancy.create(slug, {
      afterCreate: async () => {
        for (const body of notes)
          await tenancy.query("insert into notes (body) values ($1)", [body]);
      },
      name,
    });
  }
}

/** Tells whether the demo has run before, in this folder. */
export function hasData(dataDir: string): boolean {
  return existsSync(join(dataDir, "PG_VERSION"));
}

/** Returns the part of an error that is fit for a page, and its status. */
export function describeError(error: unknown): { readonly status: number; readonly text: string } {
  if (!isTenancyError(error)) return { status: 500, text: "Something went wrong." };
  const status = error.code === "TENANT_EXISTS" || error.code === "TENANT_BUSY" ? 409 : 400;
  return { status, text: error.message.replace(/ \[[A-Z_]+\]$/, "").replaceAll("`", "") };
}

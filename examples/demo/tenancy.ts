import { existsSync } from "node:fs";
import { join } from "node:path";
import { createTenancy, isTenancyError, type Tenancy, type TenancyConfig } from "kirayedar";
import { openDatabase } from "./database.ts";
import { type Notes, openNotes } from "./notes.ts";

/** Where the demo keeps its data, and under which domain it serves. */
export interface DemoOptions {
  /** Address of a real server; without one, an embedded database is used. */
  readonly databaseUrl: string | undefined;
  /** Folder of the embedded database. */
  readonly dataDir: string;
}

const SEEDS = [
  { name: "Acme Anvils", slug: "acme", texts: ["Order more iron", "Road runner called again"] },
  { name: "Globex", slug: "globex", texts: ["Move the moon to Tuesday", "Water the hammocks"] },
  { name: "Initech", slug: "initech", texts: ["New cover sheet for the reports"] },
] as const;

/** A tenancy, and the notes of the tenant in its scope. */
export interface OpenTenancy {
  readonly tenancy: Tenancy;
  readonly notes: Notes;
}

/** Connects, brings everything up to date, and makes the first tenants if there are none. */
export async function openTenancy(options: DemoOptions): Promise<OpenTenancy> {
  const database = openDatabase(options.databaseUrl, options.dataDir);
  const config: TenancyConfig = {
    adminHost: "admin.localhost",
    database: database.driver,
    migrations: { tenant: join(import.meta.dirname, database.migrations) },
    primaryDomain: "localhost",
    ...(database.globalSchema !== undefined && { globalSchema: database.globalSchema }),
  };
  const tenancy: Tenancy = createTenancy(config);
  const notes = openNotes(tenancy, database);
  try {
    await tenancy.migrateGlobal();
    const { tenants } = await tenancy.list({ limit: 1 });
    if (tenants.length === 0) await seed(tenancy, notes);
    await tenancy.migrateAll();
    return { notes, tenancy };
  } catch (error) {
    await tenancy.close();
    throw error;
  }
}

async function seed(tenancy: Tenancy, notes: Notes): Promise<void> {
  for (const { name, slug, texts } of SEEDS) {
    await tenancy.create(slug, {
      afterCreate: async () => {
        for (const text of texts) await notes.add(text);
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

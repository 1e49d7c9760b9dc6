import type pg from "pg";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import type { Tenant } from "../../../../src/core/tenant.ts";
import { createTenancy } from "../../../../src/tenancy/create-tenancy.ts";
import { type Admin, type EngineDatabase, POSTGRES } from "../../../support/engines.ts";

const TABLE = "create table notes (id serial primary key, owner text not null, text text not null)";

/** Tenants with a table of notes, and one of the same name in the global schema. */
export interface JobsWorld {
  readonly tenancy: Tenancy<pg.Pool>;
  readonly admin: Admin;
  readonly database: EngineDatabase;
  /** Makes a tenant that no other test has. */
  tenant(name?: string): Promise<Tenant>;
  /** Texts of the notes in a schema. */
  notes(schema: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function openJobsWorld(max = 4): Promise<JobsWorld> {
  const database = await POSTGRES.open();
  const tenancy = createTenancy({
    // Other processes' changes are heard of at once; here there are none.
    database: database.driver({ max }),
    migrations: { tenant: [{ name: "notes", up: TABLE, version: "1" }] },
  }) as Tenancy<pg.Pool>;
  const admin = await database.connect();
  await tenancy.migrateGlobal();
  await admin.query(TABLE);
  await admin.query("insert into notes (owner, text) values ('GLOBAL', 'decoy')");
  let made = 0;
  return {
    admin,
    close: async () => {
      await tenancy.close();
      await admin.end();
      await database.drop();
    },
    database,
    notes: async (schema) => {
      const { rows } = await admin.query<{ text: string }>(
        `select text from "${schema}".notes order by id`,
      );
      return rows.map(({ text }) => text);
    },
    tenancy,
    tenant: (name = `t${(made += 1)}`) => tenancy.create(name),
  };
}

/** Waits until a condition holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = "the condition",
  { everyMs = 20, timeoutMs = 25_000 } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about in time`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** A promise that is resolved from elsewhere. */
export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

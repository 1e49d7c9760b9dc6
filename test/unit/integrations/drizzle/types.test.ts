import type { Pool as MysqlPool } from "mysql2";
import type { Pool } from "pg";
import { defineRelations } from "drizzle-orm-1";
import type { Cache } from "drizzle-orm-1/cache/core";
import { drizzle as mysql1 } from "drizzle-orm-1/mysql2";
import { drizzle as pg1 } from "drizzle-orm-1/node-postgres";
import { pgSchema as pgSchema1, text as text1 } from "drizzle-orm-1/pg-core";
import type { Cache as Cache045 } from "drizzle-orm/cache/core";
import { drizzle as mysql045 } from "drizzle-orm/mysql2";
import { mysqlSchema, text as mysqlText } from "drizzle-orm/mysql-core";
import { drizzle as pg045 } from "drizzle-orm/node-postgres";
import { pgSchema, text } from "drizzle-orm/pg-core";
import { drizzle as pglite045 } from "drizzle-orm/pglite";
import { expectTypeOf, it } from "vitest";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import type { TenantPglite } from "../../../../src/drivers/pglite/index.ts";
import {
  tenantCache,
  tenantDrizzle,
  tenantTables,
} from "../../../../src/integrations/orm/drizzle/index.ts";

// What is never called is compiled all the same.
it("asks for no assertion of types, in both lines", () => {
  expectTypeOf(node045).returns.resolves.toEqualTypeOf<string[]>();
  expectTypeOf(node1).returns.resolves.toEqualTypeOf<string[]>();
  expectTypeOf(mysql).returns.resolves.toEqualTypeOf<string[]>();
  expectTypeOf(embedded).returns.resolves.toEqualTypeOf<number>();
});

async function node045(tenancy: Tenancy<Pool>, cache: Cache045): Promise<string[]> {
  const tables = tenantTables(pgSchema, (schema) => ({
    notes: schema.table("notes", { text: text().notNull() }),
  }));
  const { db, forTenant } = tenantDrizzle(
    tenancy,
    (pool, own) => pg045({ cache: tenantCache(tenancy, cache), client: pool, schema: own }),
    { tables },
  );
  const list = async (from: typeof db): Promise<string[]> => {
    const rows = await from.select().from(from.$tables.notes);
    return [...rows, ...(await from.query.notes.findMany())].map((row) => row.text);
  };
  return await list(await forTenant("acme"));
}

async function node1(tenancy: Tenancy<Pool>, cache: Cache): Promise<string[]> {
  const tables = tenantTables(pgSchema1, (schema) => ({
    notes: schema.table("notes", { text: text1().notNull() }),
  }));
  const { db } = tenantDrizzle(
    tenancy,
    (pool, own) =>
      pg1({
        cache: tenantCache(tenancy, cache),
        client: pool,
        relations: defineRelations(own),
      }),
    { tables },
  );
  const rows = await db.select().from(db.$tables.notes);
  return [...rows, ...(await db.query.notes.findMany())].map((row) => row.text);
}

async function mysql(tenancy: Tenancy<MysqlPool>): Promise<string[]> {
  tenantDrizzle(tenancy, (pool) => mysql1({ client: pool.promise() }));
  const tables = tenantTables(mysqlSchema, (schema) => ({
    notes: schema.table("notes", { text: mysqlText().notNull() }),
  }));
  const { forTenant } = tenantDrizzle(
    tenancy,
    (pool, own) => mysql045({ client: pool, mode: "default", schema: own }),
    { tables },
  );
  const acme = await forTenant("acme");
  const rows = await acme.select().from(acme.$tables.notes);
  return rows.map((row) => row.text);
}

async function embedded(tenancy: Tenancy<TenantPglite>): Promise<number> {
  const tables = tenantTables(pgSchema, (schema) => ({
    notes: schema.table("notes", { text: text() }),
  }));
  // PGlite's class has private members, which no other class can have.
  const { db } = tenantDrizzle(tenancy, (pool) => pglite045({ client: pool as never }), { tables });
  return await db.$count(db.$tables.notes);
}

import { mysqlSchema } from "drizzle-orm/mysql-core";
import { mysqlSchema as mysqlSchema1 } from "drizzle-orm-1/mysql-core";
import { getTableConfig, pgSchema, type PgSchema, text } from "drizzle-orm/pg-core";
import { pgSchema as pgSchema1 } from "drizzle-orm-1/pg-core";
import { describe, expect, it } from "vitest";
import { tenantTables } from "../../../../src/integrations/orm/drizzle/index.ts";

const SCHEMA = Symbol.for("drizzle:Schema");

describe("tenantTables", () => {
  it("names the schema of each tenant's tables, and of the unqualified ones none", () => {
    const notes = (schema: PgSchema) => ({ notes: schema.table("notes", { text: text() }) });
    const tables = tenantTables(pgSchema, notes);
    expect(getTableConfig(tables("tenant_acme").notes)).toMatchObject({
      name: "notes",
      schema: "tenant_acme",
    });
    expect(getTableConfig(tables.unqualified.notes).schema).toBeUndefined();
  });

  it("makes the tables of one schema once", () => {
    let made = 0;
    const tables = tenantTables(pgSchema, (schema) => ({
      made: (made += 1),
      notes: schema.table("notes", { text: text() }),
    }));
    expect(tables("tenant_acme")).toBe(tables("tenant_acme"));
    expect(tables("tenant_globex")).not.toBe(tables("tenant_acme"));
    expect(made).toBe(3);
  });

  it.each([
    ["pgSchema of 0.45", pgSchema],
    ["pgSchema of 1.0", pgSchema1],
    ["mysqlSchema of 0.45", mysqlSchema],
    ["mysqlSchema of 1.0", mysqlSchema1],
  ])("works with %s", (_name, schemaOf) => {
    type Schema = { table(name: string, columns: object): { [SCHEMA]?: string } };
    const tables = tenantTables(schemaOf as unknown as (name: string) => Schema, (schema) => ({
      notes: schema.table("notes", {}),
    }));
    expect(tables("tenant_acme").notes[SCHEMA]).toBe("tenant_acme");
    expect(tables.unqualified.notes[SCHEMA]).toBeUndefined();
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SchemaDifference } from "../../../src/core/drift.ts";
import type { Admin } from "../../support/engines.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";

describe("diff on PostgreSQL", () => {
  let world: World;
  let admin: Admin;

  beforeAll(async () => {
    const up = `create type mood as enum ('ok'); create type point as enum ('here');
      create table note (id integer, body text, place tenant_shape.point, m mood);
      create function lower(mood) returns text language sql as 'select ''x''';
      create view lowered as select tenant_shape.lower(m) as low, pg_catalog.lower(body) as other from note`;
    const tenant = [
      {
        name: "note",
        up: async (db: {
          schemaName: string;
          script(text: string): Promise<void>;
        }): Promise<void> => db.script(up.replaceAll("tenant_shape", `"${db.schemaName}"`)),
        version: "1",
      },
    ];
    world = await createWorld({ lockTimeoutMs: 300, migrations: { global: [], tenant } });
    admin = world.admin;
  });

  afterAll(() => world.close());

  beforeEach(async () => {
    await world.tenancy.create("acme");
  });

  afterEach(async () => {
    await world.tenancy.drop("acme", { ifMissing: "ignore" });
  });

  async function differences(): Promise<readonly SchemaDifference[]> {
    const { failed, groups } = await world.tenancy.diff();
    expect(failed).toEqual([]);
    return groups.flatMap((group) => group.differences);
  }

  it("takes types and functions for its own that the engine has by the same name", async () => {
    expect(await differences()).toEqual([]);
    await admin.query("alter table tenant_acme.note alter place type pg_catalog.point using null");
    expect(await differences()).toMatchObject([
      { actual: "point", expected: "{schema}.point", kind: "column", name: "place" },
    ]);
  });

  it("finds an index that an interrupted `create index concurrently` has left", async () => {
    await admin.query("insert into tenant_acme.note (id) values (1), (1)");
    await expect(
      admin.query("create unique index concurrently by_id on tenant_acme.note (id)"),
    ).rejects.toThrow("could not create unique index");
    expect(await differences()).toMatchObject([
      {
        actual: "CREATE UNIQUE INDEX by_id ON note USING btree (id) INVALID",
        change: "extra",
        kind: "index",
        name: "by_id",
        table: "note",
      },
    ]);
  });

  it("finds an index of the same definition that is not valid", async () => {
    await admin.query("create index by_body on tenant_acme.note (body)");
    await world.tenancy.create("other");
    await admin.query("create index by_body on tenant_other.note (body)");
    expect((await world.tenancy.diff({ against: "other" })).ok).toBe(true);
    await admin.query(
      "update pg_index set indisvalid = false where indexrelid = 'tenant_acme.by_body'::regclass",
    );
    expect(await world.tenancy.diff({ against: "other" })).toMatchObject({
      groups: [{ differences: [{ change: "changed", kind: "index", name: "by_body" }] }],
    });
    await world.tenancy.drop("other");
  });

  it("leaves out what belongs to an extension", async () => {
    const { rows } = await admin.query("select from pg_available_extensions where name = 'hstore'");
    if (rows.length === 0) return;
    await admin.query("create extension hstore schema tenant_acme");
    expect(await differences()).toEqual([]);
    await admin.query("drop extension hstore");
  });

  it("waits for nobody longer than is configured, and reports who is being changed", async () => {
    const other = await world.connect();
    await other.query("begin; lock table tenant_acme.note in access exclusive mode");
    await world.tenancy.create("free");
    try {
      const startedAt = performance.now();
      const { failed, same } = await world.tenancy.diff();
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      expect({ failed, same }).toMatchObject({
        failed: [{ error: code("TENANT_BUSY"), tenant: "acme" }],
        same: 1,
      });
    } finally {
      await other.query("rollback");
      await other.end();
      await world.tenancy.drop("free");
    }
  });

  it("reads those that are left when a connection is lost", async () => {
    for (const slug of ["b", "c", "d"]) await world.tenancy.create(slug);
    const onProgress = async (): Promise<void> => {
      await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()",
      );
    };
    const done: Promise<void>[] = [];
    const { failed, same } = await world.tenancy.diff({
      concurrency: 1,
      onProgress: ({ done: count }) => void (count === 1 && done.push(onProgress())),
    });
    await Promise.all(done);
    expect({ failed, same }).toEqual({ failed: [], same: 4 });
    for (const slug of ["b", "c", "d"]) await world.tenancy.drop(slug);
  });

  it("reads each tenant by what depends on its schema, and no catalog from end to end", async () => {
    const { postgres } = await import("../../../src/dialects/postgres/index.ts");
    const request = { except: [], lockTimeoutMs: 1000, schemaName: "tenant_acme" };
    const statement = postgres.introspect.read(request).next().value as { text: string };
    await admin.query(`prepare introspection (name, text[], text) as ${statement.text}`);
    // In a small database a catalog is read as a whole wherever that is possible at all.
    await admin.query("set enable_seqscan = off");
    const { rows } = await admin.query<{ "QUERY PLAN": string }>(
      "explain (costs off) execute introspection ('tenant_acme', '{}', '1000')",
    );
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).not.toMatch(/Seq Scan on pg_(?!authid\b)/);
    await admin.query("deallocate introspection; reset enable_seqscan");
  });
});

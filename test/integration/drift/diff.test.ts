import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DiffProgress } from "../../../src/core/drift.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import { describeEngines, inWords } from "../../support/engines.ts";
import { code, CREATE_NOTE, createWorld, type World } from "../lifecycle/world.ts";
import { RICH } from "./rich-migrations.ts";

const ADD_TAG: Migration = {
  name: "tag",
  up: "create table tag (id int)",
  version: "20260103000001",
};

describeEngines("diff", (engine) => {
  const migrations: readonly Migration[] = [CREATE_NOTE, RICH[engine.family]];
  let world: World;

  beforeAll(async () => {
    world = await createWorld({ migrations: { global: [], tenant: migrations } }, engine);
    for (const slug of ["acme", "globex", "initech"]) await world.tenancy.create(slug);
  });

  afterAll(() => world.close());

  async function inSchema(slug: string, text: string): Promise<void> {
    await (await world.tenancy.tenant(slug)).query(text);
  }

  async function withTenant(slug: string, fn: () => Promise<void>): Promise<void> {
    await world.tenancy.create(slug);
    try {
      await fn();
    } finally {
      await world.tenancy.drop(slug);
    }
  }

  it("finds nothing in tenants that the migrations made, and leaves nothing behind", async () => {
    const before = await world.contents();
    expect(await world.tenancy.diff()).toMatchObject({
      failed: [],
      groups: [],
      notReached: [],
      ok: true,
      reference: {
        source: inWords(engine, { mysql: "schema", postgres: "transaction" }),
        tenant: null,
        version: RICH[engine.family].version,
      },
      same: 3,
    });
    expect(await world.contents()).toEqual(before);
  });

  it("takes one that was migrated step by step for the same", async () => {
    await world.another({ migrations: { global: [], tenant: [] } }).create("steps");
    await world.tenancy.migrate("steps", { steps: 1 });
    expect(await world.tenancy.diff({ only: ["steps"] })).toMatchObject({
      groups: [
        { tenants: [{ sameMigrations: false, tenant: "steps", version: CREATE_NOTE.version }] },
      ],
    });
    await world.tenancy.migrate("steps");
    expect(await world.tenancy.diff({ only: ["steps"] })).toMatchObject({ ok: true, same: 1 });
    await world.tenancy.drop("steps");
  });

  it("groups tenants that differ alike, the largest group first", async () => {
    await inSchema("acme", "create view one as select 1 as x");
    await inSchema("globex", "create view two as select 2 as x");
    await inSchema("initech", "create view two as select 2 as x");
    const { groups, same } = await world.tenancy.diff();
    expect(same).toBe(0);
    expect(groups.map(({ tenants }) => tenants.map(({ tenant }) => tenant))).toEqual([
      ["globex", "initech"],
      ["acme"],
    ]);
    expect(groups[1]!.differences).toMatchObject([{ change: "extra", kind: "view", name: "one" }]);
    await inSchema("acme", "drop view one");
    for (const slug of ["globex", "initech"]) await inSchema(slug, "drop view two");
  });

  it("compares with a tenant, whatever the migrations say", async () => {
    await inSchema("acme", "create view one as select 1 as x");
    const result = await world.tenancy.diff({ against: "acme", except: ["globex"] });
    expect(result).toMatchObject({
      groups: [
        { differences: [{ change: "missing", name: "one" }], tenants: [{ tenant: "initech" }] },
      ],
      reference: { source: "tenant", tenant: "acme" },
      same: 1,
    });
    await inSchema("acme", "drop view one");
    await expect(world.tenancy.diff({ against: "nobody" })).rejects.toMatchObject(
      code("TENANT_NOT_FOUND"),
    );
  });

  it("reports a schema that is missing, and goes on", async () => {
    await withTenant("lost", async () => {
      await world.removeSchema(world.schema("lost"));
      const { failed, ok, same } = await world.tenancy.diff();
      expect({ ok, same }).toEqual({ ok: false, same: 3 });
      expect(failed).toMatchObject([
        { error: code("SCHEMA_NOT_FOUND"), schemaName: world.schema("lost"), tenant: "lost" },
      ]);
    });
  });

  it("says who is at other migrations", async () => {
    const ahead = world.another({ migrations: { global: [], tenant: [...migrations, ADD_TAG] } });
    await withTenant("new", async () => {
      await ahead.migrate("new");
      const { groups, same } = await ahead.diff();
      expect(same).toBe(1);
      expect(groups).toMatchObject([
        {
          differences: [{ change: "missing", kind: "table", name: "tag" }],
          tenants: ["acme", "globex", "initech"].map((tenant) => ({
            sameMigrations: false,
            tenant,
          })),
        },
      ]);
    });
  });

  it("tells how far it is, works on several at a time, and stops when it is asked to", async () => {
    const seen: DiffProgress[] = [];
    await world.tenancy.diff({ concurrency: 3, onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ done, total }) => [done, total])).toEqual(
      [1, 2, 3].map((done) => [done, 3]),
    );
    expect(seen.every(({ last }) => last.differences === 0)).toBe(true);
    const controller = new AbortController();
    const result = await world.tenancy.diff({
      concurrency: 1,
      onProgress: () => controller.abort(),
      signal: controller.signal,
    });
    expect(result).toMatchObject({ notReached: ["globex", "initech"], ok: false, same: 1 });
  });

  it("takes only tenants in the states that are named", async () => {
    await world.tenancy.suspend("acme");
    expect(await world.tenancy.diff({ state: ["suspended"] })).toMatchObject({ same: 1 });
    await world.tenancy.resume("acme");
  });

  it("refuses what makes no sense before it asks the database for anything", async () => {
    for (const options of [
      { concurrency: 0 },
      { only: ["Not a slug"] },
      { against: "Not a slug" },
      { onProgress: "yes" as never },
    ]) {
      await expect(world.tenancy.diff(options)).rejects.toThrow(TypeErrorOrOurs);
    }
  });

  describe("migrations that are functions", () => {
    const seen: { id: string | undefined; slug: string | undefined }[] = [];
    const named: Migration = {
      name: "named",
      up: async (db) => {
        const { schemaName, tenant } = db;
        seen.push({ id: tenant?.id, slug: tenant?.slug });
        const text = inWords(engine, {
          mysql: `create function own_notes() returns int reads sql data return (select count(*) from \`${schemaName}\`.note)`,
          postgres: `create function own_notes() returns bigint language sql as 'select count(*) from "${schemaName}".note'`,
        });
        await db.query(text);
      },
      version: "20260104000001",
    };

    it("are told of a tenant that is nobody, and may write the schema's name", async () => {
      const other = world.another({ migrations: { global: [], tenant: [...migrations, named] } });
      await other.migrateAll();
      seen.length = 0;
      expect(await other.diff()).toMatchObject({ ok: true, same: 3 });
      expect(seen).toMatchObject([{ slug: "diff-reference" }]);
      expect(await world.tenancy.exists({ id: seen[0]!.id! })).toBe(false);
      const text = inWords(engine, {
        mysql: `drop function own_notes; create function own_notes() returns int reads sql data return (select count(*) from \`${world.schema("globex")}\`.note)`,
        postgres: `create or replace function own_notes() returns bigint language sql as 'select count(*) from "${world.schema("globex")}".note'`,
      });
      const enter = inWords(engine, { mysql: "use", postgres: "set search_path =" });
      await world.admin.query(`${enter} ${world.schema("acme")}; ${text}`);
      await world.admin.query(
        inWords(engine, { mysql: `use ${world.globalSchema}`, postgres: "reset search_path" }),
      );
      // It reads another tenant's notes, and is compared with the very tenant whose notes it reads.
      expect(await other.diff({ against: "globex" })).toMatchObject({
        groups: [
          {
            differences: [{ change: "changed", kind: "function" }],
            tenants: [{ tenant: "acme" }],
          },
        ],
        same: 2,
      });
    });
  });
});

/** Ours, or the kind that a wrong type makes. */
const TypeErrorOrOurs = /\[(?:INVALID_QUERY|INVALID_TENANT_ID)\]$/;

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Migration } from "../../../src/core/migrator.ts";
import { describeEngines, POSTGRES } from "../../support/engines.ts";
import { code, CREATE_NOTE, createWorld, type World, type WorldConfig } from "./world.ts";

const NEXT: Migration = {
  name: "next",
  up: "create table next (id int primary key)",
  version: "20260101000002",
};

describeEngines("ready-made tenants", (engine) => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld({ provisioning: { ready: 3 } }, engine);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    for (const { slug } of (await world.contents()).rows) {
      await world.tenancy.drop(slug as string);
    }
    await world.another().provision();
    const { schemas } = await world.contents();
    if (schemas.length > 0) throw new Error(`Left by the test before: ${schemas.join(", ")}.`);
  });

  const opened: World["tenancy"][] = [];
  const another = (config: WorldConfig = {}): World["tenancy"] => {
    const tenancy = world.another({ provisioning: { ready: 3 }, ...config });
    opened.push(tenancy);
    return tenancy;
  };
  // What goes on in the background ends with its tenancy.
  afterEach(async () => {
    for (const tenancy of opened.splice(0)) await tenancy.close();
  });

  async function made(): Promise<string[]> {
    const { rows } = await world.admin.query<{ schema_name: string }>(
      `select schema_name from ${world.globalSchema}.kirayedar_ready order by schema_name`,
    );
    return rows.map(({ schema_name }) => schema_name);
  }

  it("are made by `provision`, and nobody sees them", async () => {
    const tenancy = another();
    expect(await tenancy.provision()).toEqual({ made: 3, ready: 3, removed: 0 });
    expect(await tenancy.provision()).toEqual({ made: 0, ready: 3, removed: 0 });
    expect((await tenancy.list()).tenants).toEqual([]);
    const [name] = await made();
    expect(name).toMatch(/_[0-9a-f]{16}$/);
    await expect(tenancy.migrateAll()).resolves.toMatchObject({ counts: { changed: 0 } });
  });

  it("become tenants, with a name of their own where schemas have one", async () => {
    const tenancy = another();
    await tenancy.provision();
    const before = await made();
    const acme = await tenancy.create("acme", { domains: ["acme.test"], name: "Acme" });
    expect(acme).toMatchObject({
      domains: ["acme.test"],
      name: "Acme",
      slug: "acme",
      state: "active",
      version: CREATE_NOTE.version,
    });
    const names = { mysql: before, postgres: [world.schema("acme")] };
    expect(names[engine.family]).toContain(acme.schemaName);
    const rows = await tenancy.withTenant("acme", () => tenancy.query("select body from note"));
    expect(rows.rows).toEqual([{ body: "first" }]);
    expect(await tenancy.healthCheck("acme")).toMatchObject({ healthy: true, pending: [] });
    expect(await tenancy.migrate("acme")).toMatchObject({ versions: [] });
    expect(acme.migrationsDigest).toMatch(/^[0-9a-f]{64}$/);
    await tenancy.drop("acme");
    expect(await tenancy.exists("acme")).toBe(false);
  });

  it("are the same as those that are made by migrations, part for part", async () => {
    const rich: Migration = {
      name: "rich",
      up: {
        mysql:
          "create table parent (id int primary key, word varchar(20) default 'x'); create table child (id int primary key, parent_id int, constraint child_parent foreign key (parent_id) references parent (id)); create index child_by_parent on child (parent_id); create view words as select word from parent",
        postgres:
          "create type mood as enum ('good', 'bad'); create table parent (id int generated always as identity primary key, word text default 'x', mood mood); create table child (id serial primary key, parent_id int references parent (id) on delete cascade, check (id > 0)); create index child_by_parent on child (parent_id) where parent_id is not null; create view words as select word from parent; create function touch() returns trigger language plpgsql as $$ begin return new; end $$; create trigger t before insert on child for each row execute function touch()",
      }[engine.family],
      version: "20260101000003",
    };
    const migrations = { global: [], tenant: [CREATE_NOTE, rich] };
    const tenancy = another({ migrations });
    await tenancy.provision();
    const ready = await made();
    await tenancy.create("claimed");
    await another({ migrations, provisioning: {} }).create("migrated");
    await expect
      .poll(async () => (await made()).filter((name) => ready.includes(name)).length)
      .toBe(2);
    expect(await tenancy.diff()).toMatchObject({ failed: [], groups: [], same: 2 });
  });

  it("are made again in the background", async () => {
    const tenancy = another();
    await tenancy.provision();
    await tenancy.create("acme");
    await expect.poll(async () => (await made()).length).toBe(3);
  });

  it("are handed out once each, and when there are none, tenants are made", async () => {
    const [one, two] = [another(), another()];
    await one.provision();
    const ready = await made();
    const slugs = Array.from({ length: 8 }, (_, index) => `t${index}`);
    const tenants = await Promise.all(
      slugs.map((slug, index) => (index % 2 === 0 ? one : two).create(slug)),
    );
    expect(new Set(tenants.map(({ schemaName }) => schemaName)).size).toBe(8);
    for (const slug of slugs) {
      const { rows } = await one.withTenant(slug, () => one.query("select body from note"));
      expect(rows).toEqual([{ body: "first" }]);
    }
    const left = await made();
    // Those that were there are gone, or still wait; none of them is both.
    const taken = new Set(tenants.map(({ schemaName }) => schemaName));
    expect(left.filter((name) => taken.has(name))).toEqual([]);
    expect(ready.length).toBe(3);
  });

  it("are made anew by a fleet migration, and old ones are not handed out", async () => {
    const old = another();
    await old.provision();
    const before = await made();
    const ahead = another({ migrations: { global: [], tenant: [CREATE_NOTE, NEXT] } });
    const tenant = await ahead.create("early");
    expect(tenant.version).toBe(NEXT.version);
    expect(before).not.toContain(tenant.schemaName);
    await ahead.migrateAll();
    await expect.poll(async () => (await made()).length).toBe(3);
    expect((await made()).filter((name) => before.includes(name))).toEqual([]);
    expect((await ahead.create("late")).version).toBe(NEXT.version);
  });

  it("run the hooks, in the tenant's scope, and are undone if one fails", async () => {
    const seen: unknown[] = [];
    const tenancy = another({
      hooks: {
        afterCreate: async ({ slug, version }) => {
          if (slug === "bad") throw new Error("no");
          const { rows } = await tenancy.query("select body from note");
          seen.push([slug, version, rows]);
        },
      },
    });
    await tenancy.provision();
    expect(await tenancy.create("good")).toMatchObject({ state: "active" });
    expect(seen).toEqual([["good", CREATE_NOTE.version, [{ body: "first" }]]]);
    await expect(tenancy.create("bad")).rejects.toMatchObject(code("HOOK_FAILED"));
    expect(await tenancy.exists("bad")).toBe(false);
  });

  it("leave the names of others alone", async () => {
    const tenancy = another();
    await tenancy.provision();
    await tenancy.create("acme", { domains: ["acme.test"] });
    await expect(tenancy.create("acme")).rejects.toMatchObject(code("TENANT_EXISTS"));
    const clash = tenancy.create("beta", { domains: ["acme.test"] });
    await expect(clash).rejects.toMatchObject(code("DOMAIN_TAKEN"));
    expect(await tenancy.exists("beta")).toBe(false);
    await tenancy.provision();
    expect(await made()).toHaveLength(3);
  });

  it("are not used for a tenant that is to be empty, or to have a name", async () => {
    const tenancy = another();
    await tenancy.provision();
    const empty = await tenancy.create("empty", { migrate: false });
    expect(empty.version).toBeNull();
    const schemaName = `${world.schema("named")}_x`;
    expect(await tenancy.create("named", { schemaName })).toMatchObject({ schemaName });
  });

  it("are refused where a migration is a function", async () => {
    const tenancy = another({
      migrations: { global: [], tenant: [{ ...NEXT, up: (db) => db.script("select 1") }] },
    });
    await expect(tenancy.provision()).rejects.toMatchObject(code("INVALID_CONFIG"));
    expect(await tenancy.create("acme")).toMatchObject({ state: "active" });
    expect(await made()).toEqual([]);
  });

  it("leave nothing behind when a migration fails", async () => {
    const tenancy = another({
      migrations: {
        global: [],
        tenant: [CREATE_NOTE, { ...NEXT, up: "create table note (x int)" }],
      },
    });
    await expect(tenancy.provision()).rejects.toMatchObject(code("MIGRATION_FAILED"));
    expect(await made()).toEqual([]);
    expect((await world.contents()).schemas).toEqual([]);
  });

  it("are removed where they were left half-made", async () => {
    const tenancy = another();
    await tenancy.provision();
    const [half = ""] = await made();
    await world.run(
      `update ${world.globalSchema}.kirayedar_ready set is_ready = ${engine.family === "postgres" ? "false" : "0"} where schema_name = '${half}'`,
    );
    expect(await tenancy.provision()).toEqual({ made: 1, ready: 3, removed: 1 });
    expect(await made()).not.toContain(half);
  });

  it("that somebody has removed keep no tenant from being made, and are made again", async () => {
    const tenancy = another();
    await tenancy.provision();
    for (const name of await made()) await world.removeSchema(name);
    expect(await tenancy.create("acme")).toMatchObject({ state: "active" });
    expect(await tenancy.create("globex")).toMatchObject({ state: "active" });
    expect(await tenancy.healthCheck("acme")).toMatchObject({ healthy: true });
    await expect.poll(async () => (await tenancy.provision())?.ready, { timeout: 10_000 }).toBe(3);
    const { schemas } = await world.contents();
    expect(schemas).toHaveLength(5);
  });

  it("are not handed out where they have become a tenant's that the registry has forgotten", async () => {
    const tenancy = another({ provisioning: { ready: 1 } });
    await tenancy.provision();
    const table = `${world.globalSchema}.kirayedar_ready`;
    const { rows } = await world.admin.query(`select * from ${table}`);
    const [row] = rows;
    const acme = await tenancy.create("acme");
    const body = "insert into note (body) values ('of acme')";
    await tenancy.withTenant("acme", () => tenancy.query(body));
    await tenancy.close();
    // As a backup of the registry has it that was made before.
    await world.run(`delete from ${world.globalSchema}.tenants`);
    await world.run(
      `insert into ${table} (schema_name, registry, digest, version, is_ready, made_at) values ('${String(row?.["schema_name"])}', '${String(row?.["registry"])}', '${String(row?.["digest"])}', '${String(row?.["version"])}', ${engine.family === "postgres" ? "true" : "1"}, '2000-01-01 00:00:00')`,
    );
    const after = another({ provisioning: { ready: 1 } });
    const globex = await after.create("globex");
    expect(globex.schemaName).not.toBe(acme.schemaName);
    const bodies = await after.withTenant("globex", () => after.query("select body from note"));
    expect(bodies.rows).toEqual([{ body: "first" }]);
    await expect.poll(async () => await after.provision(), { timeout: 10_000 }).not.toBe(null);
    expect((await world.contents()).schemas).toContain(
      acme.schemaName.replace(world.schema(""), "tenant_"),
    );
    await world.removeSchema(acme.schemaName);
  });

  it("are too many when fewer are wanted", async () => {
    await another().provision();
    const fewer = another({ provisioning: { ready: 1 } });
    expect(await fewer.provision()).toEqual({ made: 0, ready: 1, removed: 2 });
    expect(await another({ provisioning: {} }).provision()).toEqual({
      made: 0,
      ready: 0,
      removed: 1,
    });
  });

  it("are filled by one at a time", async () => {
    const [one, two] = [another(), another()];
    const filled = await Promise.all([one.provision(), two.provision()]);
    expect(filled.filter((refilled) => refilled !== null)).not.toEqual([]);
    await one.provision();
    expect(await made()).toHaveLength(3);
  });
});

describe("ready-made tenants on PostgreSQL", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({}, POSTGRES);
  });
  afterAll(() => world.close());

  it("have different names, however long the prefix is", async () => {
    const tenantPrefix = "a".repeat(62);
    const tenancy = world.another({ provisioning: { ready: 2 }, tenantPrefix });
    expect(await tenancy.provision()).toEqual({ made: 2, ready: 2, removed: 0 });
    const made = await tenancy.create("b");
    expect(made).toMatchObject({ schemaName: `${tenantPrefix}b`, state: "active" });
    expect(await tenancy.healthCheck("b")).toMatchObject({ healthy: true });
    await tenancy.drop("b");
    await tenancy.close();
    await world.tenancy.provision();
  });

  it("are refused where a function has its schema's name in it", async () => {
    const naming: Migration = {
      name: "naming",
      up: "do $$ begin execute format('create function f() returns int language sql set search_path = %I as $f$ select 1 $f$', current_schema()); end $$",
      version: "1",
    };
    const tenancy = world.another({
      migrations: { global: [], tenant: [naming] },
      provisioning: { ready: 1 },
    });
    await expect(tenancy.provision()).rejects.toMatchObject(code("INVALID_CONFIG"));
    expect((await world.contents()).schemas).toEqual([]);
    expect(await tenancy.create("acme")).toMatchObject({ state: "active" });
  });
});

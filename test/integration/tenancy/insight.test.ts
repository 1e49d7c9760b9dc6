import { afterAll, beforeAll, expect, it } from "vitest";
import type { InsightOptions } from "../../../src/core/insight.ts";
import type { RegistryTables } from "../../../src/core/settings.ts";
import { mysql } from "../../../src/dialects/mysql/index.ts";
import { describeEngines, MARIADB, POSTGRES } from "../../support/engines.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";

const DAY_MS = 86_400_000;

describeEngines(
  "a look at the fleet",
  (engine) => {
    // Tables of ours: the history, and the mark where a database has no comment.
    const own = engine.family === "mysql" ? 2 : 1;
    let world: World;

    beforeAll(async () => {
      world = await createWorld({}, engine);
      const { tenancy } = world;
      for (const slug of ["big-one", "small", "old", "gone"]) await tenancy.create(slug);
      await tenancy.suspend("small");
      await tenancy.drop("gone");
      await tenancy.withTenant("big-one", async () => {
        await tenancy.query("create table line (id int primary key, body varchar(200))");
        const numbers = Array.from({ length: 500 }, (_, id) => `(${id}, repeat('x', 200))`);
        for (let page = 0; page < 4; page += 1) {
          const rows = numbers.map((row) => row.replace("(", `(${page}000 + `));
          await tenancy.query(`insert into line values ${rows.join(", ")}`);
        }
        await tenancy.query(engine.family === "mysql" ? "analyze table line" : "analyze line");
      });
      const ago = engine.family === "mysql" ? "interval 3 day" : "interval '3 days'";
      await world.admin.query(
        `update ${world.globalSchema}.tenants set created_at = created_at - ${ago}, server = 'eu' where slug = 'old'`,
      );
    });
    afterAll(() => world.close());

    it("tells states, servers, and on which days tenants were created", async () => {
      const { created, servers, states } = await world.tenancy.insight({ days: 7, largest: 0 });
      expect(states).toEqual({ active: 2, suspended: 1 });
      expect(servers).toEqual(["default", "eu"]);
      expect(created).toHaveLength(7);
      const days = created.map(({ day }) => Date.parse(`${day}T00:00:00Z`));
      expect(days.map((day) => (day - (days[0] ?? 0)) / DAY_MS)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(created.map(({ tenants }) => tenants).toSorted((a, b) => a - b)).toEqual([
        0, 0, 0, 0, 0, 1, 2,
      ]);
      const young = await world.tenancy.insight({ days: 2, largest: 0 });
      expect(young.created.reduce((sum, { tenants }) => sum + tenants, 0)).toBe(2);
      expect(young.largest).toEqual([]);
    });

    it("lists the largest tenants, and no schema of anybody else's", async () => {
      await world.run(
        `create table ${world.globalSchema}.huge as select * from ${world.globalSchema}.tenants`,
      );
      const { largest } = await world.tenancy.insight();
      expect(largest.map(({ slug }) => slug)).toHaveLength(3);
      expect(largest[0]).toMatchObject({ slug: "big-one", tables: own + 2 });
      expect(largest[0]?.bytes).toBeGreaterThan(300_000);
      expect(largest[1]?.tables).toBe(own + 1);
      const bytes = largest.map((tenant) => tenant.bytes);
      expect(bytes).toEqual(bytes.toSorted((a, b) => b - a));
      expect((await world.tenancy.insight({ largest: 1 })).largest).toEqual([largest[0]]);
    });

    it("lists the tables of a tenant, with rows as the server estimates them", async () => {
      const tables = await world.tenancy.tables("big-one");
      expect(tables.map(({ name }) => name)).toEqual(
        engine.family === "mysql"
          ? ["kirayedar_migrations", "kirayedar_tenant", "line", "note"]
          : ["kirayedar_migrations", "line", "note"],
      );
      const line = tables.find(({ name }) => name === "line");
      expect(line?.estimatedRows).toBeGreaterThan(1500);
      expect(line?.estimatedRows).toBeLessThan(2500);
      expect(line?.bytes).toBeGreaterThan(300_000);
      await expect(world.tenancy.tables("nobody")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
    });

    it.skipIf(engine.family === "mysql")(
      "does not wait for a migration that has locked a table",
      async () => {
        const locker = await world.connect();
        await locker.query(`begin; lock table "${world.schema("big_one")}".line`);
        const startedAt = performance.now();
        const tables = await world.tenancy.tables("big-one");
        expect(performance.now() - startedAt).toBeLessThan(3000);
        expect(tables.map(({ name }) => name)).toEqual(["kirayedar_migrations", "line", "note"]);
        expect(tables[1]?.bytes).toBeGreaterThan(300_000);
        await locker.end();
      },
    );

    it.skipIf(engine.family === "postgres")(
      "finds tenants by their sizes, not sizes by tenant",
      async () => {
        const columns = { id: "id", schema_name: "schema_name", slug: "slug" };
        const tables = {
          columns,
          domainsTable: "d",
          extraColumns: {},
          schema: world.globalSchema,
          table: "tenants",
        };
        const ways = mysql.insight.largest(tables as unknown as RegistryTables, 10);
        const { rows } = await world.admin.query(`explain ${ways.at(-1)?.text}`);
        const lines = rows.map((row) => JSON.stringify(row));
        expect(lines[0]).toContain('"table":"<derived');
        expect(lines[1]).toContain('"key":"kirayedar_schema"');
      },
    );

    it.skipIf(engine.family === "postgres")("tells less to a user who may see less", async () => {
      const url = new URL(world.url);
      const name = `less_${world.databaseName}`.slice(0, 32);
      await world.admin.query(`create user \`${name}\`@'%' identified by 'less'`);
      await world.admin.query(`grant all on \`${world.databaseName}\`.* to \`${name}\`@'%'`);
      await world.admin.query(`grant all on \`${world.schema("")}%\`.* to \`${name}\`@'%'`);
      url.username = name;
      url.password = "less";
      const other = world.another({ driver: { url: url.href } });
      expect(await other.insight()).toMatchObject({ largest: [], states: { active: 2 } });
      expect(await other.tables("big-one")).toHaveLength(own + 2);
      await other.close();
      await world.admin.query(`drop user \`${name}\`@'%'`);
    });

    it.each<[string, unknown]>([
      ["days", { days: 0 }],
      ["days", { days: 367 }],
      ["days", { days: "7" }],
      ["largest", { largest: -1 }],
      ["largest", { largest: 101 }],
    ])("refuses a wrong `%s`", async (option, options) => {
      await expect(world.tenancy.insight(options as InsightOptions)).rejects.toMatchObject(
        code("INVALID_QUERY", { message: expect.stringContaining(option) as string }),
      );
    });
  },
  [POSTGRES, MARIADB],
);

import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/mysql2";
import { migrate } from "drizzle-orm/mysql2/migrator";
import { createPool } from "mysql2/promise";
import { afterEach, expect, it } from "vitest";
import { drizzleFolder } from "../../../src/migrate/folders/index.ts";
import type { AdoptOptions } from "../../../src/core/adopt.ts";
import type { MigrationSource } from "../../../src/core/config.ts";
import { describeEngines, MYSQL2 } from "../../support/engines.ts";
import { watchSessions } from "../../support/watched-driver.ts";
import { createWorld, type World, type WorldConfig } from "./world.ts";

const FOLDER = fileURLToPath(new URL("../migrate/folders/fixtures/drizzle-mysql", import.meta.url));

describeEngines(
  "adopting a database",
  (engine) => {
    let world: World;
    afterEach(() => world.close());

    const open = async (config: WorldConfig = {}): Promise<World> => {
      const migrations = { global: [], tenant: drizzleFolder(FOLDER) };
      world = await createWorld({ migrations, ...config }, engine);
      return world;
    };
    const fill = async (url: string): Promise<void> => {
      const client = createPool({ uri: url });
      await migrate(drizzle({ client }), { migrationsFolder: FOLDER });
      await client.query("insert into users (name) values ('ada')");
      await client.query("insert into posts (author, title) values (1, 'first')");
      await client.end();
    };
    const tablesOf = async (schema: string): Promise<string[]> => {
      const { rows } = await world.admin.query<{ name: string }>(
        "select table_name as name from information_schema.tables where table_schema = ? order by 1",
        [schema],
      );
      return rows.map(({ name }) => name);
    };

    /** Adopts; each attempt dies one step later than the one before it. */
    const adoptDying = async (call: AdoptOptions, tenant?: MigrationSource): Promise<void> => {
      let attempts = 0;
      for (let done = false; !done; attempts += 1) {
        let steps = 0;
        const other = world.another({
          ...(tenant && { migrations: { global: [], tenant } }),
          wrap: (driver) =>
            watchSessions(driver, async ({ kind, text }, run) => {
              const writes = kind === "statement" && !text.trimStart().startsWith("select");
              if (!writes) return await run();
              if (steps === attempts) throw new Error("The process died.");
              const result = await run();
              steps += 1;
              return result;
            }),
        });
        done = await other.adopt(call).then(
          () => true,
          (error: Error) => {
            expect(error.message).toContain("died");
            return false;
          },
        );
        await other.close();
        expect(attempts).toBeLessThan(20);
        const { rows } = await world.contents();
        expect(rows.map((row) => row["state"]).filter((state) => state !== "active")).toEqual([]);
      }
      expect(attempts).toBeGreaterThan(3);
    };

    it("moves tables, with Drizzle's own history, whatever stops it halfway", async () => {
      const { tenancy } = await open();
      await fill(world.url);
      const call = { as: "acme", schema: world.globalSchema };
      const { adopted, left, recorded } = await tenancy.adopt({ ...call, dryRun: true });
      expect(adopted).toEqual([
        { kind: "table", name: "posts" },
        { kind: "table", name: "users" },
      ]);
      expect(left.map(({ name }) => name)).toContain("__drizzle_migrations");
      expect(recorded).toHaveLength(2);
      await adoptDying(call, drizzleFolder(FOLDER));
      const acme = await tenancy.tenant("acme");
      expect(await tablesOf(acme.tenant.schemaName)).toEqual(
        expect.arrayContaining(["kirayedar_migrations", "posts", "users"]),
      );
      expect(await tablesOf(world.globalSchema)).not.toContain("users");
      const { rows } = await acme.query(
        "select u.name from posts p join users u on u.id = p.author",
      );
      expect(rows).toEqual([{ name: "ada" }]);
      expect((await tenancy.healthCheck("acme")).healthy).toBe(true);
    });

    it("moves a database that was a tenant's, whose history goes along, whatever stops it", async () => {
      world = await createWorld({}, engine);
      await world.tenancy.create("old");
      await world.run("delete from tenants");
      await adoptDying({ as: "acme", how: "move", schema: world.schema("old") });
      const { tenant } = await world.tenancy.tenant("acme");
      expect(tenant.version).toBe("20260101000001");
      expect(await tablesOf(world.schema("old"))).toEqual(["kirayedar_tenant"]);
    });

    it("moves nothing into a database that somebody else makes meanwhile", async () => {
      await open();
      await world.run("create table thing (id int)");
      const target = world.schema("acme");
      const atNote = (fn: (run: () => Promise<unknown>) => Promise<unknown>): World["tenancy"] =>
        world.another({
          wrap: (driver) =>
            watchSessions(driver, async ({ kind, text }, run) => {
              const isNote = kind === "statement" && text.startsWith("create table `test");
              return isNote ? ((await fn(run)) as Awaited<ReturnType<typeof run>>) : await run();
            }),
        });
      const call = { applied: "none", as: "acme", schema: world.globalSchema };
      const late = atNote(async (run) => {
        await world.makeForeign(target);
        return await run();
      });
      for (const tenancy of [late, world.tenancy]) {
        await expect(tenancy.adopt(call)).rejects.toMatchObject({ code: "SCHEMA_EXISTS" });
      }
      await late.close();
      await world.checkForeign(target);
      expect(await tablesOf(world.globalSchema)).toContain("thing");
      // One that stopped before its database had a mark goes on.
      const stopped = atNote(async (run) => {
        await run();
        await world.run(`create database \`${world.schema("other")}\``);
        throw new Error("The process died.");
      });
      const other = { ...call, as: "other" };
      await expect(stopped.adopt(other)).rejects.toThrow("died");
      await stopped.close();
      expect((await world.tenancy.adopt(other)).adopted).toEqual([
        { kind: "table", name: "thing" },
      ]);
    });

    it("refuses to move what something that is kept is made of", async () => {
      await open();
      await world.run(`
        create table thing (id int);
        create view seen as select * from thing;
        create trigger g before insert on thing for each row set new.id = 1;
        create sequence s;
        create table numbered (id int default nextval(s));
      `);
      const call = { applied: "none", as: "acme", keep: ["seen", "g"], schema: world.globalSchema };
      const error = await world.tenancy.adopt(call).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "SCHEMA_NOT_MOVABLE" });
      for (const [object, name] of [
        ["default of the column id of the table numbered", "s"],
        ["trigger g", "thing"],
        ["view seen", "thing"],
      ]) {
        const fact = `The ${object} names ${world.globalSchema}.${name}.`;
        expect((error as Error).message).toContain(fact);
      }
      expect(await tablesOf(world.globalSchema)).toContain("thing");
    });

    it("refuses what cannot be moved, and takes a database as it is", async () => {
      const { tenancy } = await open();
      await fill(world.url);
      await world.run("create view seen as select * from users");
      const call = { as: "acme", schema: world.globalSchema };
      await expect(tenancy.adopt(call)).rejects.toMatchObject({
        code: "SCHEMA_NOT_MOVABLE",
        message: expect.stringContaining("The view seen cannot be moved") as string,
      });
      expect(await tablesOf(world.globalSchema)).toContain("users");
      const schema = world.schema("shop");
      await world.run(`create database \`${schema}\`; create table \`${schema}\`.users (id int)`);
      const { how, tenant } = await tenancy.adopt({ applied: "all", as: "shop", schema });
      expect([how, tenant?.schemaName]).toEqual(["in-place", schema]);
      expect((await tenancy.healthCheck("shop")).healthy).toBe(true);
      await expect(tenancy.adopt({ ...call, as: "other", schema })).rejects.toMatchObject({
        code: "SCHEMA_EXISTS",
      });
      await tenancy.drop("shop");
      expect(await tablesOf(schema)).toEqual([]);
    });
  },
  [MYSQL2],
);

import { afterAll, beforeAll, expect, it } from "vitest";
import type { Session } from "../../../src/core/driver.ts";
import { describeEngines, MARIADB, MYSQL2 } from "../../support/engines.ts";
import { type DriverWorld, GLOBAL, openDriverWorld } from "./driver-world.ts";

interface Note {
  readonly owner: string;
}

const OWNERS = "select owner from note order by id";

describeEngines(
  "a session apart from the pool",
  (engine) => {
    let world: DriverWorld;

    beforeAll(async () => {
      world = await openDriverWorld(engine);
    });
    afterAll(() => world.close());

    const insert = "insert into note (owner) values (?)";
    const owner = async (session: Session, index: 0 | 1): Promise<string | undefined> =>
      (await session.query<Note>(world.scopes[index], OWNERS)).rows[0]?.owner;

    it("goes from scope to scope", async () => {
      await world.driver.session({}, async (session) => {
        for (const index of [0, 1, 1, 0] as const) {
          expect(await owner(session, index)).toBe(world.own[index]);
        }
        const { rows } = await session.query<Note>(GLOBAL, OWNERS);
        expect(rows[0]?.owner).toBe("GLOBAL");
      });
    });

    it("keeps calls in different scopes apart that are made at once", async () => {
      await world.driver.session({}, async (session) => {
        const calls = Array.from({ length: 20 }, (_, at) => owner(session, (at % 2) as 0 | 1));
        const seen = await Promise.all([
          ...calls,
          session.query(world.scopes[2], OWNERS).catch(String),
        ]);
        expect(seen.slice(0, 20)).toEqual(calls.map((_, at) => world.own[at % 2]));
        expect(seen[20]).toContain("SCHEMA_NOT_FOUND");
      });
    });

    it("runs nothing in the database before when a scope cannot be entered", async () => {
      await world.driver.session({}, async (session) => {
        expect(await owner(session, 1)).toBe(world.own[1]);
        for (const _ of [1, 2]) {
          await expect(session.query(world.scopes[2], insert, ["stray"])).rejects.toMatchObject({
            code: "SCHEMA_NOT_FOUND",
          });
        }
        await expect(
          session.transaction(world.scopes[2], (tx) => tx.query(insert, ["stray"])),
        ).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
        const { rows } = await session.query<Note>(world.scopes[1], OWNERS);
        expect(rows).toEqual([{ owner: world.own[1] }]);
      });
    });

    it("goes back to its scope after a statement that may have left it", async () => {
      const [acme, globex] = world.own;
      await world.driver.session({}, async (session) => {
        for (const text of [
          `use ${globex}`,
          `/* x */ use ${globex}`,
          `execute immediate 'use ${globex}'`,
          `begin not atomic execute immediate 'use ${globex}'; end`,
        ]) {
          await session.query(world.scopes[0], text).catch(() => undefined);
          expect(await owner(session, 0)).toBe(acme);
        }
        await session.transaction(world.scopes[0], async (tx) => {
          await tx.query(`use ${globex}`);
          expect((await tx.query<Note>(OWNERS)).rows[0]?.owner).toBe(acme);
        });
      });
    });

    it("leaves the scope whose database it drops", async () => {
      const { globalSchema, own, scopes } = world;
      await world.driver.session({}, async (session) => {
        await session.transaction(scopes[2], (tx) => tx.query("create table t (id int)"), {
          first: `create database ${own[2]}; create table ${own[2]}.made_first (id int);`,
        });
        const { rows } = await session.query(scopes[2], "show tables");
        expect(rows).toHaveLength(2);
        await session.query(scopes[2], `drop database ${own[2]}`);
        await expect(session.query(scopes[2], "show tables")).rejects.toMatchObject({
          code: "SCHEMA_NOT_FOUND",
        });
        expect(
          (await session.query<Note>(GLOBAL, `select * from ${globalSchema}.note`)).rows,
        ).toHaveLength(1);
      });
    });

    it("commits, rolls back, and knows what was committed on the way", async () => {
      const [, scope] = world.scopes;
      await world.driver.session({}, async (session) => {
        const kept = await session.transaction(scope, async (tx) => {
          await tx.query(insert, ["kept"]);
          return await tx.isIntact();
        });
        expect(kept).toBe(true);
        const seen: boolean[] = [];
        const failing = session.transaction(scope, async (tx) => {
          await tx.query(insert, ["undone"]);
          await tx.query("select nonsense").catch(() => undefined);
          seen.push(await tx.isIntact());
          await tx.script("create table ddl (id int); insert into ddl values (1); selec 1");
        });
        await expect(failing).rejects.toMatchObject({ errno: 1064, statementIndex: 2 });
        expect(seen).toEqual([true]);
        const stopped = session.transaction(scope, async (tx) => {
          await tx.query(insert, ["undone too"]);
          await expect(tx.query("create table ddl (id int)")).rejects.toMatchObject({
            errno: 1050,
          });
          seen.push(await tx.isIntact());
          throw new Error("stop");
        });
        await expect(stopped).rejects.toThrow("stop");
        expect(seen).toEqual([true, false]);
        const { rows } = await session.query<Note>(scope, OWNERS);
        // The statements that make a table have committed what was before them.
        expect(rows.map((row) => row.owner)).toEqual([
          world.own[1],
          "kept",
          "undone",
          "undone too",
        ]);
        await session.query(scope, "drop table ddl");
      });
    });

    it("runs statements outside any transaction", async () => {
      await world.driver.session({}, async (session) => {
        await session.queryOutsideTransaction(world.scopes[0], "create table outside (id int)");
        await session.queryOutsideTransaction(world.scopes[0], "optimize table outside");
      });
      const { rows } = await world.driver.query(world.scopes[0], "show tables like 'outside'");
      expect(rows).toHaveLength(1);
    });

    it("refuses several statements in one text", async () => {
      await world.driver.session({}, async (session) => {
        const text = `select 1; delete from ${world.own[1]}.note`;
        await expect(session.query(world.scopes[0], text)).rejects.toMatchObject({ errno: 1064 });
        expect(
          (await session.query(world.scopes[0], "select ';' as s, ? as v", ["a;b'"])).rows,
        ).toEqual([{ s: ";", v: "a;b'" }]);
      });
    });

    it("ends with the function that received it, and leaves nothing to the next", async () => {
      const driver = world.open({ maintenanceConnections: 1 });
      const settings =
        "select connection_id() as id, @secret as v, @@sql_mode as m, @@autocommit as a, " +
        "@@character_set_client as c, @@collation_connection as co, is_free_lock('held') as f";
      const look = async (): Promise<object | undefined> =>
        (await driver.session({}, (session) => session.query(GLOBAL, settings))).rows[0];
      const before = await look();
      const session = await driver.session({}, async (open) => {
        for (const text of [
          "set @secret = 1",
          "set sql_mode = ''",
          "set names latin1",
          "set autocommit = 0",
          "do get_lock('held', 0)",
          "create temporary table note (owner int)",
          "start transaction",
        ]) {
          await open.query(world.scopes[0], text);
        }
        return [open];
      });
      await expect(session[0]!.query(GLOBAL, "select 1")).rejects.toMatchObject({
        code: "LEASE_ENDED",
      });
      await expect(session[0]!.transaction(GLOBAL, () => Promise.resolve())).rejects.toMatchObject({
        code: "LEASE_ENDED",
      });
      await expect(session[0]!.queryOutsideTransaction(GLOBAL, "do 1")).rejects.toMatchObject({
        code: "LEASE_ENDED",
      });
      expect(await look()).toEqual(before);
      await driver.session({}, async (next) => {
        expect(await owner(next, 0)).toBe(world.own[0]);
      });
    });

    it("hides nothing of a connection that is lost, and is followed by a new one", async () => {
      const driver = world.open({ maintenanceConnections: 1 });
      const lost = driver.session({}, async (session) => {
        await session.transaction(world.scopes[0], async (tx) => {
          const { rows } = await tx.query<{ id: unknown }>("select connection_id() as id");
          await tx.query(insert, ["lost"]);
          await world.admin.query(`kill ${Number(rows[0]?.id)}`);
          await tx.query(insert, ["lost"]).catch(() => undefined);
          // Whoever swallows the error is not told that all is well.
        });
      });
      await expect(lost).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
      await driver.session({}, async (session) => {
        const { rows } = await session.query<Note>(world.scopes[0], OWNERS);
        expect(rows.filter((row) => row.owner === "lost")).toEqual([]);
      });
    });

    it("waits for its turn, and is refused when the driver is closed", async () => {
      const driver = world.open({ maintenanceConnections: 1 });
      const order: number[] = [];
      const run = (at: number): Promise<void> =>
        driver.session({}, async (session) => {
          await session.query(GLOBAL, "do sleep(0.02)");
          order.push(at);
        });
      await Promise.all([run(1), run(2), run(3)]);
      expect(order).toEqual([1, 2, 3]);
      const running = run(4);
      const waiting = run(5).catch((error: unknown) => error);
      await driver.close();
      await running;
      expect(await waiting).toMatchObject({ code: "TENANCY_CLOSED" });
    });
  },
  [MYSQL2, MARIADB],
);

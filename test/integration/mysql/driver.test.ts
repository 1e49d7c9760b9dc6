import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TenancyError } from "../../../src/errors/tenancy-error.ts";
import { describeEngines, MARIADB, MYSQL2 } from "../../support/engines.ts";
import { type DriverWorld, GLOBAL, openDriverWorld } from "./driver-world.ts";

interface Note {
  readonly owner: string;
}

const OWNERS = "select owner from note order by id";

describeEngines(
  "the driver of MySQL and MariaDB",
  (engine) => {
    let world: DriverWorld;

    beforeAll(async () => {
      world = await openDriverWorld(engine);
    });
    afterAll(() => world.close());

    const insert = "insert into note (owner) values (?)";
    const count = async (schema: string, owner: string): Promise<number> => {
      const { rows } = await world.admin.query<{ n: number }>(
        `select count(*) as n from ${schema}.note where owner = ?`,
        [owner],
      );
      return Number(rows[0]?.n);
    };

    it("belongs to one tenancy", () => {
      const driver = world.database.driver();
      expect(() => driver.pool).toThrow(/INVALID_CONFIG/);
      expect(() => world.open().attach({} as never)).toThrow(/INVALID_CONFIG/);
      expect(driver.name).toBe(engine.name);
      expect(driver.defaultSchema).toBe(world.globalSchema);
      expect(driver.dialect.name).toBe("mysql");
    });

    it("runs a query in a scope", async () => {
      for (const index of [0, 1, 0] as const) {
        const result = await world.driver.query(world.scopes[index], OWNERS);
        expect(result).toMatchObject({ rowCount: 1, rows: [{ owner: world.own[index] }] });
      }
      const { rows } = await world.driver.query<Note>(GLOBAL, `${OWNERS} limit 1`, []);
      expect(rows).toEqual([{ owner: "GLOBAL" }]);
      const changed = await world.driver.query(
        world.scopes[0],
        "update note set owner = ? where id = ?",
        [world.own[0], 1],
      );
      expect(changed.rows).toEqual([]);
      expect(Number(changed.rowCount)).toBe(1);
    });

    it("says that a database is missing, and forgets the tenant", async () => {
      await expect(world.driver.query(world.scopes[2], OWNERS)).rejects.toMatchObject({
        code: "SCHEMA_NOT_FOUND",
        tenant: "t2",
      });
      await expect(
        world.driver.transaction(world.scopes[2], (tx) => tx.query(OWNERS)),
      ).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
      expect(new Set(world.missing)).toEqual(new Set([world.own[2]]));
    });

    it("says that the server cannot be reached", async () => {
      const driver = world.open({ url: "mysql://nobody:x@127.0.0.1:1/x" });
      await expect(driver.session({}, () => Promise.resolve())).rejects.toMatchObject({
        code: "DATABASE_UNAVAILABLE",
      });
    });

    describe("transactions", () => {
      it("commit what resolves, and roll back what rejects", async () => {
        const [scope] = world.scopes;
        const value = await world.driver.transaction(scope, async (tx) => {
          await tx.query(insert, ["kept"]);
          expect(await tx.isIntact()).toBe(true);
          return (await tx.query<Note>(OWNERS)).rows.length;
        });
        expect(value).toBe(2);
        const failing = world.driver.transaction(scope, async (tx) => {
          await tx.script("insert into note (owner) values ('undone'); do 1;");
          throw new Error("no");
        });
        await expect(failing).rejects.toThrow("no");
        expect([await count(world.own[0], "kept"), await count(world.own[0], "undone")]).toEqual([
          1, 0,
        ]);
      });

      it("go on after a statement has failed", async () => {
        await world.driver.transaction(world.scopes[1], async (tx) => {
          await tx.query(insert, ["before"]);
          await expect(tx.query("select nonsense")).rejects.toMatchObject({ errno: 1054 });
          expect(await tx.isIntact()).toBe(true);
          await tx.query(insert, ["after"]);
        });
        const { own } = world;
        expect([await count(own[1], "before"), await count(own[1], "after")]).toEqual([1, 1]);
      });

      it("end with the function that received them", async () => {
        const tx = await world.driver.transaction(world.scopes[0], (open) =>
          Promise.resolve([open]),
        );
        for (const call of [
          () => tx[0]!.query("select 1"),
          () => tx[0]!.script("select 1"),
          () => tx[0]!.isIntact(),
        ]) {
          await expect(call()).rejects.toMatchObject({ code: "LEASE_ENDED" });
        }
      });

      it("do not seem to have worked when a deadlock has rolled them back", async () => {
        const [scope] = world.scopes;
        await world.driver.query(
          scope,
          "create table if not exists pair (id int primary key, n int)",
        );
        await world.driver.query(scope, "replace into pair values (1, 0), (2, 0)");
        const change = "update pair set n = n + 1 where id = ?";
        const met = meeting(2);
        const errors: unknown[] = [];
        const both = [1, 2].map((id) =>
          world.driver.transaction(scope, async (tx) => {
            await tx.query(insert, [`deadlock ${id}`]);
            await tx.query(change, [id]);
            await met();
            await tx.query(change, [3 - id]).catch((error: unknown) => errors.push(error));
          }),
        );
        const results = await Promise.allSettled(both);
        const rejected = results.filter((result) => result.status === "rejected");
        expect(errors).toMatchObject([{ errno: 1213 }]);
        expect(rejected).toMatchObject([{ reason: { code: "TRANSACTION_ABORTED", tenant: "t0" } }]);
        const kept = [
          await count(world.own[0], "deadlock 1"),
          await count(world.own[0], "deadlock 2"),
        ];
        expect(kept.toSorted((a, b) => a - b)).toEqual([0, 1]);
      });

      it("know that a statement has committed them", async () => {
        const seen: boolean[] = [];
        await world.driver.transaction(world.scopes[0], async (tx) => {
          await tx.query(insert, ["committed by itself"]);
          await tx.script("create table if not exists made (id int)");
          seen.push(await tx.isIntact());
          await tx.query("select nonsense").catch(() => undefined);
          seen.push(await tx.isIntact());
        });
        expect(seen).toEqual([false, false]);
        expect(await count(world.own[0], "committed by itself")).toBe(1);
      });

      it("do not say that they were rolled back when a failed statement has committed them", async () => {
        await world.driver.query(world.scopes[0], "create table if not exists made (id int)");
        const run = world.driver.transaction(world.scopes[0], async (tx) => {
          await tx.query(insert, ["committed by a failure"]);
          await tx.query("create table made (id int)").catch(() => undefined);
          return await tx.isIntact();
        });
        expect(await run).toBe(false);
        expect(await count(world.own[0], "committed by a failure")).toBe(1);
      });

      it("say which statement of a script has failed", async () => {
        const run = world.driver.transaction(world.scopes[0], (tx) =>
          tx.script("do 1; select 2; select nonsense; do 3"),
        );
        await expect(run).rejects.toMatchObject({ errno: 1054, statementIndex: 2 });
      });
    });

    it("is closed once, with all that it has opened", async () => {
      const driver = world.open();
      await driver.query(world.scopes[0], "select 1");
      await driver.session({}, (session) => session.query(world.scopes[0], "select 1"));
      await Promise.all([driver.close(), driver.close()]);
      await expect(driver.session({}, () => Promise.resolve())).rejects.toMatchObject({
        code: "TENANCY_CLOSED",
      });
      await expect(driver.query(world.scopes[0], "select 1")).rejects.toMatchObject({
        code: "TENANCY_CLOSED",
      });
      const unused = world.open();
      await unused.close();
      expect(() => unused.pool).toThrow(TenancyError);
    });
  },
  [MYSQL2, MARIADB],
);

/** Returns a function that resolves when it was called so many times. */
function meeting(parties: number): () => Promise<void> {
  let open = (): void => undefined;
  const all = new Promise<void>((resolve) => (open = resolve));
  let arrived = 0;
  return async () => {
    arrived += 1;
    if (arrived === parties) open();
    await all;
  };
}

import { afterAll, beforeAll, expect, it } from "vitest";
import { describeEngines, MARIADB, MYSQL2 } from "../../support/engines.ts";
import { type DriverWorld, GLOBAL, openDriverWorld } from "./driver-world.ts";

describeEngines(
  "the lock of a session",
  (engine) => {
    let world: DriverWorld;

    beforeAll(async () => {
      world = await openDriverWorld(engine);
    });
    afterAll(() => world.close());

    const LONG = `tenant:${"x".repeat(200)}`;
    const once = { lock: LONG, lockTimeoutMs: 0 };
    const nothing = (): Promise<void> => Promise.resolve();

    it("is one for all processes, whatever its name is", async () => {
      const other = world.open();
      await world.driver.session(once, async () => {
        await expect(other.session(once, nothing)).rejects.toMatchObject({ code: "TENANT_BUSY" });
        await expect(world.driver.session(once, nothing)).rejects.toMatchObject({
          code: "TENANT_BUSY",
        });
        await other.session({ lock: `${LONG}y`, lockTimeoutMs: 0 }, nothing);
      });
      await other.session(once, nothing);
    });

    it("is another one for another tenancy on the same server", async () => {
      const other = world.open({}, { globalSchema: world.own[0] });
      const both = world.driver.session(once, () => other.session(once, () => Promise.resolve(2)));
      expect(await both).toBe(2);
    });

    it("is free when its session has ended, also with an error", async () => {
      for (const lock of ["a", "b", "c"]) {
        const failing = world.driver.session({ lock, lockTimeoutMs: 0 }, async (session) => {
          await session.query(GLOBAL, "select nonsense");
        });
        await expect(failing).rejects.toMatchObject({ errno: 1054 });
        await world.driver.session({ lock, lockTimeoutMs: 0 }, nothing);
      }
    });

    it("is free when its connection was killed", async () => {
      const lost = world.driver.session(once, async (session) => {
        const { rows } = await session.query(GLOBAL, "select connection_id() as id");
        await world.admin.query(`kill ${Number(rows[0]?.["id"])}`);
        await session.query(GLOBAL, "select 1");
      });
      await expect(lost).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
      await world.driver.session({ lock: LONG, lockTimeoutMs: 2_000 }, nothing);
    });

    it("is waited for, and taken by one at a time", async () => {
      let holders = 0;
      let most = 0;
      const other = world.open({ maintenanceConnections: 8 });
      const turns = Array.from({ length: 8 }, () =>
        other.session({ lock: "turns" }, async (session) => {
          holders += 1;
          most = Math.max(most, holders);
          await session.query(GLOBAL, "do sleep(0.01)");
          holders -= 1;
        }),
      );
      await Promise.all(turns);
      expect(most).toBe(1);
    });

    it("stays through statements that end transactions", async () => {
      const other = world.open();
      await world.driver.session(once, async (session) => {
        await session.transaction(GLOBAL, (tx) => tx.script("create table held (id int)"));
        await session.transaction(GLOBAL, () => Promise.reject(new Error("no"))).catch(nothing);
        await expect(other.session(once, nothing)).rejects.toMatchObject({ code: "TENANT_BUSY" });
      });
    });
  },
  [MYSQL2, MARIADB],
);

import { afterEach, beforeEach, expect, it } from "vitest";
import type { Driver } from "../../../src/core/driver.ts";
import { type Admin, describeEngines, MARIADB, MYSQL2 } from "../../support/engines.ts";
import { type DriverWorld, openDriverWorld, pause } from "./driver-world.ts";

const CHANNEL = "kirayedar_test";

describeEngines(
  "notices on MySQL and MariaDB",
  (engine) => {
    let world: DriverWorld;
    let table: string;
    let heard: (string | boolean)[];

    beforeEach(async () => {
      world = await openDriverWorld(engine);
      table = `${world.globalSchema}.kirayedar_notices`;
      heard = [];
    });
    afterEach(() => world.close());

    const createTable = (): Promise<unknown> =>
      world.admin.query(
        `create table ${table} (id bigint not null auto_increment primary key, channel varchar(64) not null,` +
          " payload varchar(2048) not null, created_at timestamp(6) not null default current_timestamp(6))",
      );
    const listen = (driver: Driver = world.driver): Promise<() => Promise<void>> =>
      driver.subscribe(CHANNEL, {
        onMessage: (payload) => heard.push(payload),
        onStatus: (connected) => heard.push(connected),
      })!;
    const say = (payload: string, on: Admin = world.admin, channel = CHANNEL): Promise<unknown> =>
      on.query(`insert into ${table} (channel, payload) values (?, ?)`, [channel, payload]);

    it("arrive once each, in order, and none of those before", async () => {
      await createTable();
      await say("before");
      const stop = await listen();
      expect(heard).toEqual([true]);
      await say("one");
      await say("elsewhere", world.admin, "other");
      await expect.poll(() => heard).toEqual([true, "one"]);
      await say("two");
      await say("three");
      await expect.poll(() => heard).toEqual([true, "one", "two", "three"]);
      await pause(150);
      expect(heard).toHaveLength(4);
      await stop();
      await say("after");
      await pause(150);
      expect(heard).toHaveLength(4);
    });

    it("arrive when they are committed, whatever their order is", async () => {
      await createTable();
      await listen();
      const [slow, undone] = [await world.database.connect(), await world.database.connect()];
      for (const [client, text] of [
        [slow, "slow"],
        [undone, "undone"],
      ] as const) {
        await client.query("start transaction");
        await say(text, client);
      }
      await say("fast");
      await expect.poll(() => heard).toEqual([true, "fast"]);
      await pause(120);
      await undone.query("rollback");
      await slow.query("commit");
      await expect.poll(() => heard).toEqual([true, "fast", "slow"]);
      await say("next");
      await expect.poll(() => heard).toEqual([true, "fast", "slow", "next"]);
      await slow.end();
      await undone.end();
    });

    it("of one that was given out before the beginning arrive too", async () => {
      await createTable();
      const slow = await world.database.connect();
      await slow.query("start transaction");
      await say("slow", slow);
      await say("before");
      await listen();
      await slow.query("commit");
      await expect.poll(() => heard).toEqual([true, "slow"]);
      await slow.end();
    });

    it("begin when the registry's migration has made their table", async () => {
      await listen();
      expect(heard).toEqual([false]);
      expect(world.warnings).toEqual([]);
      await createTable();
      await expect.poll(() => heard, { timeout: 10_000 }).toEqual([false, true]);
      await say("one");
      await expect.poll(() => heard).toEqual([false, true, "one"]);
    });

    it("are unknown after the table was emptied or restored", async () => {
      await createTable();
      await say("before");
      await listen();
      await say("one");
      await expect.poll(() => heard).toEqual([true, "one"]);
      await world.admin.query(`truncate ${table}`);
      await expect.poll(() => heard).toEqual([true, "one", false, true]);
      await say("two");
      await expect.poll(() => heard).toEqual([true, "one", false, true, "two"]);
    });

    it("are unknown while they cannot be read, and begin anew", async () => {
      await createTable();
      await listen();
      await world.admin.query(`rename table ${table} to ${table}_away`);
      await expect.poll(() => heard).toEqual([true, false]);
      await world.admin.query(`rename table ${table}_away to ${table}`);
      await expect.poll(() => heard).toEqual([true, false, true]);
      await say("one");
      await expect.poll(() => heard).toEqual([true, false, true, "one"]);
    });

    it("are unknown while the server does not answer", { timeout: 30_000 }, async () => {
      await createTable();
      await listen();
      await world.admin.query(`lock tables ${table} write`);
      await expect.poll(() => heard, { timeout: 8_000 }).toEqual([true, false]);
      expect(world.warnings).toEqual(["notifications interrupted"]);
      await say("meanwhile");
      await world.admin.query("unlock tables");
      await expect.poll(() => heard, { timeout: 8_000 }).toEqual([true, false, true]);
    });

    it("come in hundreds at once", async () => {
      await createTable();
      await listen();
      const many = Array.from({ length: 2_500 }, (_, at) => String(at));
      const values = many.map((text) => `('${CHANNEL}', '${text}')`).join(", ");
      await world.admin.query(`insert into ${table} (channel, payload) values ${values}`);
      await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(2_501);
      expect(heard.slice(1)).toEqual(many);
    });

    it("end with the driver", async () => {
      await createTable();
      const driver = world.open();
      await listen(driver);
      await driver.close();
      await say("after");
      await pause(150);
      expect(heard).toEqual([true]);
      expect(() => driver.subscribe(CHANNEL, { onMessage() {}, onStatus() {} })).toThrow(
        /TENANCY_CLOSED/,
      );
    });
  },
  [MYSQL2, MARIADB],
);

import { afterAll, beforeAll, expect, it } from "vitest";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import { MariadbLibrary } from "../../../src/drivers/mariadb/mariadb-library.ts";
import { sortOptions } from "../../../src/drivers/mariadb/options.ts";
import { Subscription } from "../../../src/drivers/mysql/subscription.ts";
import { describeEngines, MARIADB } from "../../support/engines.ts";
import { type DriverWorld, openDriverWorld } from "./driver-world.ts";

describeEngines(
  "old notices",
  (engine) => {
    let world: DriverWorld;

    beforeAll(async () => {
      world = await openDriverWorld(engine);
    });
    afterAll(() => world.close());

    it("are removed by whoever listens, but for the newest", async () => {
      const table = `${world.globalSchema}.kirayedar_notices`;
      await world.admin.query(
        `create table ${table} (id bigint not null auto_increment primary key, channel varchar(64) not null,` +
          " payload varchar(2048) not null, created_at timestamp(6) not null default current_timestamp(6))",
      );
      const ids = async (): Promise<number[]> =>
        (await world.admin.query<{ id: number }>(`select id from ${table} order by id`)).rows.map(
          ({ id }) => id,
        );
      const say = (age: string): Promise<unknown> =>
        world.admin.query(
          `insert into ${table} (channel, payload, created_at) values ('c', '${age}', now(6) - interval ${age})`,
        );
      for (const age of ["3 hour", "2 hour", "50 minute", "61 minute"]) await say(age);
      const { config } = sortOptions({ uri: world.database.url });
      const wires = new MariadbLibrary(config).createWires(1);
      const heard: unknown[] = [];
      const subscription = new Subscription({
        channel: "c",
        logger: SILENT_LOGGER,
        pollMs: 10,
        pruneEveryMs: 20,
        subscriber: {
          onMessage: (payload) => heard.push(payload),
          onStatus: (connected) => heard.push(connected),
        },
        table,
        wires,
      });
      await subscription.start();
      await expect.poll(ids).toEqual([3, 4]);
      await say("1 second");
      await expect.poll(ids).toEqual([3, 5]);
      expect(heard).toEqual([true, "1 second"]);
      await subscription.stop();
      await wires.end();
    });
  },
  [MARIADB],
);

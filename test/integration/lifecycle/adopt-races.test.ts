import { afterEach, expect, it } from "vitest";
import { describeEngines, MARIADB, POSTGRES } from "../../support/engines.ts";
import { watchSessions } from "../../support/watched-driver.ts";
import type { AdoptResult } from "../../../src/core/adopt.ts";
import { createWorld, type World } from "./world.ts";

describeEngines(
  "adopting one schema twice at once",
  (engine) => {
    let world: World;
    afterEach(() => world.close());

    const tablesOf = async (schema: string): Promise<string[]> => {
      const place = engine.family === "postgres" ? "$1" : "?";
      const { rows } = await world.admin.query<{ name: string }>(
        `select table_name as name from information_schema.tables where table_schema = ${place} order by 1`,
        [schema],
      );
      return rows.map(({ name }) => name);
    };

    it.each([
      ["move", "move"],
      ["in-place", "move"],
    ] as const)("makes one tenant of it: %s and %s", async (one, two) => {
      world = await createWorld({}, engine);
      const schema = world.schema("shop");
      await world.run({
        mysql: `create database \`${schema}\`; create table \`${schema}\`.thing (id int)`,
        postgres: `create schema "${schema}"; create table "${schema}".thing (id int)`,
      });
      const other = world.another({ lockTimeoutMs: 100 });
      let inBetween: Promise<PromiseSettledResult<AdoptResult>[]> | undefined;
      // The other one comes when this one has looked, and has done nothing yet.
      const tenancy = world.another({
        wrap: (driver) =>
          watchSessions(driver, async ({ kind }, run) => {
            if (kind === "commit") {
              inBetween ??= Promise.allSettled([
                other.adopt({ applied: "none", as: "globex", how: two, schema }),
              ]);
              await inBetween;
            }
            return await run();
          }),
      });
      const [call] = await Promise.allSettled([
        tenancy.adopt({ applied: "none", as: "acme", how: one, schema }),
      ]);
      const done = [call, ...((await inBetween) ?? [])];
      await Promise.all([other.close(), tenancy.close()]);
      const made = done.flatMap((call) => (call.status === "fulfilled" ? [call.value] : []));
      expect(made).toHaveLength(1);
      const refused = done.find((call) => call.status === "rejected");
      expect(refused?.reason).toMatchObject({ code: "TENANT_BUSY" });
      const { rows } = await world.contents();
      expect(rows).toHaveLength(1);
      expect(await tablesOf(made[0]?.schemaName ?? "")).toContain("thing");
      expect(await tablesOf(made[0]?.schemaName ?? "")).not.toContain("kirayedar_adopting");
    });
  },
  [POSTGRES, MARIADB],
);

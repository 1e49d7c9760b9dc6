import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { FleetOptions } from "../../../src/core/fleet.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import { describeEngines, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { code, CREATE_NOTE } from "../lifecycle/world.ts";
import { ADD_COLUMN, ADD_ROW, createFleetWorld, type FleetWorld } from "./fleet-world.ts";
import { startFleet } from "./start-fleet.ts";

const WHENS = ["before", "during"] as const;
/** More than there are. */
const MOST_STEPS = 60;

/**
 * Kills a process at each step of a run; after each, another one finishes what it left.
 *
 * @returns how many steps the run has
 */
async function killEverywhere(
  world: FleetWorld,
  migrations: readonly Migration[],
  options: FleetOptions,
  finish: (about: string) => Promise<void>,
): Promise<number> {
  for (let step = 1; step < MOST_STEPS; step += 1) {
    for (const when of WHENS) {
      await world.reset();
      const report = await startFleet(world, migrations, { kill: { step, when }, options });
      if (report !== undefined && !report.ok)
        throw new Error("The run that was not killed failed.");
      if (report !== undefined) return step - 1;
      await finish(`step ${step}, ${when}`);
    }
  }
  throw new Error("The run has more steps than are tried.");
}

describe("a process that is killed in the middle of a run", () => {
  let world: FleetWorld;

  beforeAll(async () => {
    world = await createFleetWorld(4, POSTGRES);
  });
  afterAll(() => world.close());

  /** The server goes on with the message of a process that is dead, and may commit it. */
  const untilServerIsIdle = (): Promise<void> =>
    vi.waitFor(async () => {
      const { rows } = await world.admin.query(
        `select pid from pg_stat_activity where datname = current_database()
         and backend_type = 'client backend' and state = 'active' and pid <> pg_backend_pid()`,
      );
      expect(rows).toEqual([]);
    }, 20_000);

  const finish = async (about: string): Promise<void> => {
    await untilServerIsIdle();
    const halfway = await world.checkAll();
    const rest = await world.ahead().migrateAll();
    expect(rest.failed, about).toEqual([]);
    expect(rest.counts.changed, about).toBe(world.slugs.length - halfway.length);
    expect(await world.checkAll(), about).toEqual(world.slugs);
    expect(Object.values(await world.rows()), about).toEqual(world.slugs.map(() => 2));
  };

  it("loses nothing and does nothing twice, by messages", async () => {
    const steps = await killEverywhere(world, [CREATE_NOTE, ADD_ROW], { concurrency: 1 }, finish);
    // Reading the history once, a message for each, and telling others.
    expect(steps).toBe(1 + world.slugs.length + 1);
  }, 180_000);

  it("loses nothing and does nothing twice, with care", async () => {
    const options = { concurrency: 1, only: world.slugs.slice(0, 1), verify: true };
    const steps = await killEverywhere(world, [CREATE_NOTE, ADD_ROW], options, finish);
    expect(steps).toBeGreaterThan(4);
  }, 180_000);

  it("loses nothing and does nothing twice, with several tenants in hand", async () => {
    for (const step of [2, 4, 5, 6]) {
      await world.reset();
      const options = { concurrency: 3 };
      const kill = { step, when: "during" } as const;
      expect(await startFleet(world, [CREATE_NOTE, ADD_ROW], { kill, options })).toBeUndefined();
      await finish(`step ${step}`);
    }
  }, 60_000);
});

describeEngines(
  "a process that is killed where DDL commits at once",
  (engine) => {
    let world: FleetWorld;

    beforeAll(async () => {
      world = await createFleetWorld(2, engine);
    });
    afterAll(() => world.close());

    it("leaves what nobody knows to be asked for, and repeats nothing by itself", async () => {
      const migrations = [CREATE_NOTE, ADD_ROW, ADD_COLUMN];
      let interrupted = 0;
      const finish = async (about: string): Promise<void> => {
        const ahead = world.ahead({}, ADD_COLUMN);
        const rest = await ahead.migrateAll();
        expect(await world.behind(ADD_COLUMN.version), about).toEqual(
          rest.failed.map(({ tenant }) => tenant).toSorted(),
        );
        for (const { error, schemaName, tenant } of rest.failed) {
          interrupted += 1;
          expect(error, about).toMatchObject(code("MIGRATION_INTERRUPTED"));
          const { rows } = await world.admin.query(
            "select 1 from information_schema.columns where table_schema = ? and column_name = 'done'",
            [schemaName],
          );
          await ahead.migrate(tenant, { interrupted: rows.length > 0 ? "skip" : "repeat" });
        }
        expect(await world.checkAll(), about).toEqual(world.slugs);
        expect(Object.values(await world.rows()), about).toEqual([2, 2]);
        await ahead.rollbackAll();
      };
      const options = { only: world.slugs.slice(0, 1) };
      const steps = await killEverywhere(world, migrations, options, finish);
      expect(steps).toBeGreaterThan(10);
      expect(interrupted).toBeGreaterThan(0);
    }, 300_000);
  },
  [MYSQL2],
);

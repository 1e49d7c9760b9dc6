import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { describeEngines, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { die } from "./die.ts";
import { faulty, type FaultyDriver } from "./failing-driver.ts";
import { twoMigrations } from "./two-migrations.ts";
import { createWorld, type World } from "./world.ts";

const MOST_STEPS = 60;
const READY = 2;

describeEngines(
  "ready-made tenants, failing",
  (engine) => {
    const migrations = { global: [], tenant: twoMigrations(engine.family) };
    let world: World;

    beforeAll(async () => {
      world = await createWorld({ migrations, provisioning: { ready: READY } }, engine);
    });
    afterAll(() => world.close());

    interface Found {
      /** Schemas that belong to no tenant, and are not ready for one. */
      readonly lost: readonly string[];
      /** Schemas that belong to a tenant, and are ready for another. */
      readonly doubled: readonly string[];
      readonly ready: number;
      readonly tenants: readonly unknown[];
    }

    /** Repairs what the one that failed has left, and tells what there is. */
    async function repaired(): Promise<Found> {
      await expect
        .poll(async () => await world.tenancy.provision(), { timeout: 20_000 })
        .not.toBe(null);
      const { rows, schemas } = await world.contents();
      const { rows: listed } = await world.admin.query<{ schema_name: string }>(
        `select schema_name from ${world.globalSchema}.kirayedar_ready`,
      );
      const ready = listed.map(({ schema_name }) =>
        schema_name.replace(world.schema(""), "tenant_"),
      );
      const owned = rows.map(({ schema_name }) => schema_name as string);
      return {
        doubled: owned.filter((name) => ready.includes(name)),
        lost: schemas.filter((name) => !owned.includes(name) && !ready.includes(name)),
        ready: ready.length,
        tenants: rows.map(({ slug, state }) => [slug, state]),
      };
    }

    const whole: Found = { doubled: [], lost: [], ready: READY, tenants: [["acme", "active"]] };
    const nothing: Found = { ...whole, tenants: [] };

    it.each(["before", "after"] as const)(
      "lose no schema when the database fails %s a step of a claim, and hand none out twice",
      async (when) => {
        let faults: FaultyDriver<unknown> | undefined;
        const struck: Tenancy = world.another({
          migrations,
          provisioning: { ready: READY },
          wrap: (driver) => {
            faults = faulty(driver);
            return faults.driver;
          },
        });
        let steps = 0;
        for (let step = 1; step < MOST_STEPS; step += 1) {
          expect(await repaired()).toEqual(nothing);
          faults?.arm({ isLasting: false, step, when });
          await struck.create("acme", { domains: ["acme.test"] }).catch(() => undefined);
          steps = faults?.steps() ?? 0;
          faults?.disarm();
          await world.tenancy.create("acme", { ifExists: "keep" });
          expect(await repaired()).toEqual(whole);
          expect(await world.tenancy.healthCheck("acme")).toMatchObject({ healthy: true });
          await world.tenancy.drop("acme");
          if (steps < step) break;
        }
        expect(steps).toBeGreaterThan(3);
      },
      120_000,
    );

    describe("a process that is killed", () => {
      it.each(["claim", "provision"] as const)(
        "leaves what the next one can finish or repair, wherever in a %s it was",
        async (operation) => {
          let killed = 0;
          // What is dead after a step is as dead before the next one.
          for (let step = 1; step < MOST_STEPS; step += 1) {
            if (operation === "claim") await repaired();
            else await world.another({ migrations }).provision();
            const isDead = await die(world, operation, step, "before");
            if (isDead) killed += 1;
            if (step % 2 === 0) await world.tenancy.create("acme", { ifExists: "keep" });
            else await world.tenancy.drop("acme", { ifMissing: "ignore" });
            expect(await repaired()).toEqual(step % 2 === 0 ? whole : nothing);
            await world.tenancy.drop("acme", { ifMissing: "ignore" });
            if (!isDead) break;
          }
          expect(killed).toBeGreaterThan(4);
        },
        240_000,
      );
    });
  },
  [POSTGRES, MYSQL2],
);

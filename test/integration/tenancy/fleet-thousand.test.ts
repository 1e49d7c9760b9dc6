import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { code } from "../lifecycle/world.ts";
import { ADD_ROW, createFleetWorld, type FleetWorld } from "./fleet-world.ts";

const COUNT = 1_000;

describe("a thousand tenants", () => {
  let world: FleetWorld;

  beforeAll(async () => {
    world = await createFleetWorld(COUNT);
  }, 120_000);
  afterAll(() => world.close(), 120_000);

  it("are migrated but for the 500th, which fails, and is all that is left", async () => {
    const bad = world.slugs[499]!;
    await world.spoil(bad);
    const result = await world.ahead().migrateAll({ concurrency: 4 });
    expect(result.counts).toEqual({ changed: COUNT - 1, failed: 1, notReached: 0, unchanged: 0 });
    expect(result.failed).toMatchObject([{ error: code("MIGRATION_FAILED"), tenant: bad }]);
    expect(await world.behind(ADD_ROW.version)).toEqual([bad]);

    await world.run(`alter table tenant_${bad}.spoilt rename to note`);
    const again = await world.ahead().migrateAll();
    expect(again.counts).toEqual({ changed: 1, failed: 0, notReached: 0, unchanged: COUNT - 1 });
    expect(await world.checkAll()).toEqual(world.slugs);
    const nothing = await world.ahead().migrateAll();
    expect(nothing.counts).toMatchObject({ changed: 0, unchanged: COUNT });
    const verified = await world.ahead().migrateAll({ verify: true });
    expect(verified.counts).toMatchObject({ changed: 0, unchanged: COUNT });
  }, 60_000);
});

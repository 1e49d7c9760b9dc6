import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { MYSQL2 } from "../../support/engines.ts";
import { createWorld, type World } from "../lifecycle/world.ts";

describe.skipIf(inject("mysql") === undefined)("a database's name that was given up", () => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld({}, MYSQL2);
  });

  afterAll(() => world.close());

  it("is another tenant's only when nobody takes it for the old one's any more", async () => {
    await world.tenancy.create("old");
    await world.tenancy.rename("old", { schemaName: true, slug: "moved" });
    const startedAt = performance.now();
    await world.tenancy.create("other", { schemaName: world.schema("old") });
    // Five seconds are what a process remembers that hears of no changes.
    expect(performance.now() - startedAt).toBeGreaterThan(5_000);
    await world.tenancy.rename("moved", { schemaName: world.schema("moved_on") });
    const renamedAt = performance.now();
    await world.tenancy.rename("other", { schemaName: world.schema("moved") });
    expect(performance.now() - renamedAt).toBeGreaterThan(5_000);
  });

  it("is its own tenant's again at once", async () => {
    await world.tenancy.create("back");
    await world.tenancy.rename("back", { schemaName: world.schema("forth") });
    const startedAt = performance.now();
    await world.tenancy.rename("back", { schemaName: true });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

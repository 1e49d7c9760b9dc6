import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { MYSQL2 } from "../../support/engines.ts";
import { type FaultyDriver, faulty } from "../lifecycle/failing-driver.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";

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

  it("is held back each time, also from a creation that is taken up", async () => {
    const { admin, globalSchema, schema, tenancy } = world;
    await tenancy.create("twice");
    await tenancy.create("half");
    // As a process leaves it that dies while it creates one.
    await admin.query(
      `update \`${globalSchema}\`.tenants set state = 'provisioning' where slug = 'half'`,
    );
    await tenancy.rename("twice", { schemaName: schema("second") });
    await tenancy.rename("twice", { schemaName: schema("third") });
    const startedAt = performance.now();
    const waited = async (slug: string, schemaName: string): Promise<number> => {
      await tenancy.create(slug, { schemaName: schema(schemaName) });
      return performance.now() - startedAt;
    };
    const [fresh, takenUp] = await Promise.all([
      waited("fresh", "twice"),
      waited("half", "second"),
    ]);
    expect(fresh).toBeGreaterThan(5_000);
    expect(takenUp).toBeGreaterThan(5_000);
  });

  it("is held back from the moment in which it is free", async () => {
    let breakable: FaultyDriver<unknown> | undefined;
    const breaking = world.another({
      wrap: (driver) => {
        breakable = faulty(driver);
        return breakable.driver;
      },
    });
    await breaking.create("slow");
    // Counts the steps of a rename, and then breaks the last write of the next; one setting follows.
    breakable?.arm({ isLasting: false, step: 1_000_000, when: "before" });
    await breaking.rename("slow", { schemaName: world.schema("slower") });
    breakable?.arm({ isLasting: true, step: breakable.steps() - 1, when: "before" });
    const startedAt = performance.now();
    await expect(
      breaking.rename("slow", { schemaName: world.schema("slowest") }),
    ).rejects.toMatchObject(code("INVALID_STATE"));
    breakable?.disarm();
    await world.tenancy.create("quick", { schemaName: world.schema("slower") });
    expect(performance.now() - startedAt).toBeGreaterThan(5_000);
  });

  it("is its own tenant's again at once", async () => {
    await world.tenancy.create("back");
    await world.tenancy.rename("back", { schemaName: world.schema("forth") });
    const startedAt = performance.now();
    await world.tenancy.rename("back", { schemaName: true });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { createWorld, type World } from "../lifecycle/world.ts";

describeEngines("drift", (engine) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({}, engine);
    for (const slug of ["acme", "globex", "initech"]) await world.tenancy.create(slug);
  });
  afterAll(() => world.close());

  it("finds nothing in tenants that the migrations made", async () => {
    const result = await world.tenancy.diff();
    expect(result).toMatchObject({ failed: [], groups: [], ok: true, same: 3 });
  });
  it("x", async () => {
    await world.run({
      postgres: `alter table tenant_acme.note add extra int`,
      mysql: `alter table \`${world.schema("acme")}\`.note add extra int`,
    });
    const result = await world.tenancy.diff();
    console.log(JSON.stringify(result, null, 1));
    console.log(await world.contents());
  });
});

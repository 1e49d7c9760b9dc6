import { afterAll, beforeAll, expect, it } from "vitest";
import type { DiffResult, SchemaDifference } from "../../../src/core/drift.ts";
import { describeEngines } from "../../support/engines.ts";
import { createWorld, type World } from "../lifecycle/world.ts";
import { CHANGES, RICH } from "./rich-migrations.ts";

describeEngines("a schema that was changed by hand", (engine) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(
      { migrations: { global: [], tenant: [RICH[engine.family]] } },
      engine,
    );
    await world.tenancy.create("same");
  });
  afterAll(() => world.close());

  function words({ change, kind, name, table }: SchemaDifference): string {
    const place = table === undefined || table === name ? name : `${table}.${name}`;
    return `${change} ${kind} ${place}`;
  }

  it.each(CHANGES[engine.family])("differs: $title", async ({ found, text }) => {
    const name = world.schema("changed");
    await world.tenancy.create("changed");
    try {
      const enter =
        engine.family === "postgres" ? `set search_path = "${name}"` : `use \`${name}\``;
      const leave =
        engine.family === "postgres" ? "reset search_path" : `use \`${world.globalSchema}\``;
      await world.admin.query(enter);
      try {
        await world.admin.query(text);
      } finally {
        await world.admin.query(leave);
      }
      const result: DiffResult = await world.tenancy.diff();
      expect(result.failed).toEqual([]);
      expect(result.groups.flatMap(({ differences }) => differences.map(words))).toEqual(found);
    } finally {
      await world.tenancy.drop("changed");
    }
  });
});

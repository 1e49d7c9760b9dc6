import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Migration } from "../../../src/core/migrator.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { describeEngines } from "../../support/engines.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";

/** What the tenants are at before the deployment. */
const BEFORE: Migration = {
  down: "drop table note",
  name: "create_note",
  up: "create table note (id int, body varchar(200))",
  version: "1",
};
const ADD: Migration = {
  down: "alter table note drop column text",
  name: "add_text",
  up: "alter table note add column text varchar(200)",
  version: "2",
};
const TAKE_AWAY: Migration = {
  down: "alter table note add column body varchar(200)",
  name: "drop_body",
  phase: "contract",
  up: "alter table note drop column body",
  version: "3",
};
const ADD_MORE: Migration = {
  down: "alter table note drop column title",
  name: "add_title",
  phase: "expand",
  up: "alter table note add column title varchar(200)",
  version: "4",
};

describeEngines("phases", (engine) => {
  let world: World;
  let before: Tenancy;
  let after: Tenancy;
  let slug = "";
  let number = 0;

  beforeAll(async () => {
    world = await createWorld({ migrations: { global: [], tenant: [BEFORE] } }, engine);
    before = world.tenancy;
    const tenant = [BEFORE, ADD, TAKE_AWAY, ADD_MORE];
    // An order that is refused where it is wrong, so that nothing passes with a warning.
    after = world.another({ migrations: { global: [], strictOrder: true, tenant } });
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    number += 1;
    slug = `t${number}`;
    await before.create(slug);
  });

  const columns = (): Promise<string[]> =>
    after.withTenant(slug, async () => {
      const has = async (column: string): Promise<boolean> =>
        await after.query(`select ${column} from note`).then(
          () => true,
          () => false,
        );
      const found = [];
      for (const column of ["body", "text", "title"]) if (await has(column)) found.push(column);
      return found;
    });
  const migrate = async (phase: "expand" | "contract"): Promise<readonly string[]> =>
    (await after.migrate(slug, { phase })).versions;

  describe("migrating by phase", () => {
    it("adds before a deployment, and takes away after it", async () => {
      expect(await migrate("expand")).toEqual(["2", "4"]);
      expect(await columns()).toEqual(["body", "text", "title"]);
      const lines = await after.migrationStatus(slug);
      expect(lines.map(({ phase, state, version }) => [version, state, phase])).toEqual([
        ["1", "applied", "expand"],
        ["2", "applied", "expand"],
        ["3", "pending", "contract"],
        ["4", "applied", "expand"],
      ]);
      expect(await migrate("contract")).toEqual(["3"]);
      expect(await columns()).toEqual(["text", "title"]);
      expect((await after.get(slug)).version).toBe("4");
    });

    it("takes nothing away before what is older was added, and says what is missing", async () => {
      await expect(migrate("contract")).rejects.toMatchObject(code("MIGRATION_OUT_OF_ORDER"));
      await expect(migrate("contract")).rejects.toThrow("3_drop_body contracts, ");
      await expect(migrate("contract")).rejects.toThrow("pending: 2_add_text.");
      await after.migrate(slug, { phase: "expand", to: "2" });
      expect(await migrate("contract")).toEqual(["3"]);
      expect(await migrate("expand")).toEqual(["4"]);
    });

    it("applies both, by version, without a phase", async () => {
      expect((await after.migrate(slug)).versions).toEqual(["2", "3", "4"]);
    });

    it("applies what waited without a phase, too", async () => {
      await migrate("expand");
      expect((await after.migrate(slug)).versions).toEqual(["3"]);
    });

    it("is well while something waits to contract, and not while something is to expand", async () => {
      expect(await after.healthCheck(slug)).toMatchObject({ healthy: false, pending: ["2", "4"] });
      await migrate("expand");
      expect(await after.healthCheck(slug)).toMatchObject({ healthy: true, pending: [] });
    });

    it("undoes by version, whatever the phase", async () => {
      await migrate("expand");
      await migrate("contract");
      expect((await after.rollback(slug, { steps: 2 })).versions).toEqual(["4", "3"]);
      expect(await columns()).toEqual(["body", "text"]);
    });

    it("redoes what was undone, and nothing that waits to contract", async () => {
      await migrate("expand");
      expect((await after.redo(slug)).versions).toEqual(["4"]);
      expect(await columns()).toEqual(["body", "text", "title"]);
      await migrate("contract");
      expect((await after.redo(slug, { steps: 2 })).versions).toEqual(["3", "4"]);
    });

    it("gives a new tenant everything", async () => {
      await after.create(`${slug}_new`);
      const lines = await after.migrationStatus(`${slug}_new`);
      expect(lines.every(({ state }) => state === "applied")).toBe(true);
    });

    it("takes the whole fleet through", async () => {
      const only = [slug];
      const early = await after.migrateAll({ only, phase: "contract" });
      expect(early.failed).toMatchObject([{ error: code("MIGRATION_OUT_OF_ORDER") }]);
      const plan = await after.migrateAll({ dryRun: true, only, phase: "expand" });
      expect(plan.results).toMatchObject([{ versions: ["2", "4"] }]);
      const expanded = await after.migrateAll({ only, phase: "expand" });
      expect(expanded).toMatchObject({ ok: true, results: [{ versions: ["2", "4"] }] });
      const again = await after.migrateAll({ only, phase: "expand" });
      expect(again).toMatchObject({ counts: { changed: 0, unchanged: 1 }, ok: true });
      const contracted = await after.migrateAll({ only, phase: "contract" });
      expect(contracted).toMatchObject({ ok: true, results: [{ versions: ["3"] }] });
    });
  });
});

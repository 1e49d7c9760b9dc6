import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Migration } from "../../../src/core/migrator.ts";
import { referencePrefix } from "../../../src/drift/reference-name.ts";
import { resolveSettings } from "../../../src/tenancy/settings.ts";
import { describeEngines, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { createWorld, type World } from "../lifecycle/world.ts";
import { OUTSIDE } from "./outside-migration.ts";

const DYING = fileURLToPath(new URL("dying-diff.ts", import.meta.url));

describeEngines(
  "a schema that was made for a comparison",
  (engine) => {
    let world: World;

    beforeAll(async () => {
      world = await createWorld({ migrations: { global: [], tenant: OUTSIDE } }, engine);
      await world.tenancy.create("acme");
    });

    afterAll(() => world.close());

    /** Has another process compare, and die at one of its steps, if it comes so far. */
    async function die(step: number): Promise<void> {
      const args = [DYING, engine.name, world.url, world.schema(""), String(step)];
      try {
        await promisify(execFile)(process.execPath, args);
      } catch (error) {
        if ((error as { signal?: unknown }).signal !== "SIGKILL") throw error;
      }
    }

    const schemas = async (): Promise<string[]> => (await world.contents()).schemas;

    function prefix(): string {
      const { driver } = engineDriver();
      const settings = resolveSettings({ database: driver, tenantPrefix: world.schema("") });
      return referencePrefix(settings);
    }

    function engineDriver(): { driver: Parameters<typeof resolveSettings>[0]["database"] } {
      let driver: Parameters<typeof resolveSettings>[0]["database"] | undefined;
      world.another({ wrap: (given) => (driver = given) });
      return { driver: driver! };
    }

    it("is gone when the comparison has ended", async () => {
      const result = await world.tenancy.diff();
      expect(result).toMatchObject({ ok: true, reference: { source: "schema" }, same: 1 });
      expect(await schemas()).toEqual(["tenant_acme"]);
    });

    it("is gone, too, if the migrations fail in it", async () => {
      const broken: Migration = {
        name: "broken",
        up: "select nonsense",
        version: "20260101000003",
      };
      const ahead = world.another({ migrations: { global: [], tenant: [...OUTSIDE, broken] } });
      await expect(ahead.diff()).rejects.toMatchObject({ code: "MIGRATION_FAILED" });
      expect(await schemas()).toEqual(["tenant_acme"]);
    });

    it(
      "is removed by the next comparison, wherever the process died",
      { timeout: 120_000 },
      async () => {
        let left = 0;
        // The first few are those of its making; at some of them it does not die, but ends.
        for (const step of [2, 3, 5, 7, 12, 14, 16, 18]) {
          await die(step);
          left += (await schemas()).length - 1;
          expect(await world.tenancy.diff()).toMatchObject({ ok: true });
          expect(await schemas()).toEqual(["tenant_acme"]);
        }
        expect(left).toBeGreaterThan(2);
      },
    );

    it("is left alone while somebody uses it", async () => {
      let [isMade, goOn] = [(): void => undefined, (): void => undefined];
      const made = new Promise<void>((resolve) => (isMade = resolve));
      const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
      const slow: Migration = {
        name: "slow",
        transaction: false,
        up: async () => {
          isMade();
          await mayGoOn;
        },
        version: "20260101000000",
      };
      const other = world.another({ migrations: { global: [], tenant: [slow, ...OUTSIDE] } });
      const running = other.diff();
      await made;
      expect(await schemas()).toHaveLength(2);
      expect(await world.tenancy.diff()).toMatchObject({ ok: true });
      expect(await schemas()).toHaveLength(2);
      goOn();
      expect(await running).toMatchObject({ failed: [], groups: [] });
      expect(await schemas()).toEqual(["tenant_acme"]);
    });

    it("is told from another program's schema of such a name", async () => {
      const foreign = `${prefix()}0123abcd`;
      await world.makeForeign(foreign);
      expect(await world.tenancy.diff()).toMatchObject({ ok: true });
      await world.checkForeign(foreign);
      await world.removeSchema(foreign);
    });

    it("cannot be a tenant's", async () => {
      const schemaName = `${prefix()}0123abcd`;
      await expect(world.tenancy.create("mine", { schemaName })).rejects.toMatchObject({
        code: "INVALID_SCHEMA_NAME",
      });
    });
  },
  [POSTGRES, MYSQL2],
);

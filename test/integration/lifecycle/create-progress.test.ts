import { afterAll, beforeAll, expect, it } from "vitest";
import type { CreateStep } from "../../../src/core/insight.ts";
import type { CreateOptions, Tenancy } from "../../../src/core/tenancy.ts";
import { describeEngines, MARIADB, POSTGRES } from "../../support/engines.ts";
import { code, createWorld, type World } from "./world.ts";

describeEngines(
  "the progress of a creation",
  (engine) => {
    let world: World;

    beforeAll(async () => {
      world = await createWorld(
        {
          seed: async (context) =>
            void (await context.query("insert into note (body) values ('seeded')")),
        },
        engine,
      );
    });
    afterAll(() => world.close());

    async function stepsOf(
      slug: string,
      options: CreateOptions = {},
      tenancy: Tenancy = world.tenancy,
    ): Promise<CreateStep[]> {
      const steps: CreateStep[] = [];
      const onProgress = (step: CreateStep): void => void steps.push(step);
      await tenancy.create(slug, { ...options, onProgress });
      return steps;
    }

    it("tells each step as it begins, and those that there are alone", async () => {
      const whole: CreateStep[] = ["lock", "row", "schema", "migrations", "seed", "hooks", "done"];
      expect(await stepsOf("whole", { afterCreate: () => undefined })).toEqual(whole);
      expect(await stepsOf("bare", { migrate: false })).toEqual(["lock", "row", "schema", "done"]);
      expect(await stepsOf("bare", { ifExists: "keep" })).toEqual(["lock", "done"]);
    });

    it("ends where the creation fails", async () => {
      const steps: CreateStep[] = [];
      const failing = world.tenancy.create("failing", {
        afterCreate: () => {
          throw new Error("no");
        },
        onProgress: (step) => void steps.push(step),
      });
      await expect(failing).rejects.toMatchObject(code("HOOK_FAILED"));
      expect(steps.at(-1)).toBe("hooks");
    });

    it("tells the steps of an attempt that is taken up, and of a schema that was ready", async () => {
      const { globalSchema } = world;
      await world.admin.query(
        `insert into ${globalSchema}.tenants (slug, schema_name) values ('left', '${world.schema("left")}')`,
      );
      const steps: CreateStep[] = ["lock", "row", "schema", "migrations", "seed", "done"];
      expect(await stepsOf("left")).toEqual(steps);
      const ready = world.another({ provisioning: { ready: 1 } });
      await ready.provision();
      expect(await stepsOf("quick", {}, ready)).toEqual(["lock", "row", "schema", "done"]);
      await ready.close();
    });

    it("changes nothing by what it throws, or by what it is", async () => {
      const from = world.log.length;
      await world.tenancy.create("thrown", {
        onProgress: (step) => {
          throw new Error(step);
        },
      });
      await world.tenancy.create("rejected", {
        // oxlint-disable-next-line typescript/no-misused-promises -- what a caller may get wrong
        onProgress: async (step) => {
          throw new Error(step);
        },
      });
      const warned = world.log.slice(from).filter(({ level }) => level === "warn");
      expect(warned).toHaveLength(12);
      expect((await world.tenancy.get("rejected")).state).toBe("active");
      const wrong = world.tenancy.create("wrong", { onProgress: "loud" as never });
      await expect(wrong).rejects.toMatchObject(code("INVALID_QUERY"));
      expect(await world.tenancy.exists("wrong")).toBe(false);
    });
  },
  [POSTGRES, MARIADB],
);

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ListOptions } from "../../../src/core/registry.ts";
import { describeEngines } from "../../support/engines.ts";
import {
  createRegistryWorld,
  insertTenant,
  type RegistryProcess,
  type RegistryWorld,
} from "./registry-world.ts";

describeEngines("the list of tenants", (engine) => {
  let world: RegistryWorld;
  let one: RegistryProcess;

  beforeAll(async () => {
    world = await createRegistryWorld(engine);
    await world.migrate();
    one = world.process();
    await insertTenant(one, "acme", { name: "100% Acme", version: "1" });
    await insertTenant(one, "a-z", { name: "Under_score", state: "suspended", version: "2" });
    await insertTenant(one, "a0", { name: "Back\\slash", server: "eu", version: "2" });
    await insertTenant(one, "globex", { name: "ACMEX", state: "maintenance" });
    await insertTenant(one, "initech", { state: "provisioning" });
  });
  afterAll(() => world.close());

  const slugs = async (options?: ListOptions): Promise<string[]> =>
    (await one.registry.list(one.on, options)).tenants.map(({ slug }) => slug);

  describe("list", () => {
    it.each<[string, ListOptions, string[]]>([
      ["everything by default", {}, ["a0", "a-z", "acme", "globex", "initech"]],
      ["one state", { state: "suspended" }, ["a-z"]],
      ["several states", { state: ["suspended", "maintenance"] }, ["a-z", "globex"]],
      ["no state at all", { state: [] }, []],
      ["one version", { version: "2" }, ["a0", "a-z"]],
      ["no version", { version: null }, ["globex", "initech"]],
      ["a part of slug or name in any case", { search: "aCmE" }, ["acme", "globex"]],
      ["a percent sign as itself", { search: "%" }, ["acme"]],
      ["an underscore as itself", { search: "_" }, ["a-z"]],
      ["a backslash as itself", { search: "\\" }, ["a0"]],
      ["a quote as itself", { search: "'" }, []],
      ["one server", { server: "eu" }, ["a0"]],
      ["all filters together", { search: "a", state: "active", version: "2" }, ["a0"]],
    ])("filters by %s", async (_name, options, expected) => {
      expect(await slugs(options)).toEqual(expected);
    });

    it("pages through everything once, whatever the page size", async () => {
      for (const limit of [1, 2, 3, 5, 1000]) {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await one.registry.list(one.on, {
            limit,
            ...(cursor === undefined ? {} : { cursor }),
          });
          expect(page.tenants.length).toBeLessThanOrEqual(limit);
          seen.push(...page.tenants.map(({ slug }) => slug));
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        expect(seen).toEqual(["a0", "a-z", "acme", "globex", "initech"]);
      }
    });

    it("goes on behind a tenant that was removed meanwhile", async () => {
      const { id } = await insertTenant(one, "b");
      const { nextCursor } = await one.registry.list(one.on, { limit: 4 });
      await one.registry.remove(one.on, id);
      expect(await slugs({ cursor: nextCursor as string })).toEqual(["globex", "initech"]);
    });

    it.each([
      ["limit", { limit: 0 }, "INVALID_QUERY"],
      ["limit", { limit: 1001 }, "INVALID_QUERY"],
      ["limit", { limit: 1.5 }, "INVALID_QUERY"],
      ["limit", { limit: "5" }, "INVALID_QUERY"],
      ["state", { state: "sleeping" }, "INVALID_QUERY"],
      ["state", { state: [null] }, "INVALID_QUERY"],
      ["state", { state: 5 }, "INVALID_QUERY"],
      ["search", { search: "a\0" }, "INVALID_QUERY"],
      ["version", { version: 5 }, "INVALID_QUERY"],
      ["cursor", { cursor: "nonsense" }, "INVALID_CURSOR"],
      ["cursor", { cursor: "" }, "INVALID_CURSOR"],
    ])("refuses a wrong %s: %j", async (_name, options, code) => {
      const broken = { query: () => Promise.reject(new Error("asked")) };
      const failed = one.registry.list(broken, options as ListOptions);
      await expect(failed).rejects.toMatchObject({ code });
    });
  });
});

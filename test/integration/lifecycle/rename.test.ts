import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeEngines, inWords } from "../../support/engines.ts";
import { code, createWorld, WHERE, type World } from "./world.ts";

describeEngines("renaming", (engine) => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld({}, engine);
  });

  afterAll(() => world.close());

  async function bodies(slug: string): Promise<unknown[]> {
    const { rows } = await world.tenancy.withTenant(slug, () =>
      world.tenancy.query<{ body: string }>(`${WHERE[engine.family]}, body from note`),
    );
    return rows;
  }

  describe("rename", () => {
    it("changes the slug alone, at once for everybody, and keeps id and schema", async () => {
      const before = await world.tenancy.create("old", { domains: ["old.test"] });
      await world.tenancy.withTenant("old", () => undefined);
      const after = await world.tenancy.rename("old", { slug: "new" });
      expect(after).toMatchObject({
        domains: ["old.test"],
        id: before.id,
        schemaName: world.schema("old"),
        slug: "new",
      });
      expect(await bodies("new")).toEqual([{ body: "first", here: world.schema("old") }]);
      await expect(bodies("old")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
      expect(await world.tenancy.resolve({ host: "old.test" })).toMatchObject({
        tenant: { slug: "new" },
      });
    });

    it("changes the schema's name, given or derived, together with the slug", async () => {
      const odd = world.schema("Odd name");
      await world.tenancy.create("a");
      await bodies("a");
      expect(await world.tenancy.rename("a", { schemaName: odd })).toMatchObject({
        schemaName: odd,
        slug: "a",
      });
      expect(await bodies("a")).toEqual([{ body: "first", here: odd }]);
      expect(await world.tenancy.rename("a", { schemaName: true, slug: "b-c" })).toMatchObject({
        schemaName: world.schema("b_c"),
        slug: "b-c",
      });
      expect(await bodies("b_c")).toEqual([{ body: "first", here: world.schema("b_c") }]);
      expect((await world.contents()).schemas).not.toContain("tenant_Odd name");
    });

    it("changes nothing when nothing is new", async () => {
      const tenant = await world.tenancy.create("same");
      expect(await world.tenancy.rename("same", { schemaName: true, slug: "same" })).toEqual(
        tenant,
      );
    });

    it("frees the old names", async () => {
      await world.tenancy.create("freed");
      await world.tenancy.rename("freed", { schemaName: true, slug: "moved" });
      const fresh = await world.tenancy.create("freed");
      expect(fresh.schemaName).toBe(world.schema("freed"));
    });

    it("refuses names that are taken, reserved or malformed, and leaves the tenant as it was", async () => {
      const tenant = await world.tenancy.create("subject");
      await world.tenancy.create("taken");
      await world.makeForeign(world.schema("unregistered"));
      const attempts = [
        [{ slug: "taken" }, "TENANT_EXISTS"],
        [{ schemaName: world.schema("taken") }, "SCHEMA_EXISTS"],
        [{ schemaName: world.schema("unregistered") }, "SCHEMA_EXISTS"],
        [{ slug: "public" }, "INVALID_TENANT_ID"],
        [{ slug: "www" }, "INVALID_TENANT_ID"],
        [{ slug: "a".repeat(65 - world.schema("").length) }, "INVALID_TENANT_ID"],
        [{ schemaName: world.globalSchema }, "INVALID_SCHEMA_NAME"],
        [
          { schemaName: inWords(engine, { mysql: "SYS", postgres: "pg_mine" }) },
          "INVALID_SCHEMA_NAME",
        ],
        [{ schemaName: "x".repeat(65) }, "INVALID_SCHEMA_NAME"],
        [{ schemaName: new URL(world.url).username }, "INVALID_SCHEMA_NAME"],
        [{ schemaName: world.databaseName }, "INVALID_SCHEMA_NAME"],
        [{}, "INVALID_QUERY"],
      ] as const;
      for (const [to, expected] of attempts) {
        await expect(world.tenancy.rename("subject", to)).rejects.toMatchObject(code(expected));
      }
      await expect(world.tenancy.rename("nobody", { slug: "somebody" })).rejects.toMatchObject(
        code("TENANT_NOT_FOUND"),
      );
      expect(await world.tenancy.get("subject")).toEqual(tenant);
      expect(await bodies("subject")).toEqual([{ body: "first", here: world.schema("subject") }]);
    });

    it("never renames a schema that is no tenant's", async () => {
      await world.run(
        `insert into tenants (slug, schema_name, state) values ('forged', '${world.globalSchema}', 'active')`,
      );
      await expect(
        world.tenancy.rename("forged", { schemaName: world.schema("mine") }),
      ).rejects.toMatchObject(code("INVALID_SCHEMA_NAME"));
      await world.run("delete from tenants where slug = 'forged'");
    });

    it("tells when the schema is gone", async () => {
      await world.tenancy.create("hollow");
      await world.removeSchema(world.schema("hollow"));
      await expect(
        world.tenancy.rename("hollow", { schemaName: world.schema("x") }),
      ).rejects.toMatchObject(code("SCHEMA_NOT_FOUND"));
      await world.tenancy.drop("hollow");
    });

    it("gives a slug to one of many who want it at once", async () => {
      for (const slug of ["r1", "r2", "r3"]) await world.tenancy.create(slug);
      const outcomes = await Promise.allSettled([
        ...["r1", "r2", "r3"].map((slug) =>
          world.tenancy.rename(slug, { schemaName: true, slug: "prize" }),
        ),
        world.tenancy.create("prize"),
      ]);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const refusals = outcomes.flatMap((outcome) =>
        outcome.status === "rejected" ? [outcome.reason as unknown] : [],
      );
      // Where a schema is made before it is filled, the winner's is there already, or being moved.
      const either = expect.stringMatching(
        inWords(engine, {
          mysql: "^(?:(?:TENANT|SCHEMA)_EXISTS|INVALID_STATE)$",
          postgres: "^TENANT_EXISTS$",
        }),
      ) as string;
      expect(refusals).toEqual(Array(3).fill(expect.objectContaining(code(either))));
      expect(await bodies("prize")).toEqual([{ body: "first", here: world.schema("prize") }]);
    });

    it("is seen by an operation by id that waited for the old slug's lock", async () => {
      const { id } = await world.tenancy.create("wanders");
      await Promise.all([
        world.tenancy.rename({ id }, { slug: "wandered" }),
        world.tenancy.suspend({ id }),
        world.tenancy.rename({ id }, { slug: "wanders_on" }),
      ]);
      expect(await world.tenancy.get({ id })).toMatchObject({ state: "suspended" });
    });
  });
});

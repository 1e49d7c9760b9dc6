import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { code, createWorld, type World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.close());

async function bodies(slug: string): Promise<unknown[]> {
  const { rows } = await world.tenancy.withTenant(slug, () =>
    world.tenancy.query<{ body: string }>("select current_schema() as schema, body from note"),
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
      schemaName: "tenant_old",
      slug: "new",
    });
    expect(await bodies("new")).toEqual([{ body: "first", schema: "tenant_old" }]);
    await expect(bodies("old")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
    expect(await world.tenancy.resolve({ host: "old.test" })).toMatchObject({
      tenant: { slug: "new" },
    });
  });

  it("changes the schema's name, given or derived, together with the slug", async () => {
    await world.tenancy.create("a");
    await bodies("a");
    expect(await world.tenancy.rename("a", { schemaName: "Odd name" })).toMatchObject({
      schemaName: "Odd name",
      slug: "a",
    });
    expect(await bodies("a")).toEqual([{ body: "first", schema: "Odd name" }]);
    expect(await world.tenancy.rename("a", { schemaName: true, slug: "b-c" })).toMatchObject({
      schemaName: "tenant_b_c",
      slug: "b-c",
    });
    expect(await bodies("b_c")).toEqual([{ body: "first", schema: "tenant_b_c" }]);
    expect((await world.contents()).schemas).not.toContain("Odd name");
  });

  it("changes nothing when nothing is new", async () => {
    const tenant = await world.tenancy.create("same");
    expect(await world.tenancy.rename("same", { schemaName: true, slug: "same" })).toEqual(tenant);
  });

  it("frees the old names", async () => {
    await world.tenancy.create("freed");
    await world.tenancy.rename("freed", { schemaName: true, slug: "moved" });
    const fresh = await world.tenancy.create("freed");
    expect(fresh.schemaName).toBe("tenant_freed");
  });

  it("refuses names that are taken, reserved or malformed, and leaves the tenant as it was", async () => {
    const tenant = await world.tenancy.create("subject");
    await world.tenancy.create("taken");
    await world.admin.query("create schema unregistered");
    const attempts = [
      [{ slug: "taken" }, "TENANT_EXISTS"],
      [{ schemaName: "tenant_taken" }, "SCHEMA_EXISTS"],
      [{ schemaName: "unregistered" }, "SCHEMA_EXISTS"],
      [{ slug: "public" }, "INVALID_TENANT_ID"],
      [{ slug: "www" }, "INVALID_TENANT_ID"],
      [{ slug: "a".repeat(57) }, "INVALID_TENANT_ID"],
      [{ schemaName: "public" }, "INVALID_SCHEMA_NAME"],
      [{ schemaName: "pg_mine" }, "INVALID_SCHEMA_NAME"],
      [{ schemaName: "x".repeat(64) }, "INVALID_SCHEMA_NAME"],
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
    expect(await bodies("subject")).toEqual([{ body: "first", schema: "tenant_subject" }]);
  });

  it("never renames a schema that is no tenant's", async () => {
    await world.admin.query(
      "insert into tenants (slug, schema_name, state) values ('forged', 'public', 'active')",
    );
    await expect(world.tenancy.rename("forged", { schemaName: "mine" })).rejects.toMatchObject(
      code("INVALID_SCHEMA_NAME"),
    );
    await world.admin.query("delete from tenants where slug = 'forged'");
  });

  it("tells when the schema is gone", async () => {
    await world.tenancy.create("hollow");
    await world.admin.query("drop schema tenant_hollow cascade");
    await expect(world.tenancy.rename("hollow", { schemaName: "x" })).rejects.toMatchObject(
      code("SCHEMA_NOT_FOUND"),
    );
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
    expect(refusals).toEqual(Array(3).fill(expect.objectContaining(code("TENANT_EXISTS"))));
    expect(await bodies("prize")).toEqual([{ body: "first", schema: "tenant_prize" }]);
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

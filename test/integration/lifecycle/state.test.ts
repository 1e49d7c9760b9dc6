import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import type { TenantState } from "../../../src/core/tenant.ts";
import { describeEngines } from "../../support/engines.ts";
import { code, createWorld, type World } from "./world.ts";

describeEngines("state", (engine) => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld(
      { adminHost: "admin.example.com", primaryDomain: "example.com" },
      engine,
    );
  });

  afterAll(() => world.close());

  type Change = "suspend" | "resume" | "startMaintenance";

  const ALLOWED: readonly (readonly [Change, TenantState, TenantState])[] = [
    ["suspend", "active", "suspended"],
    ["suspend", "suspended", "suspended"],
    ["resume", "suspended", "active"],
    ["resume", "maintenance", "active"],
    ["resume", "active", "active"],
    ["startMaintenance", "active", "maintenance"],
    ["startMaintenance", "maintenance", "maintenance"],
  ];
  const REFUSED: readonly (readonly [Change, TenantState])[] = [
    ["suspend", "maintenance"],
    ["suspend", "provisioning"],
    ["suspend", "dropping"],
    ["resume", "provisioning"],
    ["resume", "failed"],
    ["resume", "archived"],
    ["resume", "dropping"],
    ["startMaintenance", "suspended"],
    ["startMaintenance", "failed"],
  ];

  async function put(state: TenantState): Promise<void> {
    const update = (to: TenantState) =>
      world.run(`update tenants set state = '${to}' where slug = 'acme'`);
    await update("active");
    await world.tenancy.create("acme", { ifExists: "keep" });
    await update(state);
  }

  describe("a tenant's state", () => {
    it.each(ALLOWED)("lets %s take a tenant from %s to %s", async (change, from, to) => {
      await put("active");
      await put(from);
      expect(await world.tenancy[change]("acme")).toMatchObject({ slug: "acme", state: to });
      expect(await world.tenancy.get("acme")).toMatchObject({ state: to });
      await put("active");
    });

    it.each(REFUSED)("does not let %s change a tenant that is %s", async (change, from) => {
      await put("active");
      await put(from);
      await expect(world.tenancy[change]("acme")).rejects.toMatchObject(
        code("INVALID_STATE", { tenant: "acme" }),
      );
      expect(await world.tenancy.get("acme")).toMatchObject({ state: from });
      await put("active");
    });

    it("is refused for a tenant that is not there", async () => {
      await expect(world.tenancy.suspend("nobody")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
      await expect(world.tenancy.suspend({ id: "nobody" })).rejects.toMatchObject(
        code("TENANT_NOT_FOUND"),
      );
      await expect(world.tenancy.resume("No-body")).rejects.toMatchObject(
        code("INVALID_TENANT_ID"),
      );
    });

    it("decides at once who gets in", async () => {
      await put("active");
      const enter = (tenancy: Tenancy = world.tenancy): Promise<string> =>
        tenancy.withTenant("acme", () => "in");
      expect(await enter()).toBe("in");
      await world.tenancy.suspend("acme");
      await expect(enter()).rejects.toMatchObject(code("TENANT_NOT_ACTIVE"));
      await expect(enter()).rejects.toThrow('"acme" is suspended');
      expect(await world.tenancy.resolve({ host: "acme.example.com" })).toMatchObject({
        kind: "suspended",
      });
      expect(await world.tenancy.withTenant("acme", () => "in", { allow: ["suspended"] })).toBe(
        "in",
      );
      await world.tenancy.resume("acme");
      expect(await enter()).toBe("in");
      await world.tenancy.startMaintenance("acme");
      await expect(enter()).rejects.toThrow("in maintenance");
      await world.tenancy.resume("acme");
    });

    it("reaches other processes", async () => {
      await put("active");
      const other = world.another();
      const enter = (): Promise<string> =>
        other.withTenant("acme", () => "in").catch((error) => (error as { code: string }).code);
      expect(await enter()).toBe("in");
      await world.tenancy.suspend("acme");
      await expect.poll(enter, { timeout: 6_000 }).toBe("TENANT_NOT_ACTIVE");
      await world.tenancy.resume("acme");
      await expect.poll(enter, { timeout: 6_000 }).toBe("in");
    });
  });

  describe("domains", () => {
    it("are added, put first and removed", async () => {
      await world.tenancy.create("shop", { domains: ["one.test"] });
      const resolve = async (host: string): Promise<string> =>
        (await world.tenancy.resolve({ host })).kind;
      expect(await resolve("two.test")).toBe("unknown");
      expect((await world.tenancy.addDomain("shop", "TWO.test.")).domains).toEqual([
        "one.test",
        "two.test",
      ]);
      expect(await resolve("two.test")).toBe("tenant");
      expect((await world.tenancy.addDomain("shop", "two.test")).domains).toEqual([
        "one.test",
        "two.test",
      ]);
      const three = await world.tenancy.addDomain("shop", "three.test", { primary: true });
      expect(three.domains).toEqual(["three.test", "one.test", "two.test"]);
      expect((await world.tenancy.setPrimaryDomain("shop", "two.test")).domains[0]).toBe(
        "two.test",
      );
      const rest = (await world.tenancy.removeDomain("shop", "two.test")).domains;
      expect(rest.toSorted()).toEqual(["one.test", "three.test"]);
      expect(await resolve("two.test")).toBe("unknown");
      expect((await world.tenancy.removeDomain("shop", "two.test")).domains).toHaveLength(2);
    });

    it("belong to one tenant", async () => {
      await world.tenancy.create("first_owner", { domains: ["mine.test"] });
      await world.tenancy.create("second_owner");
      await expect(world.tenancy.addDomain("second_owner", "mine.test")).rejects.toMatchObject(
        code("DOMAIN_TAKEN"),
      );
      await expect(
        world.tenancy.setPrimaryDomain("second_owner", "mine.test"),
      ).rejects.toMatchObject(code("INVALID_DOMAIN"));
      await world.tenancy.removeDomain("second_owner", "mine.test");
      expect((await world.tenancy.get("first_owner")).domains).toEqual(["mine.test"]);
      await expect(world.tenancy.addDomain("nobody", "x.test")).rejects.toMatchObject(
        code("TENANT_NOT_FOUND"),
      );
    });

    it("are refused in words that make a sentence", async () => {
      await expect(world.tenancy.addDomain("shop", "a..b")).rejects.toThrow(
        "The domain is not valid: the host has an empty label.",
      );
    });

    it.each([
      "",
      "http://x.test",
      "x.test/path",
      "a b",
      "127.0.0.1",
      "[::1]",
      "example.com",
      "a.example.com",
      "b.a.example.com",
      "admin.example.com",
    ])("are refused: %j", async (domain) => {
      await expect(world.tenancy.addDomain("shop", domain)).rejects.toMatchObject(
        code("INVALID_DOMAIN"),
      );
    });
  });

  describe("update, get, exists and list", () => {
    it("changes a name and removes it", async () => {
      await world.tenancy.create("named", { name: "One" });
      expect(await world.tenancy.update("named", { name: "Two" })).toMatchObject({ name: "Two" });
      expect(await world.tenancy.update("named", {})).toMatchObject({ name: "Two" });
      expect(await world.tenancy.update("named", { name: null })).toMatchObject({ name: null });
      await expect(world.tenancy.update("named", { extra: { nope: 1 } })).rejects.toMatchObject(
        code("INVALID_QUERY"),
      );
      await expect(world.tenancy.update("nobody", { name: "x" })).rejects.toMatchObject(
        code("TENANT_NOT_FOUND"),
      );
    });

    it("tells whether there is a tenant, whatever it is asked for", async () => {
      const tenant = await world.tenancy.create("there");
      expect(await world.tenancy.exists("there")).toBe(true);
      expect(await world.tenancy.exists({ id: tenant.id })).toBe(true);
      for (const slug of ["nobody", "public", "pg_catalog", "www", "No Slug", "", null, 7]) {
        expect(await world.tenancy.exists(slug as string)).toBe(false);
      }
      expect(await world.tenancy.get(tenant)).toEqual(tenant);
      await expect(world.tenancy.get("nobody")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
    });

    it("lists tenants by slug, page by page", async () => {
      const all = await world.tenancy.list({ limit: 1000 });
      const slugs: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await world.tenancy.list({
          limit: 2,
          ...(cursor !== undefined && { cursor }),
        });
        slugs.push(...page.tenants.map(({ slug }) => slug));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(slugs).toEqual(all.tenants.map(({ slug }) => slug));
      expect(slugs.length).toBeGreaterThan(4);
    });
  });
});

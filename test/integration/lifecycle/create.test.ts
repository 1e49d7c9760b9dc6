import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenant } from "../../../src/core/tenant.ts";
import { describeEngines, inWords } from "../../support/engines.ts";
import { code, CREATE_NOTE, createWorld, NOWHERE, WHERE, type World } from "./world.ts";

describeEngines("creation", (engine) => {
  let world: World;

  beforeAll(async () => {
    world = await createWorld(
      {
        adminHost: "admin.example.com",
        primaryDomain: "example.com",
        registry: { extraColumns: { plan: "varchar(20) not null default 'free'" } },
      },
      engine,
    );
  });

  afterAll(() => world.close());

  describe("create", () => {
    it("makes a row, a schema and its tables, and returns the active tenant", async () => {
      const tenant = await world.tenancy.create("acme", {
        domains: ["Acme.test.", "shop.acme.test"],
        name: "Acme",
      });
      expect(tenant).toMatchObject({
        domains: ["acme.test", "shop.acme.test"],
        extra: { plan: "free" },
        name: "Acme",
        schemaName: world.schema("acme"),
        server: "default",
        slug: "acme",
        state: "active",
        version: CREATE_NOTE.version,
      });
      const { rows } = await world.tenancy.withTenant("acme", () =>
        world.tenancy.query(`${WHERE[engine.family]}, body from note`),
      );
      expect(rows).toEqual([{ body: "first", here: world.schema("acme") }]);
      expect(await world.tenancy.get("acme")).toEqual(tenant);
    });

    it("writes extra columns", async () => {
      const tenant = await world.tenancy.create("extra", { extra: { plan: "gold" } });
      expect(tenant.extra).toEqual({ plan: "gold" });
      await expect(world.tenancy.create("extra_2", { extra: { nope: 1 } })).rejects.toMatchObject(
        code("INVALID_QUERY"),
      );
    });

    it("refuses a tenant that exists, whatever of hyphen and underscore it is written with", async () => {
      await world.tenancy.create("globex-corp");
      for (const slug of ["globex-corp", "globex_corp"]) {
        await expect(world.tenancy.create(slug)).rejects.toMatchObject(
          code("TENANT_EXISTS", { tenant: slug }),
        );
      }
      expect((await world.tenancy.get("globex_corp")).schemaName).toBe(world.schema("globex_corp"));
    });

    it("keeps a tenant that exists when it is asked to, with all its data", async () => {
      const first = await world.tenancy.create("kept", { name: "First" });
      const second = await world.tenancy.createAndMigrate("kept", {
        ifExists: "keep",
        name: "Second",
      });
      expect(second).toEqual(first);
    });

    it("makes a schema of another name", async () => {
      const tenant = await world.tenancy.create("odd", {
        schemaName: `${world.schema("")}An "odd" \`name\`; drop %_`,
      });
      const { rows } = await (await world.tenancy.tenant("odd")).query(WHERE[engine.family]);
      expect(rows).toEqual([{ here: tenant.schemaName }]);
    });

    it("makes an empty schema when no migrations are wanted", async () => {
      const tenant = await world.tenancy.create("bare", { migrate: false });
      expect(tenant).toMatchObject({ state: "active", version: null });
      expect(await world.tenancy.healthCheck("bare")).toMatchObject({
        healthy: false,
        pending: [CREATE_NOTE.version],
        tableCount: 0,
      });
    });

    it("refuses names before it asks the database for anything", async () => {
      const deaf = world.another({
        adminHost: "admin.example.com",
        driver: { url: NOWHERE[engine.family] },
        globalSchema: "public",
        primaryDomain: "example.com",
      });
      const bad = [
        "",
        "Acme",
        "acme corp",
        "acme\n",
        "-acme",
        "acme_",
        "a.b",
        "ünï",
        "acme;drop",
        "a".repeat(65 - world.schema("").length),
      ];
      for (const slug of [
        ...bad,
        "public",
        "pg_catalog",
        "pg-toast",
        "www",
        "information_schema",
      ]) {
        await expect(deaf.create(slug)).rejects.toMatchObject(code("INVALID_TENANT_ID"));
      }
      const names = inWords(engine, {
        mysql: ["mysql", "Sys", "performance_schema", "ends with a space ", "beyond \u{1f600}"],
        postgres: ["pg_x", "x".repeat(64)],
      });
      for (const schemaName of ["", "public", "x".repeat(65), "a\u0000b", ...names]) {
        await expect(deaf.create("fine", { schemaName })).rejects.toMatchObject(
          code("INVALID_SCHEMA_NAME"),
        );
      }
      for (const domain of [
        "",
        "a b",
        "127.0.0.1",
        "example.com",
        "x.example.com",
        "admin.example.com",
      ]) {
        await expect(deaf.create("fine", { domains: [domain] })).rejects.toMatchObject(
          code("INVALID_DOMAIN"),
        );
      }
      await expect(deaf.create("fine")).rejects.toMatchObject(code("DATABASE_UNAVAILABLE"));
    });

    it.each(["a", "a1", "0", "acme_corp"])("accepts the slug %s", async (slug) => {
      expect((await world.tenancy.create(slug)).slug).toBe(slug);
    });

    it("accepts a slug as long as it can be", async () => {
      const most = inWords(engine, { mysql: 64, postgres: 63 });
      const slug = "a".repeat(most - world.schema("").length);
      expect((await world.tenancy.create(slug)).schemaName).toHaveLength(most);
    });

    it("refuses a schema that is called like the role or the database", async () => {
      const bare = world.another({ tenantPrefix: "" });
      await expect(bare.create(world.databaseName)).rejects.toMatchObject(
        code("INVALID_TENANT_ID"),
      );
      await expect(bare.create("fine", { schemaName: world.databaseName })).rejects.toMatchObject(
        code("INVALID_SCHEMA_NAME"),
      );
      if (engine.family === "mysql") return;
      await world.run(`create role r_${world.databaseName} superuser login password 'x'`);
      const url = new URL(world.url);
      url.username = `r_${world.databaseName}`;
      url.password = "x";
      const asRole = world.another({ driver: { url: url.href }, tenantPrefix: "" });
      await expect(asRole.create(url.username)).rejects.toMatchObject(code("INVALID_TENANT_ID"));
      await asRole.close();
      await world.run(`drop role r_${world.databaseName}`);
    });

    it("leaves nothing behind when a domain or a schema name is another tenant's", async () => {
      await world.tenancy.create("owner", { domains: ["owned.test"] });
      const before = await world.contents();
      await expect(
        world.tenancy.create("thief", { domains: ["free.test", "owned.test"] }),
      ).rejects.toMatchObject(code("DOMAIN_TAKEN"));
      await expect(
        world.tenancy.create("thief_2", { schemaName: world.schema("owner") }),
      ).rejects.toMatchObject(code("SCHEMA_EXISTS"));
      expect(await world.contents()).toEqual(before);
      await world.tenancy.create("thief", { domains: ["free.test"] });
    });

    it("never touches a schema that is somebody else's", async () => {
      await world.makeForeign(world.schema("foreign"));
      await expect(world.tenancy.create("foreign")).rejects.toMatchObject(code("SCHEMA_EXISTS"));
      expect(await world.tenancy.exists("foreign")).toBe(false);
      await world.checkForeign(world.schema("foreign"));
      await world.removeSchema(world.schema("foreign"));
      await world.tenancy.create("foreign");
    });

    it("never takes an empty schema that was there before", async () => {
      const name = world.schema("empty");
      await world.run(`create schema ${name}`);
      await expect(world.tenancy.create("empty")).rejects.toMatchObject(code("SCHEMA_EXISTS"));
      expect(await world.tenancy.exists("empty")).toBe(false);
      await world.removeSchema(name);
      await world.tenancy.create("empty");
    });

    it("makes a tenant once, however many ask for it at once", async () => {
      const other = world.another();
      const attempts = Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? world.tenancy : other).create(
          index % 4 < 2 ? "con-current" : "con_current",
        ),
      );
      const outcomes = await Promise.allSettled(attempts);
      const made = outcomes.filter(({ status }) => status === "fulfilled");
      const refused = outcomes.flatMap((outcome) =>
        outcome.status === "rejected" ? [outcome.reason] : [],
      );
      expect(made).toHaveLength(1);
      expect(refused.map((error: { code: string }) => error.code)).toEqual(
        Array(9).fill("TENANT_EXISTS"),
      );
      expect(await world.tenancy.healthCheck("con_current")).toMatchObject({
        healthy: true,
        tableCount: 1,
      });
    });

    it("gives one tenant to all who ask for it at once and would keep it", async () => {
      const tenants = await Promise.all(
        Array.from({ length: 10 }, () => world.tenancy.create("shared", { ifExists: "keep" })),
      );
      expect(new Set(tenants.map(({ id }) => id)).size).toBe(1);
    });

    it("gives one schema name to one of many tenants that ask for it at once", async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, (_, index) =>
          world.tenancy.create(`rival_${index}`, {
            domains: [`rival-${index}.test`],
            schemaName: world.schema("the_one"),
          }),
        ),
      );
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const { rows } = await world.contents();
      expect(rows.filter(({ schema_name }) => schema_name === "tenant_the_one")).toHaveLength(1);
    });

    it("is found at once by a process that had looked for it in vain", async () => {
      const inTenant = (): Promise<unknown> => world.tenancy.withTenant("late", () => "in");
      await expect(inTenant()).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
      await world.tenancy.create("late");
      expect(await inTenant()).toBe("in");
    });
  });

  describe("create with hooks", () => {
    it("runs them in order, in their scopes, on a pool of one connection", async () => {
      const seen: unknown[] = [];
      const where = async (): Promise<unknown> =>
        (await hooked.query(WHERE[engine.family])).rows[0]?.["here"];
      const hooked = world.another({
        driver: { maintenanceConnections: 1, max: 1 },
        hooks: {
          afterCreate: async (tenant: Tenant) =>
            void seen.push(["after", tenant.state, tenant.version, await where()]),
          beforeCreate: async (about) => void seen.push(["before", about, await where()]),
        },
      });
      await hooked.create("hooked", {
        afterCreate: async (tenant) => {
          await hooked.query("insert into note (body) values ('seed')");
          seen.push(["own", tenant.slug, await where()]);
        },
      });
      expect(seen).toEqual([
        ["before", { schemaName: world.schema("hooked"), slug: "hooked" }, world.globalSchema],
        ["after", "provisioning", CREATE_NOTE.version, world.schema("hooked")],
        ["own", "hooked", world.schema("hooked")],
      ]);
      const { rows } = await (
        await hooked.tenant("hooked")
      ).query("select body from note order by id");
      expect(rows).toEqual([{ body: "first" }, { body: "seed" }]);
    });

    it("leaves nothing behind when one of them throws, and can be repeated", async () => {
      const before = await world.contents();
      const refusal = new Error("no more tenants");
      const failing = world.another({
        hooks: {
          beforeCreate: ({ slug }) => {
            if (slug === "refused") throw refusal;
          },
        },
      });
      await expect(failing.create("refused")).rejects.toMatchObject(
        code("HOOK_FAILED", { cause: refusal }),
      );
      const thrown = failing.create("seedless", {
        afterCreate: async () => {
          await failing.query("insert into note (body) values ('gone')");
          throw refusal;
        },
        domains: ["seedless.test"],
      });
      await expect(thrown).rejects.toMatchObject(
        code("HOOK_FAILED", { cause: refusal, tenant: "seedless" }),
      );
      expect(await world.contents()).toEqual(before);
      await failing.create("seedless", { domains: ["seedless.test"] });
    });
  });
});

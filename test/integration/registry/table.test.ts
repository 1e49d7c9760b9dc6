import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isTenancyError } from "../../../src/errors/tenancy-error.ts";
import { shortHash } from "../../../src/internal/short-hash.ts";
import { describeEngines, inWords } from "../../support/engines.ts";
import {
  createRegistryWorld,
  insertTenant,
  newTenant,
  type RegistryProcess,
  type RegistryWorld,
} from "./registry-world.ts";

/** The table of claims, which refers to the tenants. */
const CLAIMS = `kirayedar_${shortHash("tenants")}_claims`;

describeEngines("the table of tenants", (engine) => {
  let world: RegistryWorld;
  let one: RegistryProcess;

  const config = {
    registry: {
      extraColumns: {
        plan: "varchar(20) not null default 'free'",
        seats: "integer",
        settings: inWords(engine, { mysql: "json", postgres: "jsonb" }),
      },
    },
  };

  beforeAll(async () => {
    world = await createRegistryWorld(engine);
    one = world.process(config);
  });
  afterAll(() => world.close());

  beforeEach(async () => {
    await world.admin.query(`drop table if exists invoice, ${CLAIMS}, tenant_domains, tenants`);
    await world.migrate(config);
  });

  const codeOf = async (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => "no error",
      (error: unknown) => (isTenancyError(error) ? error.code : String(error)),
    );

  describe("insert", () => {
    it("returns the tenant as it is in the table", async () => {
      const made = await one.registry.insert(
        one.on,
        newTenant("acme-corp", {
          domains: ["z.test", "a.test", "b.test"],
          extra: { seats: 5 },
          name: "Acme",
        }),
      );
      expect(made).toMatchObject({
        domains: ["z.test", "a.test", "b.test"],
        extra: { plan: "free", seats: 5 },
        name: "Acme",
        schemaName: "tenant_acme_corp",
        server: "default",
        slug: "acme-corp",
        state: "provisioning",
        version: null,
      });
      expect(made.id).toMatch(/^[\da-f-]{36}$/);
      expect(made.createdAt).toBeInstanceOf(Date);
      expect(await one.registry.get(one.on, "acme-corp")).toEqual(made);
      expect(await one.registry.get(one.on, { id: made.id })).toEqual(made);
    });

    it("returns a tenant that nobody can change", async () => {
      const extra = { settings: { colors: ["red"] } };
      const made = await one.registry.insert(
        one.on,
        newTenant("acme", { domains: ["a.test"], extra }),
      );
      expect(Object.isFrozen(made) && Object.isFrozen(made.domains)).toBe(true);
      expect(Object.isFrozen(made.extra)).toBe(true);
      const settings = made.extra["settings"] as { colors: unknown[] };
      // Some servers keep JSON as text, and some client libraries do not read it.
      if (typeof settings === "string") return;
      expect(Object.isFrozen(settings) && Object.isFrozen(settings.colors)).toBe(true);
    });

    it("refuses a slug that differs only in hyphen and underscore", async () => {
      await one.registry.insert(one.on, newTenant("acme-corp"));
      const again = newTenant("acme_corp", { schemaName: "other" });
      expect(await codeOf(one.registry.insert(one.on, again))).toBe("TENANT_EXISTS");
    });

    it("tells a taken schema name and a taken domain from a taken slug", async () => {
      await one.registry.insert(one.on, newTenant("acme", { domains: ["a.test"] }));
      const sameSchema = newTenant("globex", { schemaName: "tenant_acme" });
      expect(await codeOf(one.registry.insert(one.on, sameSchema))).toBe("SCHEMA_EXISTS");
      const sameDomain = newTenant("globex", { domains: ["g.test", "a.test"] });
      expect(await codeOf(one.registry.insert(one.on, sameDomain))).toBe("DOMAIN_TAKEN");
      expect(await one.registry.get(one.on, "globex")).toBeUndefined();
    });

    it("lets one of several that insert at once win", async () => {
      const results = await Promise.all(
        Array.from({ length: 8 }, () => codeOf(one.registry.insert(one.on, newTenant("acme")))),
      );
      expect(results.toSorted()).toEqual([
        ...Array.from({ length: 7 }, () => "TENANT_EXISTS"),
        "no error",
      ]);
    });

    it("refuses a column that is not configured, before it asks the database", async () => {
      const broken = { query: () => Promise.reject(new Error("asked")) };
      const tenant = newTenant("acme", { extra: { nonsense: 1 } });
      expect(await codeOf(one.registry.insert(broken, tenant))).toBe("INVALID_QUERY");
      const proto = newTenant("acme", { extra: { constructor: 1 } });
      expect(await codeOf(one.registry.insert(broken, proto))).toBe("INVALID_QUERY");
    });

    it.runIf(engine.family === "postgres")(
      "says that the table refuses text that it cannot hold",
      async () => {
        const failed = one.registry.insert(one.on, newTenant("acme", { name: "a\0b" }));
        expect(await codeOf(failed)).toBe("INVALID_QUERY");
      },
    );

    it("says that the table refuses a value of the wrong type, and shows no value", async () => {
      const failed = one.registry.insert(one.on, newTenant("acme", { extra: { seats: "s3cret" } }));
      expect(await codeOf(failed)).toBe("INVALID_QUERY");
      await expect(failed).rejects.not.toThrow("s3cret");
    });

    it("keeps hostile names as they are", async () => {
      const schemaName = `"; drop table tenants; -- '$1 %s \\`;
      const name = "'; drop table tenants; --";
      const made = await one.registry.insert(one.on, newTenant("evil", { name, schemaName }));
      expect(made).toMatchObject({ name, schemaName });
      expect(await one.registry.get(one.on, "evil")).toEqual(made);
    });
  });

  describe("get", () => {
    it("finds a slug by its key", async () => {
      const made = await one.registry.insert(one.on, newTenant("acme_corp"));
      expect(await one.registry.get(one.on, "acme-corp")).toEqual(made);
    });

    it.each(["", "nonsense", "1", "' or true --", "\0", "é".repeat(300)])(
      "finds nothing for the id %j",
      async (id) => {
        expect(await one.registry.get(one.on, { id })).toBeUndefined();
        expect(await one.registry.get(one.on, id)).toBeUndefined();
      },
    );

    it("takes the row for the transaction when asked to", async () => {
      const { id } = await insertTenant(one, "acme");
      await one.transaction(async (tx) => {
        await one.registry.get(tx, { id }, { lock: true });
        await expect(
          world.admin.query("select id from tenants for update nowait"),
        ).rejects.toMatchObject(
          inWords<object>(engine, { mysql: { errno: 1205 }, postgres: { code: "55P03" } }),
        );
      });
    });

    it("uses an index for id, slug and domain", async () => {
      const numbers = inWords(engine, {
        mysql:
          "with recursive series as (select 1 as n union all select n + 1 from series where n < 900) select concat('t-', n), concat('t', n) from series",
        postgres: "select 't-' || n, 't' || n from generate_series(1, 5000) n",
      });
      await world.admin.query(`insert into tenants (slug, schema_name) ${numbers}`);
      await world.admin.query(
        inWords(engine, {
          mysql:
            "insert into tenant_domains (domain, tenant_id) select concat(slug, '.test'), id from tenants; analyze table tenants, tenant_domains",
          postgres:
            "insert into tenant_domains (domain, tenant_id) select slug || '.test', id from tenants; analyze tenants, tenant_domains",
        }),
      );
      const sql = one.driver.dialect.registry;
      const find = sql.statements(one.settings.registry, "c").find({
        domains: ["t-7.test"],
        ids: ["x"],
        slugKeys: ["t_9"],
      });
      const plan = await world.admin.query(`explain ${find.text}`, find.params);
      const scans = plan.rows.filter((row) =>
        engine.family === "mysql"
          ? row["type"] === "ALL" && !String(row["table"]).startsWith("<")
          : String(row["QUERY PLAN"]).includes("Seq Scan"),
      );
      expect(scans).toEqual([]);
    });
  });

  describe("update", () => {
    it("changes what it is given, and nothing else", async () => {
      const before = await insertTenant(one, "acme", { domains: ["a.test"], name: "Acme" });
      const after = await one.registry.update(one.on, before.id, {
        extra: { plan: "gold" },
        version: "7",
      });
      expect(after).toEqual({
        ...before,
        extra: { plan: "gold", seats: null, settings: null },
        updatedAt: after?.updatedAt,
        version: "7",
      });
      expect(after?.updatedAt.getTime()).toBeGreaterThan(before.updatedAt.getTime());
      const renamed = await one.registry.update(one.on, before.id, {
        name: null,
        schemaName: "other",
        slug: "globex",
      });
      expect(renamed).toMatchObject({ name: null, schemaName: "other", slug: "globex" });
      expect(await one.registry.get(one.on, "acme")).toBeUndefined();
    });

    it("changes only a tenant in one of the states it is told", async () => {
      const { id } = await insertTenant(one, "acme");
      const suspended = { state: "suspended" } as const;
      const wrong = await one.registry.update(one.on, id, suspended, ["provisioning", "failed"]);
      expect(wrong).toBeUndefined();
      const right = await one.registry.update(one.on, id, suspended, ["active", "maintenance"]);
      expect(right?.state).toBe("suspended");
    });

    it("lets one of several that compare and set at once win", async () => {
      const { id } = await insertTenant(one, "acme");
      const won = await Promise.all(
        Array.from({ length: 8 }, () =>
          one.registry.update(one.on, id, { state: "dropping" }, ["active"]),
        ),
      );
      expect(won.filter((tenant) => tenant !== undefined)).toHaveLength(1);
    });

    it("tells a taken slug from a taken schema name, and an id that there is not", async () => {
      await insertTenant(one, "acme");
      const { id } = await insertTenant(one, "globex");
      expect(await codeOf(one.registry.update(one.on, id, { slug: "acme" }))).toBe("TENANT_EXISTS");
      const schemaName = "tenant_acme";
      expect(await codeOf(one.registry.update(one.on, id, { schemaName }))).toBe("SCHEMA_EXISTS");
      expect(await one.registry.update(one.on, "5", { name: "x" })).toBeUndefined();
    });
  });

  describe("remove", () => {
    it("takes the domains with it", async () => {
      const { id } = await insertTenant(one, "acme", { domains: ["a.test"] });
      await one.registry.remove(one.on, id);
      await one.registry.remove(one.on, id);
      expect(await one.registry.get(one.on, "acme")).toBeUndefined();
      await insertTenant(one, "globex", { domains: ["a.test"] });
    });

    it("says that something of the application's refers to the tenant", async () => {
      await world.admin.query(
        inWords(engine, {
          mysql:
            "create table invoice (tenant char(36) character set ascii, foreign key (tenant) references tenants (id))",
          postgres: "create table invoice (tenant uuid references tenants (id))",
        }),
      );
      const { id } = await insertTenant(one, "acme");
      await world.admin.query("insert into invoice select id from tenants");
      expect(await codeOf(one.registry.remove(one.on, id))).toBe("INVALID_QUERY");
    });
  });

  describe("domains", () => {
    const domains = async (): Promise<readonly string[] | undefined> =>
      (await one.registry.get(one.on, "acme"))?.domains;

    it("come the primary one first, then as they were added", async () => {
      const { id } = await insertTenant(one, "acme");
      for (const domain of ["b.test", "c.test", "a.test"]) {
        await one.registry.addDomain(one.on, id, domain, false);
      }
      expect(await domains()).toEqual(["b.test", "c.test", "a.test"]);
      await one.registry.addDomain(one.on, id, "d.test", true);
      expect(await domains()).toEqual(["d.test", "b.test", "c.test", "a.test"]);
      expect(await one.registry.setPrimaryDomain(one.on, id, "a.test")).toBe(true);
      expect(await domains()).toEqual(["a.test", "b.test", "c.test", "d.test"]);
      await one.registry.addDomain(one.on, id, "c.test", true);
      await one.registry.addDomain(one.on, id, "c.test", true);
      await one.registry.addDomain(one.on, id, "c.test", false);
      expect(await domains()).toEqual(["c.test", "b.test", "a.test", "d.test"]);
    });

    it("leave the tenant alone that does not have them", async () => {
      const { id } = await insertTenant(one, "acme", { domains: ["a.test"] });
      const other = await insertTenant(one, "globex", { domains: ["g.test"] });
      expect(await codeOf(one.registry.addDomain(one.on, id, "g.test", true))).toBe("DOMAIN_TAKEN");
      expect(await one.registry.setPrimaryDomain(one.on, id, "g.test")).toBe(false);
      expect(await one.registry.removeDomain(one.on, id, "g.test")).toBe(false);
      expect(await domains()).toEqual(["a.test"]);
      expect((await one.registry.get(one.on, { id: other.id }))?.domains).toEqual(["g.test"]);
      expect(await one.registry.removeDomain(one.on, id, "a.test")).toBe(true);
      expect(await domains()).toEqual([]);
    });

    it("are not added to a tenant that there is not", async () => {
      const failed = one.registry.addDomain(one.on, "5", "a.test", false);
      expect(await codeOf(failed)).toBe("TENANT_NOT_FOUND");
    });

    it("leave the transaction usable when they are taken", async () => {
      const { id } = await insertTenant(one, "acme");
      await insertTenant(one, "globex", { domains: ["g.test"] });
      await one.transaction(async (tx) => {
        expect(await codeOf(one.registry.addDomain(tx, id, "g.test", false))).toBe("DOMAIN_TAKEN");
        await one.registry.addDomain(tx, id, "a.test", false);
      });
      expect(await domains()).toEqual(["a.test"]);
    });
  });

  describe("errors", () => {
    it("say that the registry is missing", async () => {
      await world.admin.query(`drop table ${CLAIMS}, tenant_domains, tenants`);
      expect(await codeOf(one.registry.get(one.on, "acme"))).toBe("REGISTRY_MISSING");
      await world.admin.query("create table tenants (id int primary key, slug text)");
      expect(await codeOf(one.registry.list(one.on))).toBe("REGISTRY_MISSING");
      await world.admin.query("drop table tenants");
    });

    it("keep the driver's error as their cause", async () => {
      const refused = Object.assign(new Error("no"), { code: "ECONNREFUSED" });
      const failed = one.registry.get({ query: () => Promise.reject(refused) }, "acme");
      await expect(failed).rejects.toMatchObject({ cause: refused, code: "DATABASE_UNAVAILABLE" });
    });
  });
});

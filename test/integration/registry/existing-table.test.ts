import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TenancyConfig } from "../../../src/core/config.ts";
import { shortHash } from "../../../src/internal/short-hash.ts";
import { describeEngines, inWords } from "../../support/engines.ts";
import {
  createRegistryWorld,
  insertTenant,
  newTenant,
  type RegistryProcess,
  type RegistryWorld,
} from "./registry-world.ts";

describeEngines("an existing table", (engine) => {
  let world: RegistryWorld;
  let one: RegistryProcess;

  const config: Partial<TenancyConfig> = {
    registry: {
      columns: { created_at: "inserted_at", name: "title", slug: "handle" },
      extraColumns: { plan: "varchar(20) not null default 'free'", tier: "integer" },
      table: "organizations",
    },
  };

  beforeAll(async () => {
    world = await createRegistryWorld(engine);
    one = world.process(config);
  });
  afterAll(() => world.close());

  beforeEach(async () => {
    await world.admin.query(
      `drop table if exists kirayedar_${shortHash("organizations")}_claims, organization_domains, organizations`,
    );
    const id = inWords(engine, {
      mysql: "bigint not null auto_increment",
      postgres: "bigint generated always as identity (start with 7)",
    });
    await world.admin.query(`create table organizations (
      id ${id} primary key,
      handle varchar(50) not null unique,
      title varchar(50),
      tier integer,
      inserted_at timestamp not null default current_timestamp
    )${inWords(engine, { mysql: " auto_increment = 7", postgres: "" })};
    insert into organizations (handle, title, tier) values
      ('acme', 'Acme', 3), ('Not A Slug', 'odd', null), ('not-a', 'x', null), ('not_a', 'y', null)`);
    await world.migrate(config);
  });

  describe("an application's own table", () => {
    it("keeps its rows, which are no tenants yet", async () => {
      const { rows } = await world.admin.query(
        "select handle, title from organizations order by id",
      );
      expect(rows).toHaveLength(4);
      expect(await one.registry.get(one.on, "acme")).toBeUndefined();
      expect(await one.registry.get(one.on, { id: "7" })).toBeUndefined();
      expect(await one.registry.lookup({ id: "7" })).toBeUndefined();
      expect((await one.registry.list(one.on)).tenants).toEqual([]);
      expect(await one.registry.update(one.on, "7", { state: "active" })).toBeUndefined();
      await expect(one.registry.addDomain(one.on, "7", "a.test", true)).rejects.toMatchObject({
        code: "TENANT_NOT_FOUND",
      });
      await one.registry.remove(one.on, "7");
      const own = await world.admin.query("select handle from organizations where id = 7");
      expect(own.rows).toEqual([{ handle: "acme" }]);
    });

    it("lends its row to the tenant that is made with its slug", async () => {
      const made = await insertTenant(one, "acme", {
        domains: ["acme.test"],
        extra: { plan: "gold" },
      });
      expect(made).toMatchObject({
        domains: ["acme.test"],
        extra: { plan: "gold", tier: 3 },
        id: "7",
        name: "Acme",
        slug: "acme",
        state: "active",
      });
      expect(await one.registry.get(one.on, { id: "7" })).toEqual(made);
      await expect(one.registry.insert(one.on, newTenant("acme"))).rejects.toMatchObject({
        code: "TENANT_EXISTS",
      });
    });

    it("takes new tenants too, with ids of its own kind", async () => {
      const made = await insertTenant(one, "globex", { domains: ["g.test"] });
      expect(made.id).toMatch(/^\d+$/);
      expect(await one.registry.lookupDomain("g.test")).toEqual(made);
      await one.registry.remove(one.on, made.id);
      expect(await one.registry.get(one.on, "globex")).toBeUndefined();
    });

    it.each(["nonsense", "007", "7.0", "99999999999999999999999", "7; drop table organizations"])(
      "has no tenant with the id %j",
      async (id) => {
        await insertTenant(one, "acme");
        expect(await one.registry.get(one.on, { id })).toBeUndefined();
        expect(await one.registry.lookup({ id })).toBeUndefined();
      },
    );

    it("counts hyphen and underscore as one among tenants", async () => {
      await insertTenant(one, "not-a");
      const same = newTenant("not_a", { schemaName: "other" });
      await expect(one.registry.insert(one.on, same)).rejects.toMatchObject({
        code: "TENANT_EXISTS",
      });
    });

    it("may have constraints of its own, of any name", async () => {
      await insertTenant(one, "acme");
      const { id } = await insertTenant(one, "globex");
      await expect(one.registry.update(one.on, id, { slug: "Not A Slug" })).rejects.toMatchObject({
        code: "TENANT_EXISTS",
      });
    });

    it("may have words of its own as states, none of which lets anybody in", async () => {
      const { id } = await insertTenant(one, "acme");
      await world.admin.query(`update organizations set state = 'trial' where id = ${id}`);
      expect((await one.registry.get(one.on, { id }))?.state).toBe("suspended");
    });

    it("is migrated as often as one likes, and gets columns that were configured later", async () => {
      const made = await insertTenant(one, "acme", { domains: ["acme.test"] });
      const more: Partial<TenancyConfig> = {
        registry: {
          ...config.registry,
          extraColumns: { ...config.registry?.extraColumns, since: "date" },
        },
      };
      await world.migrate(more);
      await world.migrate(more);
      const two = world.process(more);
      expect((await two.registry.get(two.on, "acme"))?.extra).toEqual({
        ...made.extra,
        since: null,
      });
    });
  });

  describe("the migration", () => {
    it("takes hostile names as they are", async () => {
      const globalSchema = `${world.database.tenantPrefix}we"ird %s 'schema' \\ \``;
      const hostile: Partial<TenancyConfig> = {
        globalSchema,
        registry: {
          columns: { id: `i"d'\`` },
          domainsTable: `d%"om'ains $$ \``,
          table: `t"en'ants\\ $kirayedar$ \``,
        },
      };
      await world.admin.query(`create schema ${one.driver.dialect.quoteIdentifier(globalSchema)}`);
      await world.migrate(hostile);
      await world.migrate(hostile);
      const odd = world.process(hostile);
      const made = await insertTenant(odd, "acme", { domains: ["a.test"] });
      expect(await odd.registry.get(odd.on, { id: made.id })).toEqual(made);
      expect(await odd.registry.lookupDomain("a.test")).toEqual(made);
    });

    it("makes two registries in one schema without one standing for the other", async () => {
      const [first, second] = ["shops", "teams"].map((table) => ({ registry: { table } }));
      await world.migrate(first);
      await world.migrate(second);
      const shops = world.process(first);
      const teams = world.process(second);
      await insertTenant(shops, "acme");
      expect(await teams.registry.get(teams.on, "acme")).toBeUndefined();
      await insertTenant(teams, "acme");
      await expect(teams.registry.insert(teams.on, newTenant("acme"))).rejects.toMatchObject({
        code: "TENANT_EXISTS",
      });
    });
  });
});

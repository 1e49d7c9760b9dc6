import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Tenant } from "../../../src/core/tenant.ts";
import { noticeChannel } from "../../../src/registry/notifications.ts";
import { describeEngines, inWords } from "../../support/engines.ts";
import {
  createRegistryWorld,
  insertTenant,
  type RegistryProcess,
  type RegistryWorld,
  until,
} from "./registry-world.ts";

describeEngines("lookups", (engine) => {
  let world: RegistryWorld;
  let one: RegistryProcess;
  let acme: Tenant;
  const opened: RegistryProcess[] = [];

  beforeAll(async () => {
    world = await createRegistryWorld(engine);
    await world.migrate();
  });
  afterAll(() => world.close());

  beforeEach(async () => {
    await world.admin.query("delete from tenants");
    one = world.process();
    opened.push(one);
    acme = await insertTenant(one, "acme-corp", { domains: ["acme.test", "acme2.test"] });
  });
  afterEach(async () => {
    for (const { driver, registry } of opened.splice(0)) {
      await registry.close();
      await driver.close();
    }
  });

  /** Waits until notifications arrive, so that answers are kept. */
  async function connected(process: RegistryProcess): Promise<void> {
    let probe = 0;
    await until(async () => {
      const freshness = { until: Infinity };
      await process.registry.lookup(`probe-${probe++}`, freshness);
      return freshness.until > process.time + 5000;
    });
  }

  /** As {@link connected}; forgets what was asked for that. */
  async function listening(process: RegistryProcess): Promise<RegistryProcess> {
    await connected(process);
    process.queries.length = 0;
    return process;
  }

  describe("a lookup", () => {
    it("answers at once, without a query, under every name that the tenant has", async () => {
      await listening(one);
      expect(await one.registry.lookup("acme-corp")).toEqual(acme);
      expect(one.queries).toHaveLength(1);
      const found = [
        one.registry.lookup("acme_corp"),
        one.registry.lookup({ id: acme.id }),
        one.registry.lookup(acme),
        one.registry.lookupDomain("acme.test"),
        one.registry.lookupDomain("acme2.test"),
      ];
      expect(new Set(found).size).toBe(1);
      expect(found[0]).toEqual(acme);
      expect(one.queries).toHaveLength(1);
    });

    it("answers at once for a name that nobody has", async () => {
      await listening(one);
      expect(await one.registry.lookup("globex")).toBeUndefined();
      expect(one.registry.lookup("globex")).toBeUndefined();
      expect(one.queries).toHaveLength(1);
    });

    it("never asks for what no database can hold", () => {
      expect(one.registry.lookupDomain("a\0")).toBeUndefined();
      expect(one.registry.lookup({ id: "x".repeat(300) })).toBeUndefined();
      expect(one.queries).toEqual([]);
    });

    it("shares one query with all others of the same moment", async () => {
      const found = await Promise.all([
        one.registry.lookup("acme-corp"),
        one.registry.lookup("acme_corp"),
        one.registry.lookup({ id: acme.id }),
        one.registry.lookupDomain("acme.test"),
        one.registry.lookupDomain("nobody.test"),
      ]);
      expect(found.map((tenant) => tenant?.slug)).toEqual([
        ...Array.from({ length: 4 }, () => "acme-corp"),
        undefined,
      ]);
      expect(one.queries).toHaveLength(1);
    });

    it("asks again when what it knew is too old, however often it was asked for", async () => {
      await listening(one);
      await one.registry.lookup("acme-corp");
      for (let step = 0; step < 9; step++) {
        one.time += 33_000;
        void one.registry.lookup("acme-corp");
      }
      expect(one.queries).toHaveLength(1);
      one.time += 33_000;
      await one.registry.lookup("acme-corp");
      expect(one.queries).toHaveLength(2);
      await one.registry.lookup("nobody");
      one.time += 30_000;
      await one.registry.lookup("nobody");
      expect(one.queries).toHaveLength(4);
    });

    it("tells until when its answer may be remembered", async () => {
      await listening(one);
      const freshness = { until: Infinity };
      await one.registry.lookup("acme-corp", freshness);
      expect(freshness.until).toBe(one.time + 300_000);
      await one.registry.lookup("nobody", freshness);
      expect(freshness.until).toBe(one.time + 30_000);
    });

    it("survives a flood of unknown hosts with a handful of queries, and forgets no tenant", async () => {
      await listening(one);
      await one.registry.lookup("acme-corp");
      await Promise.all(
        Array.from({ length: 10_000 }, async (_, index) =>
          one.registry.lookupDomain(`h${index}.test`),
        ),
      );
      expect(one.queries.length).toBeLessThan(10);
      await Promise.all(
        Array.from({ length: 10_000 }, async (_, index) => one.registry.lookup(`h${index}`)),
      );
      expect(one.queries.length).toBeLessThan(20);
      const before = one.queries.length;
      expect(one.registry.lookup("acme-corp")).toEqual(acme);
      expect(one.queries).toHaveLength(before);
    });

    it("keeps no more tenants than it is told, the last used ones", async () => {
      const small = world.process({ cache: { maxEntries: 2 } });
      opened.push(small);
      await insertTenant(one, "b");
      await insertTenant(one, "c");
      await listening(small);
      await small.registry.lookup("acme-corp");
      await small.registry.lookup("b");
      void small.registry.lookupDomain("acme.test");
      await small.registry.lookup("c");
      expect(small.queries).toHaveLength(3);
      expect(small.registry.lookup("acme-corp")).toEqual(acme);
      await small.registry.lookup("b");
      expect(small.queries).toHaveLength(4);
    });

    it("gives an error to all who wait, and asks anew the next time", async () => {
      await world.admin.query("alter table tenants rename to hidden");
      const failed = await Promise.allSettled([
        one.registry.lookup("acme-corp"),
        one.registry.lookupDomain("acme.test"),
      ]);
      for (const result of failed) {
        expect(result).toMatchObject({ reason: { code: "REGISTRY_MISSING" }, status: "rejected" });
      }
      await world.admin.query("alter table hidden rename to tenants");
      expect(await one.registry.lookup("acme-corp")).toEqual(acme);
    });

    it("runs in the global scope", async () => {
      const scopes: unknown[] = [];
      const { driver } = one;
      const query = driver.query.bind(driver);
      driver.query = (scope, ...rest) => {
        scopes.push(scope);
        return query(scope, ...rest);
      };
      await one.registry.lookup("acme-corp");
      expect(scopes).toEqual([{ kind: "global" }]);
    });
  });

  describe("forget", () => {
    it.each<[string, (tenant: Tenant) => Parameters<RegistryProcess["registry"]["forget"]>[0]]>([
      ["id", ({ id }) => ({ id })],
      ["slug", () => ({ slug: "acme_corp" })],
      ["schema name", ({ schemaName }) => ({ schemaName })],
    ])("drops a tenant under all its names, given its %s", async (_name, about) => {
      await listening(one);
      await one.registry.lookup("acme-corp");
      const { epoch } = one.registry;
      one.registry.forget(about(acme));
      expect(one.registry.epoch).toBeGreaterThan(epoch);
      await one.registry.removeDomain(one.on, acme.id, "acme2.test");
      expect(await one.registry.lookupDomain("acme2.test")).toBeUndefined();
      const found = await one.registry.lookup({ id: acme.id });
      expect(found?.domains).toEqual(["acme.test"]);
    });

    it("leaves the other tenants", async () => {
      await insertTenant(one, "globex");
      await listening(one);
      await one.registry.lookup("acme-corp");
      await one.registry.lookup("globex");
      one.registry.forget({ id: acme.id });
      void one.registry.lookup("globex");
      expect(one.queries).toHaveLength(2);
    });

    it("drops names that nobody had", async () => {
      expect(await one.registry.lookup("globex")).toBeUndefined();
      const globex = await insertTenant(one, "globex");
      one.registry.forget(globex);
      expect(await one.registry.lookup("globex")).toEqual(globex);
    });
  });

  describe("a load that began before a change", () => {
    it("is not remembered after it, and not joined", async () => {
      await listening(one);
      let joined: unknown;
      one.afterQuery = async () => {
        one.afterQuery = undefined;
        // The row was read, and is on its way; now it changes.
        await one.registry.update(one.on, acme.id, { state: "suspended" });
        one.registry.forget(acme);
        joined = one.registry.lookup("acme-corp");
      };
      const old = await one.registry.lookup("acme-corp");
      expect(old?.state).toBe("active");
      expect(((await joined) as Tenant).state).toBe("suspended");
      expect((await one.registry.lookup("acme-corp"))?.state).toBe("suspended");
    });

    it("tells that its answer must not be remembered", async () => {
      await listening(one);
      one.afterQuery = () => {
        one.registry.forget(acme);
        return Promise.resolve();
      };
      const freshness = { until: Infinity };
      await one.registry.lookup("acme-corp", freshness);
      expect(freshness.until).toBeLessThanOrEqual(one.time);
    });

    it("does not bring back that a name is nobody's", async () => {
      await listening(one);
      one.afterQuery = async () => {
        one.afterQuery = undefined;
        one.registry.forget(await insertTenant(one, "globex"));
      };
      expect(await one.registry.lookup("globex")).toBeUndefined();
      expect(await one.registry.lookup("globex")).toMatchObject({ slug: "globex" });
    });

    it("is remembered when the change was another tenant's", async () => {
      const globex = await insertTenant(one, "globex");
      await listening(one);
      one.afterQuery = () => {
        one.afterQuery = undefined;
        one.registry.forget(globex);
        return Promise.resolve();
      };
      await one.registry.lookup("acme-corp");
      void one.registry.lookup("acme-corp");
      expect(one.queries).toHaveLength(1);
    });
  });

  describe("another process", () => {
    let two: RegistryProcess;
    const changes: [string, () => Promise<unknown>, () => unknown, unknown][] = [
      [
        "a state",
        () => one.registry.update(one.on, acme.id, { state: "suspended" }),
        () => (two.registry.lookup("acme-corp") as Tenant | undefined)?.state,
        "suspended",
      ],
      [
        "a new slug",
        () => one.registry.update(one.on, acme.id, { slug: "globex" }),
        () => (two.registry.lookup("globex") as Tenant | undefined)?.slug,
        "globex",
      ],
      [
        "a new tenant",
        () => insertTenant(one, "globex"),
        () => (two.registry.lookup("globex") as Tenant | undefined)?.slug,
        "globex",
      ],
      [
        "a new domain",
        () => one.registry.addDomain(one.on, acme.id, "new.test", true),
        () => (two.registry.lookupDomain("new.test") as Tenant | undefined)?.slug,
        "acme-corp",
      ],
      [
        "a domain that is gone",
        () => one.registry.removeDomain(one.on, acme.id, "acme.test"),
        () => two.registry.lookupDomain("acme.test"),
        undefined,
      ],
      [
        "another primary domain",
        () => one.registry.setPrimaryDomain(one.on, acme.id, "acme2.test"),
        () => (two.registry.lookup("acme-corp") as Tenant | undefined)?.domains?.[0],
        "acme2.test",
      ],
      [
        "a tenant that is gone",
        () => one.registry.remove(one.on, acme.id),
        () => two.registry.lookup("acme-corp"),
        undefined,
      ],
    ];

    beforeEach(async () => {
      two = world.process();
      opened.push(two);
      await listening(two);
      await Promise.all([
        two.registry.lookup("acme-corp"),
        two.registry.lookup("globex"),
        two.registry.lookupDomain("new.test"),
      ]);
    });

    it.each(changes)("learns of %s", async (_name, change, read, expected) => {
      expect(await read()).not.toBe(expected);
      await change();
      await until(async () => {
        const seen = read();
        return (seen instanceof Promise ? (await seen, read()) : seen) === expected;
      });
    });

    it("learns of a change when it is committed, and of none that is not", async () => {
      const { epoch } = two.registry;
      const failed = one.transaction(async (tx) => {
        await one.registry.update(tx, acme.id, { state: "suspended" });
        throw new Error("back");
      });
      await expect(failed).rejects.toThrow("back");
      await one.registry.update(one.on, acme.id, { name: "after" });
      await until(() => two.registry.epoch > epoch);
      expect(two.registry.epoch).toBe(epoch + 1);
    });

    it("forgets everything when it is told what it does not understand", async () => {
      const { epoch } = two.registry;
      const channel = noticeChannel(two.settings.registry);
      await world.admin.query(
        inWords(engine, {
          mysql: `insert into kirayedar_notices (channel, payload) values ('${channel}', 'nonsense')`,
          postgres: `select pg_notify('${channel}', 'nonsense')`,
        }),
      );
      await until(() => two.registry.epoch > epoch);
      const asked = two.registry.lookup("acme-corp");
      expect(asked).toBeInstanceOf(Promise);
      await asked;
    });

    it("forgets everything when its notifications stop, and remembers little until they are back", async () => {
      const { epoch } = two.registry;
      two.queries.length = 0;
      await world.admin.query(
        inWords(engine, {
          mysql: "alter table kirayedar_notices rename to hidden_notices",
          postgres:
            "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and datname = current_database()",
        }),
      );
      await until(() => two.registry.epoch > epoch);
      const asked = two.registry.lookup("acme-corp");
      expect(asked).toBeInstanceOf(Promise);
      await asked;
      if (engine.family === "mysql") {
        await world.admin.query("alter table hidden_notices rename to kirayedar_notices");
      }
      await connected(two);
      await two.registry.lookup("acme-corp");
      two.queries.length = 0;
      two.time += 200_000;
      void two.registry.lookup("acme-corp");
      expect(two.queries).toEqual([]);
    });
  });

  describe("without notifications", () => {
    it("nothing is remembered for more than five seconds", async () => {
      const silent = world.database.driver({ max: 1 });
      silent.subscribe = () => undefined;
      const deaf = world.process({ database: silent });
      opened.push(deaf);
      const freshness = { until: Infinity };
      await deaf.registry.lookup("acme-corp", freshness);
      expect(freshness.until).toBe(deaf.time + 5000);
      deaf.time += 4999;
      void deaf.registry.lookup("acme-corp");
      expect(deaf.queries).toHaveLength(1);
      deaf.time += 1;
      await deaf.registry.lookup("acme-corp");
      expect(deaf.queries).toHaveLength(2);
    });

    it("a driver that refuses to listen is asked again later, and logged", async () => {
      const refusing = world.database.driver({ max: 1 });
      let asked = 0;
      refusing.subscribe = () => {
        asked++;
        return Promise.reject(new Error("no"));
      };
      const deaf = world.process({ database: refusing });
      opened.push(deaf);
      await deaf.registry.lookup("acme-corp");
      await deaf.registry.lookup("nobody");
      expect(asked).toBe(1);
      expect(deaf.warnings).toEqual(["registry notifications unavailable"]);
      deaf.time += 5000;
      await deaf.registry.lookup("acme-corp");
      expect(asked).toBe(2);
    });
  });
});

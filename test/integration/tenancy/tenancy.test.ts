import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { TenancyConfig } from "../../../src/core/config.ts";
import type { Driver } from "../../../src/core/driver.ts";
import type { Resolution } from "../../../src/core/resolution.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { pglite } from "../../../src/drivers/pglite/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { createTestDatabase } from "../../support/database.ts";
import {
  type Engine,
  type EngineOptions,
  MARIADB,
  MYSQL2,
  POSTGRES,
} from "../../support/engines.ts";
import { code, CREATE_NOTE, WHERE } from "../lifecycle/world.ts";

interface Opened {
  readonly driver: Driver;
  readonly close: () => Promise<void>;
  readonly globalSchema: string;
  readonly tenantPrefix: string;
}

async function opened(engine: Engine, options: EngineOptions): Promise<Opened> {
  const { drop, driver, globalSchema, tenantPrefix } = await engine.open();
  return { close: drop, driver: driver(options), globalSchema, tenantPrefix };
}

const ONE = { maintenanceConnections: 1, max: 1 };
const DRIVERS: Readonly<Record<string, () => Promise<Opened>>> = {
  mariadb: () => opened(MARIADB, { max: 2 }),
  mysql2: () => opened(MYSQL2, { max: 2 }),
  "mysql2 with one connection": () => opened(MYSQL2, ONE),
  pg: () => opened(POSTGRES, { max: 2 }),
  "pg with one connection": () => opened(POSTGRES, ONE),
  pglite: async () => ({
    close: () => Promise.resolve(),
    driver: pglite(),
    globalSchema: "public",
    tenantPrefix: "tenant_",
  }),
};
const HERE = Object.entries(DRIVERS).filter(
  ([name]) => name.startsWith("pg") || inject("mysql") !== undefined,
);

const CONFIG: Omit<TenancyConfig, "database"> = {
  adminHost: "admin.example.com",
  migrations: { global: [], tenant: [CREATE_NOTE] },
  primaryDomain: "example.com",
};

describe.each(HERE)("a tenancy on %s", (_, open) => {
  let tenancy: Tenancy;
  let world: Opened;

  beforeAll(async () => {
    world = await open();
    tenancy = createTenancy({
      ...CONFIG,
      database: world.driver,
      tenantPrefix: world.tenantPrefix,
    });
    await tenancy.migrateGlobal();
    for (const slug of ["acme", "globex", "off"]) await tenancy.create(slug);
    await tenancy.suspend("off");
  });

  afterAll(async () => {
    await tenancy.close();
    await world.close();
  });

  async function where(): Promise<unknown> {
    const { rows } = await tenancy.query<{ here: string }>(WHERE[world.driver.dialect.name]);
    return rows[0]?.here;
  }

  const schema = (key: string): string => world.tenantPrefix + key;

  it("runs queries in the tenant's schema, nested and restored", async () => {
    const seen = await tenancy.withTenant("acme", async () => [
      await where(),
      await tenancy.withTenant("globex", where),
      await tenancy.scopeGlobal(where),
      await tenancy.withTenant(null, where),
      await where(),
    ]);
    expect(seen).toEqual([
      schema("acme"),
      schema("globex"),
      world.globalSchema,
      world.globalSchema,
      schema("acme"),
    ]);
    expect(tenancy.currentScope()).toBeUndefined();
  });

  it("takes a tenant by slug, by either hyphen, by id and as an object", async () => {
    const tenant = await tenancy.get("acme");
    for (const ref of ["acme", tenant, { id: tenant.id }]) {
      expect(await tenancy.withTenant(ref, where)).toBe(schema("acme"));
    }
  });

  it("refuses queries without a scope", async () => {
    await expect(tenancy.query("select 1")).rejects.toMatchObject(code("TENANT_REQUIRED"));
    await expect(tenancy.transaction(async () => 1)).rejects.toMatchObject(code("TENANT_REQUIRED"));
    await tenancy.scope(async () => {
      await expect(tenancy.query("select 1")).rejects.toMatchObject(code("TENANT_REQUIRED"));
    });
  });

  it("refuses unknown, suspended and malformed tenants, and does not run the function", async () => {
    const ran: string[] = [];
    const enter = (ref: string | { id: string }): Promise<unknown> =>
      tenancy.withTenant(ref, () => ran.push("ran"));
    await expect(enter("nobody")).rejects.toMatchObject(
      code("TENANT_NOT_FOUND", { tenant: "nobody" }),
    );
    await expect(enter({ id: "nobody" })).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
    await expect(enter({ id: "" })).rejects.toMatchObject(code("INVALID_TENANT_ID"));
    await expect(enter("off")).rejects.toMatchObject(code("TENANT_NOT_ACTIVE", { tenant: "off" }));
    for (const bad of ["Acme", "acme\n", "public", "", undefined, 7, {}, []]) {
      await expect(enter(bad as string)).rejects.toMatchObject(code("INVALID_TENANT_ID"));
    }
    expect(ran).toEqual([]);
    expect(await tenancy.withTenant("off", where, { allow: ["active", "suspended"] })).toBe(
      schema("off"),
    );
  });

  it("knows the tenant in force", async () => {
    expect(tenancy.currentTenant()).toBeUndefined();
    expect(() => tenancy.requireTenant()).toThrow(expect.objectContaining(code("TENANT_REQUIRED")));
    await tenancy.withTenant("acme", () => {
      expect(tenancy.currentTenant()?.slug).toBe("acme");
      expect(tenancy.requireTenant().schemaName).toBe(schema("acme"));
    });
    await tenancy.scopeGlobal(() => {
      expect(tenancy.currentTenant()).toBeUndefined();
      expect(tenancy.currentScope()).toEqual({ kind: "global" });
      expect(() => tenancy.requireTenant()).toThrow(/the scope is global/);
    });
  });

  it("puts and clears a tenant in the nearest scope", async () => {
    await tenancy.scope(async () => {
      await tenancy.putTenant("acme");
      expect(await where()).toBe(schema("acme"));
      await expect(tenancy.putTenant("nobody")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
      await expect(tenancy.putTenant("off")).rejects.toMatchObject(code("TENANT_NOT_ACTIVE"));
      expect(await where()).toBe(schema("acme"));
      await tenancy.putTenant(null);
      expect(await where()).toBe(world.globalSchema);
      await tenancy.withTenant("globex", async () => {
        await tenancy.putTenant("acme");
        tenancy.clearTenant();
        await expect(where()).rejects.toMatchObject(code("TENANT_REQUIRED"));
      });
      expect(await where()).toBe(world.globalSchema);
    });
    await expect(tenancy.putTenant("acme")).rejects.toMatchObject(code("SCOPE_REQUIRED"));
    expect(() => tenancy.clearTenant()).toThrow(expect.objectContaining(code("SCOPE_REQUIRED")));
  });

  it("runs a transaction in the scope, and undoes it when it throws", async () => {
    await tenancy.withTenant("acme", async () => {
      const thrown = tenancy.transaction(async (tx) => {
        await tx.query("insert into note (body) values ('undone')");
        throw new Error("undo");
      });
      await expect(thrown).rejects.toThrow("undo");
      await tenancy.transaction((tx) => tx.query("insert into note (body) values ('kept')"));
      const { rows } = await tenancy.query("select body from note order by id");
      expect(rows).toEqual([{ body: "first" }, { body: "kept" }]);
    });
  });

  it("gives a handle that needs no scope and heeds none", async () => {
    const at = WHERE[world.driver.dialect.name];
    const acme = await tenancy.tenant("acme");
    expect(acme.tenant.slug).toBe("acme");
    await tenancy.withTenant("globex", async () => {
      const { rows } = await acme.query(at);
      expect(rows).toEqual([{ here: schema("acme") }]);
      const inside = await acme.transaction(async (tx) => (await tx.query(at)).rows);
      expect(inside).toEqual([{ here: schema("acme") }]);
      expect(await acme.run(where)).toBe(schema("acme"));
      expect(await where()).toBe(schema("globex"));
      // The pools of other client libraries have faces of their own.
      if (world.driver.dialect.name !== "postgres") return;
      const pool = acme.pool as { query(text: string): Promise<{ rows: unknown[] }> };
      expect((await pool.query(at)).rows).toEqual([{ here: schema("acme") }]);
    });
    await expect(tenancy.tenant("off")).rejects.toMatchObject(code("TENANT_NOT_ACTIVE"));
    expect((await tenancy.tenant("off", { allow: ["suspended"] })).tenant.slug).toBe("off");
  });

  it("enters what a request resolved to, and nothing else", async () => {
    const kindOf = (resolution: Resolution): unknown =>
      tenancy.enter(resolution, () => tenancy.currentScope()?.kind);
    const acme = await tenancy.resolve({ host: "acme.example.com" });
    expect(acme).toMatchObject({ kind: "tenant", tenant: { slug: "acme" } });
    expect(kindOf(acme)).toBe("tenant");
    expect(await tenancy.enter(acme, where)).toBe(schema("acme"));
    expect(kindOf(await tenancy.resolve({ host: "admin.example.com" }))).toBe("global");
    for (const host of ["nobody.example.com", "off.example.com", "exa mple", "127.0.0.1"]) {
      expect(
        await tenancy.withTenant("acme", async () => kindOf(await tenancy.resolve({ host }))),
      ).toBeUndefined();
    }
  });

  it("answers from memory at once", async () => {
    await expect
      .poll(async () => {
        const answer = tenancy.resolve({ host: "acme.example.com" });
        return answer instanceof Promise ? await answer.then(() => "later") : answer.kind;
      })
      .toBe("tenant");
  });

  it("does its methods' work when they are taken off it", async () => {
    // oxlint-disable-next-line typescript/unbound-method -- that they need not be bound is the point
    const { query, withTenant } = tenancy;
    expect((await withTenant("acme", () => query("select 1 as one"))).rows).toEqual([{ one: 1 }]);
  });

  it("looks at the fleet, and tells who changed what", async () => {
    const look = await tenancy.insight({ days: 2 });
    expect(look).toMatchObject({ servers: ["default"], states: { active: 2, suspended: 1 } });
    expect(look.created.reduce((sum, { tenants }) => sum + tenants, 0)).toBe(3);
    expect(look.largest).toHaveLength(3);
    const tables = await tenancy.tables("acme");
    expect(tables.map(({ name }) => name)).toContain("note");
    for (const sort of ["createdAt", "name"] as const) {
      const whole = await tenancy.list({ descending: true, sort });
      const first = await tenancy.list({ descending: true, limit: 1, sort });
      const rest = await tenancy.list({
        cursor: first.nextCursor ?? "",
        descending: true,
        sort,
      });
      expect([...first.tenants, ...rest.tenants]).toEqual(whole.tenants);
    }
    await tenancy.actingAs({ id: "ann" }, async () => {
      await tenancy.update("off", { name: "Off" });
      await expect(tenancy.suspend("nobody")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
    });
    const { id } = await tenancy.get("off");
    const first = await tenancy.audit({ limit: 1 });
    const { entries } = await tenancy.audit({ cursor: first.nextCursor ?? "" });
    expect([...first.entries, ...entries]).toMatchObject([
      { action: "tenant.suspend", errorCode: "TENANT_NOT_FOUND", outcome: "failed" },
      { actor: { id: "ann" }, at: expect.any(Date) as Date, outcome: "done", tenantId: id },
    ]);
    expect(await tenancy.pruneAudit({ olderThanMs: 0 })).toBe(2);
  });

  it("makes a whole life of a tenant", async () => {
    await tenancy.create("brief", { domains: ["brief.test"] });
    await tenancy.rename("brief", { schemaName: true, slug: "long" });
    await tenancy.rollback("long");
    expect(await tenancy.healthCheck("long")).toMatchObject({
      healthy: false,
      pending: [CREATE_NOTE.version],
    });
    expect(await tenancy.migrateAll()).toMatchObject({ ok: true });
    expect(await tenancy.healthCheck("long")).toMatchObject({ healthy: true, tableCount: 1 });
    expect(await tenancy.drop("long")).toBe(true);
    expect(await tenancy.resolve({ host: "brief.test" })).toMatchObject({ kind: "unknown" });
  });

  it("closes once, and refuses what comes later", async () => {
    const other = await open();
    const closed = createTenancy({
      ...CONFIG,
      database: other.driver,
      tenantPrefix: other.tenantPrefix,
    });
    await closed.migrateGlobal();
    await closed.create("acme");
    const handle = await closed.tenant("acme");
    const acme = await closed.resolve({ host: "acme.example.com" });
    await closed[Symbol.asyncDispose]();
    await closed.close();
    const late: (() => unknown)[] = [
      () => closed.addDomain("acme", "x.test"),
      () => closed.create("late"),
      () => closed.drop("acme"),
      () => closed.enter(acme, () => 1),
      () => closed.exists("acme"),
      () => closed.get("acme"),
      () => closed.healthCheck("acme"),
      () => closed.list(),
      () => closed.migrate("acme"),
      () => closed.migrateAll(),
      () => closed.migrateGlobal(),
      () => closed.migrationStatus(null),
      () => closed.query("select 1"),
      () => closed.requireTenant(),
      () => closed.resolve({ host: "acme.example.com" }),
      () => closed.scope(() => 1),
      () => closed.scopeGlobal(() => 1),
      () => closed.tenant("acme"),
      () => closed.transaction(async () => 1),
      () => closed.update("acme", {}),
      () => closed.withTenant("acme", () => 1),
      () => closed.withTenant(null, () => 1),
      () => handle.query("select 1"),
      () => handle.run(() => 1),
    ];
    for (const call of late) {
      await expect((async () => await call())()).rejects.toMatchObject(code("TENANCY_CLOSED"));
    }
    expect(closed.currentTenant()).toBeUndefined();
    await other.close();
  });
});

describe("createTenancy", () => {
  it("does no I/O", async () => {
    const tenancy = createTenancy({
      database: pg({ connectionString: "postgres://127.0.0.1:1/none" }),
    });
    await expect(tenancy.close()).resolves.toBeUndefined();
  });

  it("refuses a driver that already belongs to a tenancy", async () => {
    const database = pg({ connectionString: "postgres://127.0.0.1:1/none" });
    const first = createTenancy({ database });
    expect(() => createTenancy({ database })).toThrow(
      expect.objectContaining(code("INVALID_CONFIG")),
    );
    await first.close();
  });

  it("says what to do when the registry is missing", async () => {
    const database = await createTestDatabase();
    await using tenancy = createTenancy({ database: pg({ connectionString: database.url }) });
    for (const call of [
      () => tenancy.create("acme"),
      () => tenancy.withTenant("acme", () => 1),
      () => tenancy.list(),
    ]) {
      await expect(call()).rejects.toMatchObject(code("REGISTRY_MISSING"));
      await expect(call()).rejects.toThrow("kirayedar migrate --global");
    }
    await tenancy.close();
    await database.drop();
  });

  it("makes the global schema when it is missing", async () => {
    const database = await createTestDatabase();
    const tenancy = createTenancy({
      database: pg({ connectionString: database.url }),
      globalSchema: "Control plane",
      migrations: { global: [], tenant: [] },
      tenantPrefix: "",
    });
    await tenancy.migrateGlobal();
    await tenancy.create("acme");
    expect(
      await tenancy.scopeGlobal(() => tenancy.query("select slug from tenants")),
    ).toMatchObject({
      rows: [{ slug: "acme" }],
    });
    await tenancy.close();
    await database.drop();
  });
});

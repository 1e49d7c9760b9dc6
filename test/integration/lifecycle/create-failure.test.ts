import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Driver } from "../../../src/core/driver.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { describeEngines, inWords, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { die } from "./die.ts";
import { type Fault, faulty, type FaultyDriver } from "./failing-driver.ts";
import { twoMigrations } from "./two-migrations.ts";
import { code, createWorld, FAILING, type World } from "./world.ts";

const MOST_STEPS = 60;

describeEngines(
  "failing",
  (engine) => {
    const MIGRATIONS = twoMigrations(engine.family);
    const failing = FAILING[engine.family];

    let world: World;
    /** A tenancy whose database fails where it is told to. */
    let struck: { readonly tenancy: Tenancy; readonly faults: FaultyDriver<unknown> };

    beforeAll(async () => {
      const migrations = { global: [], tenant: MIGRATIONS };
      world = await createWorld({ migrations }, engine);
      let faults: FaultyDriver<unknown> | undefined;
      const tenancy = world.another({
        migrations,
        wrap: (driver) => {
          const made = faulty(driver);
          faults = made;
          return made.driver;
        },
      });
      if (faults === undefined) throw new Error("The driver was not wrapped.");
      struck = { faults, tenancy };
    });

    afterAll(() => world.close());

    const WHOLE = {
      rows: [
        {
          schema_name: "tenant_acme",
          slug: "acme",
          state: "active",
          version: MIGRATIONS[1]?.version,
        },
      ],
      schemas: ["tenant_acme"],
    };
    const NOTHING = { rows: [], schemas: [] };
    /** When the connection broke at the commit of the row, nobody can know whose the row is. */
    const UNSURE = { rows: [{ ...WHOLE.rows[0], state: "failed", version: null }], schemas: [] };

    /** Repeats an operation with the database failing at every step of it in turn. */
    async function atEveryStep(
      fault: Omit<Fault, "step">,
      attempt: (step: number) => Promise<void>,
    ): Promise<number> {
      for (let step = 1; step < MOST_STEPS; step += 1) {
        struck.faults.arm({ ...fault, step });
        await attempt(step);
        struck.faults.disarm();
        if (struck.faults.steps() < step) return step;
      }
      throw new Error("The operation has more steps than was thought.");
    }

    describe("a creation that fails", () => {
      it.each(["before", "after"] as const)(
        "is undone, or whole, if the database fails %s a step",
        async (when) => {
          const steps = await atEveryStep({ isLasting: false, when }, async () => {
            const isMade = await struck.tenancy.create("acme", { domains: ["acme.test"] }).then(
              () => true,
              () => false,
            );
            const contents = await world.contents();
            const unmade = when === "before" ? [NOTHING] : [NOTHING, WHOLE, UNSURE];
            expect(isMade ? [WHOLE] : unmade).toContainEqual(contents);
            if (contents.rows.length > 0) await world.tenancy.drop("acme");
          });
          expect(steps).toBeGreaterThan(6);
        },
      );

      it.each(["before", "after"] as const)(
        "is taken up by the next one if the database is gone %s a step",
        async (when) => {
          const steps = await atEveryStep({ isLasting: true, when }, async () => {
            const died = await struck.tenancy.create("acme", { domains: ["old.test"] }).then(
              () => undefined,
              (error: unknown) => error,
            );
            const left = await world.contents();
            const id = left.rows.length > 0 ? (await world.tenancy.get("acme")).id : undefined;
            struck.faults.disarm();
            const tenant = await world.tenancy.create("acme", {
              domains: ["new.test"],
              ifExists: "keep",
              name: "New",
            });
            const wasUnfinished = died !== undefined && left.rows[0]?.["state"] !== "active";
            expect(tenant).toMatchObject(
              wasUnfinished ? { domains: ["new.test"], name: "New" } : { slug: "acme" },
            );
            expect(tenant.id).toBe(id ?? tenant.id);
            expect(await world.contents()).toEqual(WHOLE);
            expect(await world.tenancy.healthCheck("acme")).toMatchObject({
              healthy: true,
              tableCount: 1,
            });
            await world.tenancy.drop("acme");
            expect(await world.contents()).toEqual(NOTHING);
          });
          expect(steps).toBeGreaterThan(6);
        },
      );

      it("keeps both errors if it cannot be undone", async () => {
        let error: unknown;
        // Until the row was committed, and nothing after it works.
        for (let step = 1; (await world.contents()).rows.length === 0; step += 1) {
          struck.faults.arm({ isLasting: true, step, when: "before" });
          error = await struck.tenancy.create("acme").then(
            () => undefined,
            (reason: unknown) => reason,
          );
          struck.faults.disarm();
        }
        expect(error).toMatchObject({
          cause: expect.any(AggregateError),
          isTenancyError: true,
          tenant: "acme",
        });
        expect((error as { cause: AggregateError }).cause.errors).toHaveLength(2);
        await expect(world.tenancy.withTenant("acme", () => 1)).rejects.toMatchObject(
          code("TENANT_NOT_ACTIVE"),
        );
        expect(await world.tenancy.drop("acme")).toBe(true);
        expect(await world.contents()).toEqual(NOTHING);
      });

      it.each([
        ["in a transaction", { transaction: true, up: `create table t (id int); ${failing}` }],
        ["outside one", { transaction: false, up: `create table t (id int); ${failing}` }],
        [
          "in a function",
          {
            up: () => {
              throw new Error("no");
            },
          },
        ],
      ] as const)("leaves nothing behind if a migration fails %s", async (_, migration) => {
        const broken = world.another({
          migrations: {
            global: [],
            tenant: [...MIGRATIONS, { name: "broken", version: "20260101000003", ...migration }],
          },
        });
        await expect(broken.create("acme", { domains: ["acme.test"] })).rejects.toMatchObject(
          code("MIGRATION_FAILED", { tenant: "acme" }),
        );
        expect(await world.contents()).toEqual(NOTHING);
      });

      it("leaves a tenant alone that was there before", async () => {
        await world.tenancy.create("acme");
        const broken = world.another({
          migrations: { global: [], tenant: [{ name: "broken", up: failing, version: "1" }] },
        });
        await broken.createAndMigrate("acme", { ifExists: "keep" });
        await expect(broken.createAndMigrate("acme")).rejects.toMatchObject(code("TENANT_EXISTS"));
        expect(await world.contents()).toEqual(WHOLE);
        await world.tenancy.drop("acme");
      });

      it("never takes an empty schema that was there before, wherever a creation died", async () => {
        const name = world.schema("acme");
        await world.run(`create schema ${name}`);
        for (let step = 1; step < 12; step += 1) {
          struck.faults.arm({ isLasting: true, step, when: "after" });
          await expect(struck.tenancy.create("acme")).rejects.toThrow();
          struck.faults.disarm();
          await expect(world.tenancy.create("acme")).rejects.toMatchObject(code("SCHEMA_EXISTS"));
          expect((await world.contents()).schemas).toEqual(["tenant_acme"]);
          await world.run("delete from tenants");
        }
        await world.removeSchema(name);
      });

      it("never takes an empty schema that was made in the very moment", async () => {
        const name = world.schema("acme");
        const late = world.another({
          wrap: (driver) => meddling(driver, () => world.run(`create schema ${name}`)),
        });
        await expect(late.create("acme")).rejects.toMatchObject(code("SCHEMA_EXISTS"));
        expect(await world.contents()).toEqual({ rows: [], schemas: ["tenant_acme"] });
        await world.removeSchema(name);
      });

      it("never takes a foreign schema for its leftover", async () => {
        const name = world.schema("acme");
        await world.run(
          `insert into tenants (slug, schema_name, state) values ('acme', '${name}', 'provisioning')`,
        );
        await world.makeForeign(name);
        await expect(world.tenancy.create("acme")).rejects.toMatchObject(code("SCHEMA_EXISTS"));
        await world.checkForeign(name);
        // Neither the schema nor the row is this call's own: both stay.
        expect(await world.contents()).toMatchObject({
          rows: [{ state: "failed" }],
          schemas: ["tenant_acme"],
        });
        await world.removeSchema(name);
        await world.tenancy.create("acme");
        expect(await world.contents()).toEqual(WHOLE);
        await world.tenancy.drop("acme");
      });
    });

    describe("a creation on a table of the application's own", () => {
      it("gives the row back as it was when it fails, and never deletes it", async () => {
        await world.run(
          `create table organizations (id serial primary key, handle varchar(60) not null unique, title varchar(60));
       insert into organizations (handle, title) values ('acme', 'Acme Ltd')`,
        );
        const broken = { name: "broken", up: failing, version: "1" };
        const config = {
          registry: { columns: { name: "title", slug: "handle" }, table: "organizations" },
        } as const;
        const table = "organization_migrations";
        const undone = world.another({
          ...config,
          migrations: { global: [], table, tenant: [broken] },
        });
        await undone.migrateGlobal();
        await expect(undone.create("acme", { domains: ["acme.test"] })).rejects.toMatchObject(
          code("MIGRATION_FAILED"),
        );
        const { rows } = await world.admin.query(
          "select id, handle, title, schema_name from organizations",
        );
        expect(rows).toEqual([{ handle: "acme", id: 1, schema_name: null, title: "Acme Ltd" }]);
        const domains = await world.admin.query("select 1 from organization_domains");
        expect(domains.rows).toEqual([]);
        expect(await undone.exists("acme")).toBe(false);
        const working = world.another({
          ...config,
          migrations: { global: [], table, tenant: MIGRATIONS },
        });
        expect(await working.create("acme", { domains: ["acme.test"] })).toMatchObject({
          id: "1",
          name: "Acme Ltd",
        });
        await working.drop("acme");
      });
    });

    describe("a process that is killed while it creates a tenant", () => {
      it("leaves what the next one can finish or drop, wherever it was", async () => {
        let killed = 0;
        for (const when of ["before", "after"] as const) {
          for (let step = 1; step < MOST_STEPS; step += 1) {
            const isDead = await die(world, "create", step, when);
            if (isDead) killed += 1;
            if (step % 2 === 0) await world.tenancy.create("acme", { ifExists: "keep" });
            else await world.tenancy.drop("acme", { ifMissing: "ignore" });
            expect(await world.contents()).toEqual(step % 2 === 0 ? WHOLE : NOTHING);
            await world.tenancy.drop("acme", { ifMissing: "ignore" });
            if (!isDead) break;
          }
        }
        expect(killed).toBeGreaterThan(inWords(engine, { mysql: 8, postgres: 10 }));
      }, 120_000);
    });
  },
  [POSTGRES, MYSQL2],
);

/** Returns a driver that does something else right before a schema is made. */
function meddling(inner: Driver, meddle: () => Promise<void>): Driver {
  const session: Driver["session"] = (options, fn) =>
    inner.session(options, (own) =>
      fn({
        query: (scope, text, params) => own.query(scope, text, params),
        queryOutsideTransaction: (scope, text) => own.queryOutsideTransaction(scope, text),
        transaction: async (scope, work, how) => {
          if (how?.first !== undefined) await meddle();
          return await own.transaction(scope, work, how);
        },
      }),
    );
  return new Proxy(inner, {
    get: (driver, name) => {
      if (name === "session") return session;
      const value: unknown = Reflect.get(driver, name, driver);
      return typeof value === "function" ? (value.bind(driver) as unknown) : value;
    },
  });
}

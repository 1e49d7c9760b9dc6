import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeEngines, inWords, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { die } from "./die.ts";
import { faulty } from "./failing-driver.ts";
import { twoMigrations } from "./two-migrations.ts";
import { code, createWorld, WHERE, type World } from "./world.ts";

const NOTHING = { rows: [], schemas: [] };

describeEngines(
  "removal",
  (engine) => {
    const isPostgres = engine.family === "postgres";

    let world: World;

    beforeAll(async () => {
      world = await createWorld({ lockTimeoutMs: 1_000 }, engine);
    });

    afterAll(() => world.close());

    /** Makes so many tables in a tenant's schema. */
    async function fill(schemaName: string, tables: number): Promise<void> {
      for (let from = 0; from < tables; from += 250) {
        const last = Math.min(from + 250, tables) - 1;
        await world.admin.query(
          `do $$ begin for i in ${from}..${last} loop
        execute format('create table ${schemaName}.t_%s (id serial primary key, code int unique, note text)', i); end loop; end $$`,
        );
      }
    }

    /** Looks again and again how many locks are held in this database, and returns the most. */
    async function mostLocks(isDone: () => boolean): Promise<number> {
      let most = 0;
      while (!isDone()) {
        const { rows } = await world.admin.query<{ held: number }>(
          `select count(*)::int as held from pg_locks l join pg_database d on d.oid = l.database
       where d.datname = current_database()`,
        );
        most = Math.max(most, rows[0]?.held ?? 0);
        await sleep(5);
      }
      return most;
    }

    /** Runs `fn` while another client holds a lock on a table. */
    async function whileLocked<T>(table: string, fn: () => Promise<T>): Promise<T> {
      const client = await world.connect();
      try {
        await client.query(
          inWords(engine, {
            mysql: `start transaction; select * from ${table}`,
            postgres: `begin; lock table ${table} in access share mode`,
          }),
        );
        return await fn();
      } finally {
        await client.end();
      }
    }

    describe("drop", () => {
      it("removes the row, the domains, the schema and everything in it", async () => {
        await world.tenancy.create("acme", { domains: ["acme.test"] });
        expect(await world.tenancy.drop("acme")).toBe(true);
        expect(await world.contents()).toEqual(NOTHING);
        await expect(world.tenancy.withTenant("acme", () => 1)).rejects.toMatchObject(
          code("TENANT_NOT_FOUND"),
        );
        expect(await world.tenancy.resolve({ host: "acme.test" })).toMatchObject({
          kind: "unknown",
        });
        await world.tenancy.create("acme", { domains: ["acme.test"] });
        await world.tenancy.drop("acme");
      });

      it("takes a tenant by its id, in whatever state", async () => {
        const { id } = await world.tenancy.create("by_id");
        await world.tenancy.suspend("by_id");
        expect(await world.tenancy.drop({ id })).toBe(true);
        expect(await world.contents()).toEqual(NOTHING);
      });

      it("refuses a tenant that is missing, unless that is to be ignored", async () => {
        await expect(world.tenancy.drop("nobody")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
        expect(await world.tenancy.drop("nobody", { ifMissing: "ignore" })).toBe(false);
        expect(await world.tenancy.drop({ id: "nobody" }, { ifMissing: "ignore" })).toBe(false);
      });

      it.each(["mysql", "information_schema", "pg_catalog", "Acme", ""])(
        "never drops %j",
        async (slug) => {
          await expect(world.tenancy.drop(slug, { ifMissing: "ignore" })).rejects.toMatchObject(
            code("INVALID_TENANT_ID"),
          );
        },
      );

      it("refuses a row that names a schema which is no tenant's", async () => {
        const own = inWords(engine, { mysql: "mysql", postgres: "pg_catalog" });
        for (const schemaName of [world.globalSchema, own, "information_schema"]) {
          await world.run(
            `insert into tenants (slug, schema_name, state) values ('forged', '${schemaName}', 'active')`,
          );
          await expect(world.tenancy.drop("forged")).rejects.toMatchObject(
            code("INVALID_SCHEMA_NAME"),
          );
          await world.run("delete from tenants where slug = 'forged'");
        }
        await world.run("select 1 from tenants");
      });

      it("refuses a row that names the schema of another tenant", async () => {
        const { id } = await world.tenancy.create("owner");
        await world.tenancy.create("forged");
        const owned = world.schema("owner");
        await world.run(
          "update tenants set schema_name = 'moved' where slug = 'owner';" +
            `update tenants set schema_name = '${owned}' where slug = 'forged'`,
        );
        await expect(world.tenancy.drop("forged")).rejects.toMatchObject(code("SCHEMA_EXISTS"));
        await expect(
          world.tenancy.rename("forged", { schemaName: world.schema("x") }),
        ).rejects.toMatchObject(code("SCHEMA_EXISTS"));
        await world.run(`select 1 from ${owned}.note`);
        // Nobody's any more, as after a restore: whoever has the schema now may drop it.
        await world.run(`delete from tenants where id = '${id}'`);
        expect(await world.tenancy.drop("forged")).toBe(true);
        await world.removeSchema(world.schema("forged"));
        expect(await world.contents()).toEqual(NOTHING);
      });

      it.runIf(isPostgres)(
        "refuses to take along what is not in the schema, and leaves the tenant as it was",
        async () => {
          await world.tenancy.create("needed");
          await world.admin.query(
            "create type tenant_needed.mood as enum ('good');" +
              "create function tenant_needed.one() returns int language sql as 'select 1';" +
              "create view tenant_needed.own as select * from tenant_needed.note",
          );
          for (const [make, name, remove] of [
            ["create view public.report as select * from tenant_needed.own", "view report", "view"],
            [
              "create table public.report (m tenant_needed.mood)",
              "column m of table report",
              "table",
            ],
            [
              "create table public.report (m tenant_needed.mood[])",
              "column m of table report",
              "table",
            ],
            [
              "create table public.report (m tenant_needed.note)",
              "column m of table report",
              "table",
            ],
            ["create table public.report (n int default tenant_needed.one())", "report", "table"],
            [
              "create table public.report () inherits (tenant_needed.note)",
              "table report",
              "table",
            ],
            [
              "alter table tenant_needed.note add unique (id); create table public.report (id int references tenant_needed.note (id))",
              "constraint report_id_fkey on table report",
              "table",
            ],
          ] as const) {
            await world.admin.query(make);
            await expect(world.tenancy.drop("needed")).rejects.toMatchObject({
              ...code("SCHEMA_REFERENCED", { tenant: "needed" }),
              message: expect.stringContaining(name),
            });
            expect(await world.tenancy.get("needed")).toMatchObject({ state: "active" });
            await world.admin.query(`drop ${remove} public.report`);
          }
          await world.admin.query("create temporary table passing (m tenant_needed.mood)");
          expect(await world.tenancy.drop("needed")).toBe(true);
          expect(await world.contents()).toEqual(NOTHING);
        },
      );

      it.skipIf(isPostgres)(
        "refuses a database that another one's foreign keys reference",
        async () => {
          await world.tenancy.create("needed");
          const note = `${world.schema("needed")}.note`;
          await world.run(
            `create table report (id bigint unsigned, foreign key (id) references ${note} (id))`,
          );
          await expect(world.tenancy.drop("needed")).rejects.toMatchObject({
            ...code("SCHEMA_REFERENCED", { tenant: "needed" }),
            message: expect.stringContaining("report"),
          });
          expect(await world.tenancy.get("needed")).toMatchObject({ state: "active" });
          await world.run(`select 1 from ${note}; drop table report`);
          expect(await world.tenancy.drop("needed")).toBe(true);
          expect(await world.contents()).toEqual(NOTHING);
        },
      );

      it("removes a row whose schema is gone", async () => {
        await world.tenancy.create("hollow");
        await world.removeSchema(world.schema("hollow"));
        expect(await world.tenancy.drop("hollow")).toBe(true);
        expect(await world.contents()).toEqual(NOTHING);
      });

      it.runIf(isPostgres)(
        "removes 3,000 tables without taking the locks of all at once",
        async () => {
          await world.tenancy.create("large");
          await fill("tenant_large", 3_000);
          let isDone = false;
          const watching = mostLocks(() => isDone);
          expect(await world.tenancy.drop("large")).toBe(true);
          isDone = true;
          // Some 25,000 at once; a server has room for 12,000 by default, for everybody together.
          expect(await watching).toBeLessThan(3_000);
          expect(await world.contents()).toEqual(NOTHING);
        },
        120_000,
      );

      it("gives up when a table is in use, and leaves the tenant as it was", async () => {
        const tenant = await world.tenancy.create("used");
        const startedAt = performance.now();
        await whileLocked(`${world.schema("used")}.note`, () =>
          expect(world.tenancy.drop("used")).rejects.toMatchObject(
            code("TENANT_BUSY", { tenant: "used" }),
          ),
        );
        expect(performance.now() - startedAt).toBeLessThan(5_000);
        expect(await world.tenancy.get("used")).toMatchObject({ id: tenant.id, state: "active" });
        const { rows } = await world.tenancy.withTenant("used", () =>
          world.tenancy.query("select body from note"),
        );
        expect(rows).toEqual([{ body: "first" }]);
        await world.tenancy.drop("used");
      });

      it.runIf(isPostgres)(
        "gives up in the middle of a large schema, and goes on the next time",
        async () => {
          await world.tenancy.create("half");
          await fill("tenant_half", 250);
          await whileLocked("tenant_half.t_0", () =>
            expect(world.tenancy.drop("half")).rejects.toMatchObject(code("TENANT_BUSY")),
          );
          expect(await world.tenancy.get("half")).toMatchObject({ state: "dropping" });
          await expect(world.tenancy.withTenant("half", () => 1)).rejects.toMatchObject(
            code("TENANT_NOT_FOUND"),
          );
          await expect(world.tenancy.create("half", { ifExists: "keep" })).rejects.toMatchObject(
            code("INVALID_STATE"),
          );
          await expect(world.tenancy.resume("half")).rejects.toMatchObject(code("INVALID_STATE"));
          expect(await world.tenancy.drop("half")).toBe(true);
          expect(await world.contents()).toEqual(NOTHING);
        },
      );

      it("waits for a short transaction", async () => {
        await world.tenancy.create("patient");
        let dropped: Promise<boolean> | undefined;
        await whileLocked(`${world.schema("patient")}.note`, async () => {
          dropped = world.tenancy.drop("patient");
          await expect
            .poll(
              async () =>
                (
                  await world.admin.query(
                    inWords(engine, {
                      mysql:
                        "select 1 from information_schema.processlist where state like '%metadata lock%'",
                      postgres: "select 1 from pg_locks where not granted",
                    }),
                  )
                ).rows.length,
            )
            .toBeGreaterThan(0);
        });
        expect(await dropped).toBe(true);
      });

      it("removes one tenant once, however many ask for it at once", async () => {
        await world.tenancy.create("popular");
        const outcomes = await Promise.all(
          Array.from({ length: 6 }, () => world.tenancy.drop("popular", { ifMissing: "ignore" })),
        );
        expect(outcomes.filter(Boolean)).toHaveLength(1);
      });

      it("comes before or after a creation of the same tenant, never in its middle", async () => {
        for (let round = 0; round < 10; round += 1) {
          await Promise.all([
            world.tenancy.create("contended", { ifExists: "keep" }),
            world.tenancy.drop("contended", { ifMissing: "ignore" }),
          ]);
          const { rows, schemas } = await world.contents();
          expect(schemas).toEqual(rows.map(({ schema_name }) => schema_name));
          expect(rows.every(({ state }) => state === "active")).toBe(true);
          await world.tenancy.drop("contended", { ifMissing: "ignore" });
        }
      });
    });

    describe("drop with hooks", () => {
      it("runs them before and after, with the tenant", async () => {
        const seen: unknown[] = [];
        const hooked = world.another({
          hooks: {
            afterDrop: async (tenant) => {
              const { rows } = await hooked.query(WHERE[engine.family]);
              seen.push(["after", tenant.slug, await hooked.exists(tenant), rows[0]?.["here"]]);
            },
            beforeDrop: async (tenant) => {
              const { rows } = await hooked.query("select body from note");
              seen.push(["before", tenant.slug, tenant.state, rows.length]);
            },
          },
        });
        await hooked.create("hooked");
        await hooked.drop("hooked");
        expect(seen).toEqual([
          ["before", "hooked", "active", 1],
          ["after", "hooked", false, world.globalSchema],
        ]);
      });

      it("is refused by one that throws, and the tenant stays", async () => {
        const refusal = new Error("unpaid");
        const refusing = world.another({
          hooks: {
            beforeDrop: () => {
              throw refusal;
            },
          },
        });
        await world.tenancy.create("precious");
        await expect(refusing.drop("precious")).rejects.toMatchObject(
          code("HOOK_FAILED", { cause: refusal }),
        );
        expect(await world.tenancy.healthCheck("precious")).toMatchObject({ healthy: true });
        await world.tenancy.drop("precious");
      });
    });

    describe("a drop that fails", () => {
      it.each(["before", "after"] as const)(
        "can be repeated if the database fails %s a step",
        async (when) => {
          let faults: ReturnType<typeof faulty> | undefined;
          const struck = world.another({
            wrap: (driver) => {
              const made = faulty(driver);
              faults = made;
              return made.driver;
            },
          });
          for (const isLasting of [false, true]) {
            for (let step = 1; step < 40; step += 1) {
              await world.tenancy.create("acme", { ifExists: "keep" });
              faults?.arm({ isLasting, step, when });
              await struck.drop("acme").catch(() => undefined);
              faults?.disarm();
              const wasHit = (faults?.steps() ?? 0) >= step;
              const { rows, schemas } = await world.contents();
              expect(rows[0]?.["state"] !== "active" || schemas.includes("tenant_acme")).toBe(true);
              await struck.drop("acme", { ifMissing: "ignore" });
              expect(await world.contents()).toEqual(NOTHING);
              if (!wasHit) break;
            }
          }
        },
      );

      it("goes on after its process was killed, wherever it was", async () => {
        let died = 0;
        const migrations = { global: [], tenant: twoMigrations(engine.family) };
        for (let step = 1; step < 40; step += 1) {
          await world.another({ migrations }).create("acme");
          const isDead = await die(world, "drop", step, "after");
          await world.tenancy.drop("acme", { ifMissing: "ignore" });
          expect(await world.contents()).toEqual(NOTHING);
          died += Number(isDead);
          if (!isDead) break;
        }
        expect(died).toBeGreaterThanOrEqual(4);
      }, 60_000);
    });
  },
  [POSTGRES, MYSQL2],
);

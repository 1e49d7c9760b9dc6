import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { TenancyError } from "../../../src/errors/tenancy-error.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { describeEngines, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { type WatchStep, watchSessions } from "../../support/watched-driver.ts";
import { code, CREATE_NOTE } from "../lifecycle/world.ts";
import {
  accountedFor,
  ADD_COLUMN,
  ADD_ROW,
  createFleetWorld,
  type FleetWorld,
} from "./fleet-world.ts";
import { startFleet } from "./start-fleet.ts";

const COUNT = 12;

describe("errors of the server in some of the tenants", () => {
  let world: FleetWorld;

  beforeAll(async () => {
    world = await createFleetWorld(COUNT);
    await world.run(
      "create function public.strike() returns trigger language plpgsql as $$ begin raise exception 'struck' using errcode = tg_argv[0]; end $$",
    );
  });
  afterAll(() => world.close());
  beforeEach(() => world.reset());

  const strike = (slug: string, sqlState: string): Promise<void> =>
    world.run(
      `create trigger strike before insert on tenant_${slug}.note for each row execute function public.strike('${sqlState}')`,
    );
  const heal = (slug: string): Promise<void> =>
    world.run(`drop trigger strike on tenant_${slug}.note`);

  it.each([
    ["no room on the disk", "53100"],
    ["no memory", "53200"],
    ["a statement that takes too long", "57014"],
    ["a fault of its own", "XX000"],
    ["a read-only server", "25006"],
    ["a conflict of transactions", "40001"],
  ])("are reported, and stop nobody else: %s", async (_what, sqlState) => {
    const struck = ["t0002", "t0005", "t0011"];
    for (const slug of struck) await strike(slug, sqlState);
    const result = await world.ahead().migrateAll();
    expect(result.counts).toEqual({ changed: COUNT - 3, failed: 3, notReached: 0, unchanged: 0 });
    expect(result.failed.map(({ tenant }) => tenant).toSorted()).toEqual(struck);
    for (const { error } of result.failed) {
      expect(error).toMatchObject(code("MIGRATION_FAILED", { cause: { code: sqlState } }));
    }
    expect(await world.checkAll()).toEqual(world.slugs.filter((slug) => !struck.includes(slug)));
    for (const slug of struck) await heal(slug);
    const again = await world.ahead().migrateAll();
    expect(again.results.map(({ tenant }) => tenant).toSorted()).toEqual(struck);
    expect(await world.checkAll()).toEqual(world.slugs);
  });

  it("are reported where they are about the definition of tables", async () => {
    await world.run(
      "create function public.full_disk() returns event_trigger language plpgsql as $$ begin if current_schema() in ('tenant_t0001', 'tenant_t0008') then raise exception 'could not extend file: No space left on device' using errcode = '53100'; end if; end $$; " +
        "create event trigger full_disk on ddl_command_start when tag in ('ALTER TABLE') execute function public.full_disk()",
    );
    const ahead = world.ahead({}, ADD_COLUMN);
    const result = await ahead.migrateAll();
    await world.run("drop event trigger full_disk");
    expect(result.failed.map(({ tenant }) => tenant).toSorted()).toEqual(["t0001", "t0008"]);
    // The one before it is applied, as it would be alone.
    for (const { error } of result.failed) {
      expect(error).toMatchObject({ applied: [ADD_ROW.version], version: ADD_COLUMN.version });
    }
    expect(await world.checkAll()).toEqual(world.slugs);
    expect((await ahead.migrateAll()).counts).toMatchObject({ changed: 2, unchanged: COUNT - 2 });
    await ahead.rollbackAll();
  });

  it("are waited out where they are conflicts of locks", async () => {
    await strike("t0004", "40P01");
    const running = world.ahead({ lockTimeoutMs: 5_000 }).migrateAll();
    await expect.poll(() => world.behind(ADD_ROW.version)).toEqual(["t0004"]);
    await heal("t0004");
    expect((await running).counts).toMatchObject({ changed: COUNT, failed: 0 });
    expect(await world.checkAll()).toEqual(world.slugs);
  });

  it("are reported when a statement takes longer than the server lets it", async () => {
    await world.run(
      "create function public.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(5); return new; end $$; " +
        "create trigger dawdle before insert on tenant_t0007.note for each row execute function public.dawdle()",
    );
    const url = `${world.url}?options=${encodeURIComponent("-c statement_timeout=300")}`;
    const result = await world.ahead({ driver: { url } }).migrateAll();
    await world.run("drop trigger dawdle on tenant_t0007.note; drop function public.dawdle");
    expect(result.failed).toMatchObject([{ error: { cause: { code: "57014" } }, tenant: "t0007" }]);
    expect(result.counts.changed).toBe(COUNT - 1);
  });
});

describe("a lock that a long transaction holds in one of the tenants", () => {
  let world: FleetWorld;
  const column = {
    ...ADD_ROW,
    down: "select 1",
    up: `${String(ADD_ROW.up)}; ${String(ADD_COLUMN.up)}`,
  };

  beforeAll(async () => {
    world = await createFleetWorld(COUNT);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.reset();
    for (const slug of world.slugs) {
      await world.run(`alter table tenant_${slug}.note drop column if exists done`);
    }
  });

  const ahead = (lockTimeoutMs: number): Tenancy =>
    world.another({
      lockTimeoutMs,
      migrations: { global: [], lockWaitMs: 150, tenant: [CREATE_NOTE, column] },
    });

  it("keeps nobody else back, and is waited for", async () => {
    const holder = await world.connect();
    await holder.query("begin; select from tenant_t0003.note");
    const running = ahead(20_000).migrateAll({ concurrency: 2 });
    await expect.poll(() => world.behind(ADD_ROW.version), { timeout: 5_000 }).toEqual(["t0003"]);
    // Readers queue behind whoever waits for the table, but not for longer than that.
    const waits: number[] = [];
    for (let read = 0; read < 12; read += 1) {
      const startedAt = performance.now();
      await world.tenancy.withTenant("t0003", () => world.tenancy.query("select from note"));
      waits.push(performance.now() - startedAt);
      await sleep(20);
    }
    expect(Math.max(...waits)).toBeLessThan(3_000);
    expect(await world.behind(ADD_ROW.version)).toEqual(["t0003"]);
    await holder.query("commit");
    const result = await running;
    await holder.end();
    expect(result.counts).toEqual({ changed: COUNT, failed: 0, notReached: 0, unchanged: 0 });
    expect(result.results.at(-1)).toMatchObject({ tenant: "t0003" });
    expect(await world.checkAll()).toEqual(world.slugs);
  });

  it("is reported when it does not end in time", async () => {
    const holder = await world.connect();
    await holder.query("begin; select from tenant_t0003.note");
    const result = await ahead(600).migrateAll();
    await holder.query("commit");
    await holder.end();
    expect(result.counts).toEqual({ changed: COUNT - 1, failed: 1, notReached: 0, unchanged: 0 });
    expect(result.failed).toMatchObject([
      { error: code("TENANT_BUSY", { tenant: "t0003" }), tenant: "t0003" },
    ]);
    expect(await world.behind(ADD_ROW.version)).toEqual(["t0003"]);
    expect((await ahead(600).migrateAll()).counts).toMatchObject({ changed: 1, failed: 0 });
    expect(await world.checkAll()).toEqual(world.slugs);
  });

  it("may be the tenant's own, of another operation", async () => {
    const busy = world.ahead({ lockTimeoutMs: 300 });
    const lock = "kirayedar:tenant:public.tenants:t0006";
    const driver = pg({ connectionString: world.url });
    driver.attach({
      currentScope: () => undefined,
      globalSchema: "public",
      logger: SILENT_LOGGER,
      onSchemaMissing: () => undefined,
      sharedSchemas: [],
    });
    const result = await driver.session({ lock }, () => busy.migrateAll());
    await driver.close();
    expect(result.failed).toMatchObject([{ error: code("TENANT_BUSY"), tenant: "t0006" }]);
    expect(result.counts).toMatchObject({ changed: COUNT - 1, failed: 1 });
  });
});

describe("connections that are lost or refused", () => {
  let world: FleetWorld;

  beforeAll(async () => {
    world = await createFleetWorld(COUNT);
  });
  afterAll(() => world.close());
  beforeEach(() => world.reset());

  it("are made anew, however often, and nothing is done twice", async () => {
    const endAll =
      "select count(pg_terminate_backend(pid))::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
    let ended = 0;
    const killings: Promise<void>[] = [];
    const kill = async (): Promise<void> => {
      const { rows } = await world.admin.query<{ n: number }>(endAll);
      ended += rows[0]?.n ?? 0;
    };
    const result = await world.ahead().migrateAll({
      concurrency: 4,
      onProgress: ({ done }) => {
        if (done % 2 === 0) killings.push(kill());
      },
      perSecond: 60,
    });
    await Promise.all(killings);
    expect(ended).toBeGreaterThan(2);
    expect(result).toMatchObject({ failed: [], notReached: [], ok: true });
    expect(accountedFor(result)).toBe(COUNT);
    expect(await world.checkAll()).toEqual(world.slugs);
  });

  it("that are lost with the answer leave a tenant that is done, and says so", async () => {
    let number = 0;
    const lose: WatchStep = async ({ kind }, run) => {
      const value = await run();
      if (kind === "script" && (number += 1) % 3 === 0) {
        throw new Error("Connection terminated unexpectedly");
      }
      return value;
    };
    const losing = world.ahead({ wrap: (driver) => watchSessions(driver, lose) });
    const [first] = world.slugs;
    const reader = world.ahead();
    const versionAt = (): Promise<unknown> =>
      reader.withTenant(first!, () => Promise.resolve(reader.currentTenant()?.version));
    expect(await versionAt()).toBe(CREATE_NOTE.version);
    const result = await losing.migrateAll();
    expect(result.counts).toEqual({ changed: COUNT, failed: 0, notReached: 0, unchanged: 0 });
    for (const item of result.results) expect(item).toMatchObject({ versions: [ADD_ROW.version] });
    expect(await world.checkAll()).toEqual(world.slugs);
    await expect.poll(versionAt, { timeout: 5_000 }).toBe(ADD_ROW.version);
  });

  it.each([
    ["one step", {}],
    ["two steps", { steps: 2 }],
  ])("that are lost with the answer roll nothing back twice: %s", async (_what, options) => {
    expect((await world.ahead({}, ADD_COLUMN).migrateAll()).ok).toBe(true);
    let number = 0;
    const lose: WatchStep = async ({ kind }, run) => {
      const value = await run();
      if (kind === "commit" && (number += 1) === 1) {
        throw new Error("Connection terminated unexpectedly");
      }
      return value;
    };
    const losing = world.ahead({ wrap: (driver) => watchSessions(driver, lose) }, ADD_COLUMN);
    const [first] = world.slugs;
    const result = await losing.rollbackAll({ only: [first!], ...options });
    expect(result.failed).toMatchObject([{ error: code("DATABASE_UNAVAILABLE"), tenant: first }]);
    const lines = await losing.migrationStatus(first!);
    expect(lines.map(({ state }) => state)).toEqual(["applied", "applied", "pending"]);
    await losing.migrateAll();
    await losing.rollbackAll({ to: ADD_COLUMN.version });
  });

  it("that are lost with the answer of a step take nobody a step further", async () => {
    let number = 0;
    const lose: WatchStep = async ({ kind }, run) => {
      const value = await run();
      if (kind === "script" && (number += 1) === 1) {
        throw new Error("Connection terminated unexpectedly");
      }
      return value;
    };
    const losing = world.ahead({ wrap: (driver) => watchSessions(driver, lose) }, ADD_COLUMN);
    const result = await losing.migrateAll({ concurrency: 1, steps: 1 });
    const [first] = world.slugs;
    expect(result.failed).toMatchObject([{ error: code("DATABASE_UNAVAILABLE"), tenant: first }]);
    expect(result.counts).toMatchObject({ changed: COUNT - 1, failed: 1 });
    const lines = await losing.migrationStatus(first!);
    expect(lines.map(({ state }) => state)).toEqual(["applied", "applied", "pending"]);
    expect(await world.checkAll()).toEqual(world.slugs);
  });

  it("that are too many are waited for", async () => {
    const role = `limited_${world.databaseName}`;
    await world.run(
      `create role ${role} login password 'x' connection limit 3; grant create on database ${world.databaseName} to ${role}; ` +
        `grant all on schema public to ${role}; grant all on all tables in schema public to ${role}`,
    );
    for (const slug of world.slugs) {
      await world.run(
        `alter schema tenant_${slug} owner to ${role}; alter table tenant_${slug}.note owner to ${role}; alter table tenant_${slug}.kirayedar_migrations owner to ${role}`,
      );
    }
    const url = new URL(world.url);
    url.username = role;
    url.password = "x";
    const others = [1, 2].map(() => new Client({ connectionString: url.href }));
    await Promise.all(others.map((other) => other.connect()));
    const limited = world.ahead({ driver: { max: 1, url: url.href } });
    const running = limited.migrateAll({ concurrency: 4 });
    await sleep(700);
    await Promise.all(others.map((other) => other.end()));
    const result = await running;
    expect(result.counts).toMatchObject({ changed: COUNT, failed: 0 });
    expect(await world.checkAll()).toEqual(world.slugs);
    await limited.close();
    await world.run(
      `reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`,
    );
  });

  it("that are lost between two pages of tenants are waited for", async () => {
    let number = 0;
    const ahead = world.ahead({
      wrap: (driver) => {
        const query: typeof driver.query = async (scope, text, params) => {
          const isList = text.includes("is distinct from");
          if (isList && (number += 1) <= 2) {
            throw new TenancyError("DATABASE_UNAVAILABLE", "The database could not be reached.");
          }
          return await driver.query(scope, text, params);
        };
        return Object.create(driver, {
          attach: { value: driver.attach.bind(driver) },
          close: { value: driver.close.bind(driver) },
          pool: { get: () => driver.pool },
          query: { value: query },
          session: { value: driver.session.bind(driver) },
          subscribe: { value: driver.subscribe.bind(driver) },
          transaction: { value: driver.transaction.bind(driver) },
        }) as typeof driver;
      },
    });
    expect((await ahead.migrateAll()).counts).toMatchObject({ changed: COUNT, failed: 0 });
    expect(number).toBe(3);
  });

  it("that fail to tell others end nothing", async () => {
    const lines = world.log.length;
    const mute: WatchStep = async ({ kind, text }, run) => {
      if (kind === "query" && text.includes("pg_notify")) throw new Error("no notice");
      return await run();
    };
    const muted = world.ahead({ wrap: (driver) => watchSessions(driver, mute) });
    expect(await muted.migrateAll()).toMatchObject({ ok: true });
    expect(world.log.slice(lines).map(({ message }) => message)).toContain(
      "migrated tenants not announced",
    );
  });
});

describeEngines(
  "tenants that change while a run is at it",
  (engine) => {
    let world: FleetWorld;

    beforeAll(async () => {
      world = await createFleetWorld(COUNT, engine);
    });
    afterAll(() => world.close());
    beforeEach(() => world.reset());
    afterEach(async () => {
      if ((await world.contents()).rows.some(({ slug }) => slug === "moved")) {
        await world.tenancy.rename("moved", { slug: "t0004" });
      }
    });

    /** Lets something happen after the tenants were listed, and before the first of them is begun. */
    function meanwhile(fn: () => Promise<void>): Tenancy {
      let happened: Promise<void> | undefined;
      const watch: WatchStep = async (_step, run) => {
        await (happened ??= fn());
        return await run();
      };
      return world.ahead({ wrap: (driver) => watchSessions(driver, watch) });
    }

    it("are left out, found by their new name, or done in their new state", async () => {
      const ahead = meanwhile(async () => {
        await world.tenancy.drop("t0003");
        await world.tenancy.rename("t0004", { slug: "moved" });
        await world.tenancy.suspend("t0005");
        await world.tenancy.startMaintenance("t0006");
        await world.run("update tenants set state = 'archived' where slug = 't0007'");
        await world.tenancy.drop("t0008");
        await world.tenancy.create("t0008");
        await world
          .another({ migrations: { global: [], tenant: [CREATE_NOTE, ADD_ROW] } })
          .migrate("t0009");
      });
      const result = await ahead.migrateAll({ concurrency: 1 });
      expect(result.failed).toEqual([]);
      const changed = result.results.map(({ tenant }) => tenant).toSorted();
      expect(changed).toEqual(
        ["moved", ...world.slugs.filter((slug) => !/000[34789]/.test(slug))].toSorted(),
      );
      expect(result.counts).toEqual({ changed: COUNT - 4, failed: 0, notReached: 0, unchanged: 1 });
      // Whoever was made, or archived, meanwhile is of the next run, or of none.
      expect(await world.behind(ADD_ROW.version)).toEqual(["t0007", "t0008"]);
      const done = await world.checkAll();
      expect(done).toContain("moved");
      expect(done).toContain("t0005");
    });

    it("are reported where they were asked for by name", async () => {
      const ahead = meanwhile(() => world.tenancy.drop("t0003").then(() => undefined));
      const result = await ahead.migrateAll({ concurrency: 1, only: ["t0002", "t0003"] });
      expect(result.failed).toMatchObject([{ error: code("TENANT_NOT_FOUND"), tenant: "t0003" }]);
      expect(result.counts).toMatchObject({ changed: 1, failed: 1 });
    });

    it("are reported where their schema is gone", async () => {
      const ahead = meanwhile(() => world.removeSchema(world.schema("t0010")));
      const result = await ahead.migrateAll();
      expect(result.failed).toMatchObject([{ error: code("SCHEMA_NOT_FOUND"), tenant: "t0010" }]);
      expect(result.counts).toMatchObject({ changed: COUNT - 1, failed: 1 });
      await world.tenancy.drop("t0010");
    });

    it("are each done once by two processes, and this one", async () => {
      const migrations = [CREATE_NOTE, ADD_ROW];
      const [one, two, three] = await Promise.all([
        startFleet(world, migrations),
        startFleet(world, migrations),
        sleep(400).then(() => world.ahead().migrateAll({ perSecond: 20 })),
      ]);
      const all = [one!, two!, three];
      expect(all.map(({ ok }) => ok)).toEqual([true, true, true]);
      expect(all.reduce((sum, { counts }) => sum + counts.changed, 0)).toBe(COUNT);
      for (const { counts } of all) expect(counts.changed + counts.unchanged).toBe(COUNT);
      expect(await world.checkAll()).toEqual(world.slugs);
      expect(Object.values(await world.rows())).toEqual(world.slugs.map(() => 2));
    });
  },
  [POSTGRES, MYSQL2],
);

describeEngines(
  "faults where DDL commits at once",
  (engine) => {
    let world: FleetWorld;

    beforeAll(async () => {
      world = await createFleetWorld(COUNT, engine);
    });
    afterAll(() => world.close());
    beforeEach(() => world.reset());

    /** Ends every connection but the administrator's. */
    async function endAll(): Promise<void> {
      const { rows } = await world.admin.query<{ id: number }>(
        "select id from information_schema.processlist where id <> connection_id() and (db = ? or left(db, ?) = ?)",
        [world.databaseName, world.schema("").length, world.schema("")],
      );
      for (const { id } of rows) await world.run(`kill ${id}`).catch(() => undefined);
    }

    it.each(["before", "after"] as const)(
      "report a statement of which nobody knows whether it ran, and do not repeat it: %s",
      async (when) => {
        let number = 0;
        const lose: WatchStep = async ({ text }, run) => {
          const isHit = text === ADD_COLUMN.up && (number += 1) === 4;
          if (isHit && when === "before") await endAll();
          const value = await run();
          if (isHit && when === "after") await endAll();
          return value;
        };
        const migrations = { global: [], tenant: [CREATE_NOTE, ADD_ROW, ADD_COLUMN] };
        const losing = world.another({
          migrations,
          wrap: (driver) => watchSessions(driver, lose),
        });
        const result = await losing.migrateAll({ concurrency: 1 });
        expect(result.failed).toMatchObject([
          { error: code("MIGRATION_INTERRUPTED"), tenant: "t0003" },
        ]);
        expect(result.counts).toEqual({
          changed: COUNT - 1,
          failed: 1,
          notReached: 0,
          unchanged: 0,
        });
        expect(await world.behind(ADD_COLUMN.version)).toEqual(["t0003"]);
        const again = await losing.migrateAll();
        expect(again.failed).toMatchObject([{ error: code("MIGRATION_INTERRUPTED") }]);
        const interrupted = when === "after" ? "skip" : "repeat";
        await losing.migrate("t0003", { interrupted });
        expect(await world.checkAll()).toEqual(world.slugs);
        expect(Object.values(await world.rows())).toEqual(world.slugs.map(() => 2));
        await losing.rollbackAll();
      },
    );

    it("report what the server refuses in some of the tenants, and stop nobody else", async () => {
      const struck = ["t0001", "t0006"];
      for (const slug of struck) {
        await world.run(
          `create trigger ${world.schema(slug)}.strike before insert on ${world.schema(slug)}.note for each row signal sqlstate 'HY000' set message_text = 'The table is full', mysql_errno = 1114`,
        );
      }
      const result = await world.ahead().migrateAll();
      expect(result.failed.map(({ tenant }) => tenant).toSorted()).toEqual(struck);
      expect(result.counts.changed).toBe(COUNT - 2);
      expect(await world.checkAll()).toEqual(world.slugs.filter((slug) => !struck.includes(slug)));
      for (const slug of struck) await world.run(`drop trigger ${world.schema(slug)}.strike`);
      expect((await world.ahead().migrateAll()).counts.changed).toBe(2);
      expect(await world.checkAll()).toEqual(world.slugs);
    });

    it("do not repeat what a procedure has done before it met a lock", async () => {
      const fill: Migration = {
        down: "drop procedure fill",
        name: "create_fill",
        up: "create procedure fill() begin insert into note (body) values ('filled'); update note set body = 'first' where body = 'first'; end",
        version: "20260101000003",
      };
      const call: Migration = { name: "fill", up: "call fill()", version: "20260101000004" };
      const ahead = world.another({
        migrations: { global: [], lockWaitMs: 1_000, tenant: [CREATE_NOTE, ADD_ROW, fill, call] },
      });
      const holder = await world.connect();
      const note = `${world.schema("t0003")}.note`;
      await holder.query(`begin; select * from ${note} where id = 1 for update`);
      await expect(ahead.migrate("t0003")).rejects.toMatchObject(code("MIGRATION_FAILED"));
      await holder.query("commit");
      await holder.end();
      const { rows } = await world.admin.query(`select id from ${note} where body = 'filled'`);
      expect(rows).toHaveLength(1);
      await expect(ahead.migrate("t0003")).rejects.toMatchObject(code("MIGRATION_INTERRUPTED"));
      await ahead.migrate("t0003", { interrupted: "skip" });
      await world.run(`drop procedure ${world.schema("t0003")}.fill`);
      await world.tenancy.drop("t0003");
    });

    it("wait for a table that a long transaction holds, and keep nobody else back", async () => {
      const ahead = world.another({
        lockTimeoutMs: 15_000,
        migrations: { global: [], lockWaitMs: 1_000, tenant: [CREATE_NOTE, ADD_ROW, ADD_COLUMN] },
      });
      const holder = await world.connect();
      await holder.query(`begin; select * from ${world.schema("t0003")}.note`);
      const running = ahead.migrateAll({ concurrency: 2 });
      await expect
        .poll(() => world.behind(ADD_COLUMN.version), { timeout: 10_000 })
        .toEqual(["t0003"]);
      await holder.query("commit");
      await holder.end();
      expect((await running).counts).toMatchObject({ changed: COUNT, failed: 0 });
      expect(await world.checkAll()).toEqual(world.slugs);
      await ahead.rollbackAll();
    });
  },
  [MYSQL2],
);

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Driver, Session } from "../../../src/core/driver.ts";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import type {
  Migration,
  MigrationContext,
  MigrationTarget,
  Migrator,
} from "../../../src/core/migrator.ts";
import type { Registry } from "../../../src/core/registry.ts";
import { scopeOf } from "../../../src/core/scope.ts";
import type { Settings } from "../../../src/core/settings.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import { createMigrator } from "../../../src/migrate/create-migrator.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createPgWorld, fakeTenant, type PgWorld } from "../../support/pg-world.ts";

let database: TestDatabase;
let world: PgWorld;
let driver: Driver;
let folder: string;
let tenant: Tenant;
let number = 0;
const warnings: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createPgWorld(database.url, []);
  driver = world.driver;
  await world.admin.query("create table versions (id text primary key, version text)");
});
afterAll(async () => {
  await world.close();
  await database.drop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kirayedar-migrate-"));
  number += 1;
  tenant = fakeTenant(`m${number}`);
  warnings.length = 0;
  await world.admin.query(`create schema ${tenant.schemaName}`);
  return () => rm(folder, { force: true, recursive: true });
});

/** Notes the version where the registry would. */
const registry: Pick<Registry, "update"> = {
  update: async (on, id, { version }) => {
    await on.query(
      "insert into public.versions values ($1, $2) on conflict (id) do update set version = excluded.version",
      [id, version],
    );
    return undefined;
  },
};

async function notedVersion(): Promise<unknown> {
  const { rows } = await world.admin.query("select version from versions where id = $1", [
    tenant.id,
  ]);
  return (rows[0] as { version: unknown } | undefined)?.version;
}

/** A migrator that has looked at nothing yet. */
function migrator(
  source: string | readonly Migration[] = folder,
  more: Partial<Settings["migrations"]> = {},
): Migrator {
  const settings = {
    logger: {
      ...SILENT_LOGGER,
      warn: (_fields: object, message: string) => warnings.push(message),
    },
    migrations: {
      global: source,
      optional: { global: false, tenant: false },
      lockWaitMs: 1_000,
      strictOrder: false,
      table: "kirayedar_migrations",
      tenant: source,
      ...more,
    },
    rules: { globalSchema: "public", sharedSchemas: [] },
  } as unknown as Settings;
  return createMigrator({ builtinGlobal: [], dialect: driver.dialect, registry, settings });
}

const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
const locked = <T>(fn: (session: Session) => Promise<T>): Promise<T> =>
  driver.session({ lock: `migrate ${tenant.id}` }, fn);
const up = (
  options = {},
  of = migrator(),
  target: MigrationTarget = tenant,
): ReturnType<Migrator["migrate"]> => locked((session) => of.migrate(session, target, options));
const down = (options = {}, of = migrator()): ReturnType<Migrator["rollback"]> =>
  locked((session) => of.rollback(session, tenant, options));
const states = async (): Promise<string[]> => {
  const lines = await locked((session) => migrator().status(session, tenant));
  return lines.map(({ state, version }) => `${version} ${state}`);
};
async function tables(): Promise<string[]> {
  const { rows } = await world.admin.query<{ tablename: string }>(
    "select tablename from pg_tables where schemaname = $1 and tablename <> 'kirayedar_migrations' order by 1",
    [tenant.schemaName],
  );
  return rows.map(({ tablename }) => tablename);
}

const table = (name: string): string =>
  `-- migrate:up\ncreate table ${name} (id int);\n-- migrate:down\ndrop table ${name};\n`;

async function putThree(): Promise<void> {
  for (const [index, name] of ["one", "two", "three"].entries()) {
    await put(`${index + 1}_${name}.sql`, table(name));
  }
}

describe("migrate", () => {
  it("applies what is pending, in the tenant's schema, and notes the version", async () => {
    await putThree();
    const result = await up();
    expect(result).toMatchObject({
      schemaName: tenant.schemaName,
      tenant: tenant.slug,
      versions: ["1", "2", "3"],
    });
    expect(result.durationMs).toBeGreaterThan(0);
    expect(await tables()).toEqual(["one", "three", "two"]);
    expect(await notedVersion()).toBe("3");
    expect((await up()).versions).toEqual([]);
  });

  it("goes to a version, up to but not to it, or so many steps", async () => {
    await putThree();
    expect((await up({ toExclusive: "2" })).versions).toEqual(["1"]);
    expect((await up({ to: "2" })).versions).toEqual(["2"]);
    expect((await up({ dryRun: true })).versions).toEqual(["3"]);
    expect((await up({ steps: 5 })).versions).toEqual(["3"]);
    await expect(up({ to: "9" })).rejects.toMatchObject({ code: "MIGRATION_NOT_FOUND" });
    await expect(up({ steps: 0 })).rejects.toMatchObject({ code: "INVALID_QUERY" });
  });

  it("keeps the files before the one that fails, names it, and goes on once it is mended", async () => {
    await putThree();
    await put("3_three.sql", "create table three (id int);\n\ncreate tabel oops (id int);");
    const failure = await up().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      applied: ["1", "2"],
      code: "MIGRATION_FAILED",
      file: join(folder, "3_three.sql"),
      line: 3,
      schemaName: tenant.schemaName,
      statement: "create tabel oops (id int)",
      statementNumber: 2,
      tenant: tenant.slug,
      version: "3",
    });
    expect((failure as Error).message).toContain("3_three.sql:3");
    expect((failure as Error).message).toContain('syntax error at or near "tabel"');
    expect(await tables()).toEqual(["one", "two"]);
    expect(await notedVersion()).toBe("2");
    await put("3_three.sql", table("three"));
    expect((await up()).versions).toEqual(["3"]);
  });

  it("names the statement that fails when it runs", async () => {
    await put(
      "1_a.sql",
      "create table t (id int primary key);\ninsert into t values (1);\ninsert into t values (1);",
    );
    await expect(up()).rejects.toMatchObject({ line: 3, statementNumber: 3 });
    expect(await tables()).toEqual([]);
  });

  it("refuses a file that was changed after it had been applied", async () => {
    await putThree();
    await up({ to: "2" });
    await put("1_one.sql", `${table("one")}-- and a comment\n`);
    await expect(up()).rejects.toMatchObject({ code: "MIGRATION_CHANGED" });
    expect(await states()).toEqual(["1 changed", "2 applied", "3 pending"]);
  });

  it("runs functions in the same transaction, with what they need, and no longer", async () => {
    let kept: { query(text: string): Promise<unknown> } | undefined;
    const seen: unknown[] = [];
    const migrations: Migration[] = [
      {
        down: async (db) => db.script("drop table f; select 1"),
        name: "f",
        up: async (db) => {
          kept = db;
          seen.push(db.tenant?.slug, db.schemaName);
          await db.query("create table f (id int)");
          await db.query("insert into f values ($1)", [7]);
        },
        version: "1",
      },
    ];
    const source = migrator(migrations);
    expect((await up({}, source)).versions).toEqual(["1"]);
    expect(seen).toEqual([tenant.slug, tenant.schemaName]);
    await expect(kept?.query("select 1")).rejects.toMatchObject({ code: "LEASE_ENDED" });
    expect((await down({}, source)).versions).toEqual(["1"]);
    expect(await tables()).toEqual([]);
  });

  it.each(["commit", "set search_path = public"])(
    "refuses %j from a function too, and leaves nothing of it",
    async (text) => {
      for (const method of ["query", "script"] as const) {
        for (const transaction of [true, false]) {
          const source = migrator([
            {
              name: "f",
              transaction,
              up: async (db) => {
                await db[method]("create table if not exists f (id int)");
                await db[method](text);
              },
              version: "1",
            },
          ]);
          await expect(up({}, source)).rejects.toMatchObject({
            code: "MIGRATION_INVALID",
            message: expect.stringContaining("1_f"),
          });
          expect(await tables()).toEqual(transaction ? [] : ["f"]);
          // One that is not in a transaction stays recorded as stopped halfway.
          for (const name of ["f", "kirayedar_migrations"]) {
            await world.admin.query(`drop table if exists ${tenant.schemaName}.${name}`);
          }
        }
      }
    },
  );

  it("says how to leave the transaction when a statement refuses one", async () => {
    await put("1_a.sql", "create table a (id int); vacuum a;");
    await expect(up()).rejects.toMatchObject({
      code: "MIGRATION_FAILED",
      message: expect.stringContaining("migrate:no-transaction"),
    });
  });

  it("reports the error of a function", async () => {
    const source = migrator([
      {
        name: "f",
        up: () => {
          throw new Error("not today");
        },
        version: "1",
      },
    ]);
    await expect(up({}, source)).rejects.toMatchObject({ code: "MIGRATION_FAILED", file: "1_f" });
  });

  it("applies what comes out of order, and says so", async () => {
    await putThree();
    await rm(join(folder, "2_two.sql"));
    await up();
    await put("2_two.sql", table("two"));
    expect((await up()).versions).toEqual(["2"]);
    expect(await notedVersion()).toBe("3");
    expect(warnings).toEqual(["migration applied out of order"]);
  });

  it("refuses what comes out of order, if told to", async () => {
    await putThree();
    await rm(join(folder, "2_two.sql"));
    await up();
    await put("2_two.sql", table("two"));
    await expect(up({}, migrator(folder, { strictOrder: true }))).rejects.toMatchObject({
      code: "MIGRATION_OUT_OF_ORDER",
      tenant: tenant.slug,
    });
    expect(await notedVersion()).toBe("3");
    expect((await up()).versions).toEqual(["2"]);
  });

  it("mends a noted version that is at odds with the history", async () => {
    await putThree();
    await up();
    await world.admin.query("update versions set version = '1'");
    await up({}, migrator(), { ...tenant, version: "1" });
    expect(await notedVersion()).toBe("3");
  });

  it("runs once when two start at the same moment", async () => {
    await put("1_slow.sql", "create table slow (id int); select pg_sleep(0.1);");
    const results = await Promise.all([up(), up(), up()]);
    expect(results.map(({ versions }) => versions.length).toSorted((a, b) => a - b)).toEqual([
      0, 0, 1,
    ]);
  });

  it("works on the global schema", async () => {
    await put("1_plans.sql", "create table plans (id int);");
    const result = await up({}, migrator(), "global");
    expect(result).toMatchObject({ schemaName: "public", tenant: null, versions: ["1"] });
    await world.admin.query("drop table public.plans, public.kirayedar_migrations");
  });
});

describe("rollback", () => {
  it("undoes one step, so many, down to a version, or all", async () => {
    await putThree();
    await up();
    expect((await down()).versions).toEqual(["3"]);
    expect(await notedVersion()).toBe("2");
    await up();
    expect((await down({ toExclusive: "1" })).versions).toEqual(["3", "2"]);
    await up();
    expect((await down({ to: "2" })).versions).toEqual(["3", "2"]);
    await up();
    expect((await down({ dryRun: true, steps: 9 })).versions).toEqual(["3", "2", "1"]);
    expect((await down({ all: true })).versions).toEqual(["3", "2", "1"]);
    expect(await notedVersion()).toBe(null);
    expect(await tables()).toEqual([]);
    expect((await down()).versions).toEqual([]);
  });

  it("undoes nothing when one of the set cannot be undone", async () => {
    await putThree();
    await put("2_two.sql", "create table two (id int);");
    await up();
    await expect(down({ steps: 2 })).rejects.toMatchObject({ code: "MIGRATION_IRREVERSIBLE" });
    await rm(join(folder, "3_three.sql"));
    await expect(down()).rejects.toMatchObject({ code: "MIGRATION_MISSING" });
    expect(await tables()).toEqual(["one", "three", "two"]);
    expect(await states()).toEqual(["1 applied", "2 applied", "3 missing"]);
  });
});

describe("a migration without a transaction", () => {
  const script = [
    "-- migrate:no-transaction",
    "-- migrate:up",
    "create table c (id int);",
    "insert into c values (1), (1);",
    "create unique index concurrently c_id on c (id);",
    "create index concurrently c_id_2 on c (id);",
    "-- migrate:down",
    "drop index concurrently if exists c_id_2;",
    "drop table c;",
  ].join("\n");

  it("stops at the statement that fails, says so, and is taken up there", async () => {
    await put("1_c.sql", script);
    await expect(up()).rejects.toMatchObject({ line: 5, statementNumber: 3 });
    const [line] = await locked((session) => migrator().status(session, tenant));
    expect(line).toMatchObject({ state: "partial", statementsDone: 2 });
    expect(line?.error).toContain("could not create unique index");
    expect(await notedVersion()).toBeNull();
    await world.admin.query(
      `delete from ${tenant.schemaName}.c where ctid = (select max(ctid) from ${tenant.schemaName}.c);` +
        `drop index ${tenant.schemaName}.c_id`,
    );
    expect((await up()).versions).toEqual(["1"]);
    expect(await states()).toEqual(["1 applied"]);
    expect(await notedVersion()).toBe("1");
    const { rows } = await world.admin.query(
      `select count(*)::int as n from ${tenant.schemaName}.c`,
    );
    expect(rows).toEqual([{ n: 1 }]);
  });

  it("may not begin one of its own, which the record of each statement would end", async () => {
    await put("1_c.sql", "-- migrate:no-transaction\nbegin;\ncreate table c (id int);\ncommit;");
    await expect(up()).rejects.toMatchObject({ code: "MIGRATION_INVALID" });
    expect(await tables()).toEqual([]);
  });

  it("is not taken up when what was done has changed, but can be rolled back", async () => {
    await put("1_c.sql", script);
    await up().catch(() => undefined);
    await put("1_c.sql", script.replace("c (id int)", "c (id int, more int)"));
    await expect(up()).rejects.toMatchObject({ code: "MIGRATION_CHANGED" });
    expect((await down()).versions).toEqual(["1"]);
    expect(await tables()).toEqual([]);
    expect(await states()).toEqual(["1 pending"]);
  });

  it("is taken up when only what is still to do has changed", async () => {
    await put("1_c.sql", script);
    await up().catch(() => undefined);
    await world.admin.query(`drop index ${tenant.schemaName}.c_id`);
    await put("1_c.sql", script.replace("create unique index", "create index"));
    expect((await up()).versions).toEqual(["1"]);
  });
});

describe("a migration without a transaction that is interrupted", () => {
  const script = [
    "-- migrate:no-transaction",
    "-- migrate:up",
    "create table c (id int);",
    "create index concurrently c_id on c (id);",
    "-- migrate:down",
    "drop index concurrently if exists c_id;",
    "drop table c;",
  ].join("\n");
  const indexes = async (): Promise<unknown[]> => {
    const { rows } = await world.admin.query<{ valid: boolean }>(
      "select indisvalid as valid from pg_index where indrelid = $1::regclass",
      [`${tenant.schemaName}.c`],
    );
    return rows.map(({ valid }) => valid);
  };

  /** Ends the connection while it makes the index. */
  async function interrupt(): Promise<void> {
    await put("1_c.sql", script.replace("create index", "create indeks"));
    await up().catch(() => undefined);
    await put("1_c.sql", script);
    // The index waits for whoever has written to its table.
    await world.admin.query(`begin; insert into ${tenant.schemaName}.c values (1)`);
    const migrating = up().catch((error: unknown) => error);
    await expect
      .poll(async () => {
        const { rowCount } = await driver.session({}, (session) =>
          session.query(
            { kind: "global" },
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'create index concurrently%' and wait_event_type = 'Lock'",
          ),
        );
        return rowCount;
      })
      .toBe(1);
    expect(await migrating).toBeInstanceOf(Error);
    await world.admin.query("commit");
  }

  it("says so, and is not repeated unasked: half an index is there", async () => {
    await interrupt();
    const lines = await locked((session) => migrator().status(session, tenant));
    expect(lines).toMatchObject([
      {
        direction: "up",
        state: "partial",
        statementCount: 2,
        statementsDone: 1,
        stop: "interrupted",
        stoppedAt: { line: 4, statementNumber: 2 },
      },
    ]);
    await expect(up()).rejects.toMatchObject({ code: "MIGRATION_INTERRUPTED", line: 4 });
    expect(await indexes()).toEqual([false]);
    await world.admin.query(`drop index ${tenant.schemaName}.c_id`);
    expect((await up({ interrupted: "repeat" })).versions).toEqual(["1"]);
    expect(await indexes()).toEqual([true]);
  });

  it("can be rolled back", async () => {
    await interrupt();
    expect((await down()).versions).toEqual(["1"]);
    expect(await tables()).toEqual([]);
    expect(await states()).toEqual(["1 pending"]);
  });
});

describe("undoing a migration without a transaction", () => {
  const script = [
    "-- migrate:no-transaction",
    "-- migrate:up",
    "create table c (id int);",
    "-- migrate:down",
    "drop table c;",
    "drop table d;",
  ].join("\n");

  it("is recorded, blocks `migrate` while it is halfway, and is resumed", async () => {
    await put("1_c.sql", script);
    await up();
    await expect(down()).rejects.toMatchObject({ line: 6, statementNumber: 2 });
    expect(await notedVersion()).toBe(null);
    const [line] = await locked((session) => migrator().status(session, tenant));
    expect(line).toMatchObject({ direction: "down", state: "partial", statementsDone: 1 });
    await expect(up()).rejects.toMatchObject({
      code: "MIGRATION_INTERRUPTED",
      message: expect.stringContaining("`rollback`"),
    });
    await put("1_c.sql", script.replace("drop table d", "select 1"));
    expect((await down()).versions).toEqual(["1"]);
    expect(await states()).toEqual(["1 pending"]);
  });
});

describe("a new schema", () => {
  it("gets all leading migrations in one transaction, and says what is left", async () => {
    await putThree();
    await put("4_four.sql", "-- migrate:no-transaction\ncreate table four (id int);");
    await put("5_five.sql", table("five"));
    const of = migrator();
    const made = fakeTenant(`${tenant.slug}_new`);
    await locked(async (session) => {
      const first = `create schema ${made.schemaName}`;
      const begun = await session.transaction(scopeOf(made), (tx) => of.migrateNew(tx, made), {
        first,
      });
      expect(begun).toEqual({ complete: false, versions: ["1", "2", "3"] });
      const rest = await of.migrate(session, made);
      expect(rest.versions).toEqual(["4", "5"]);
    });
    expect((await of.latest("tenant")).version).toBe("5");
  });

  it("is not there when one of them fails", async () => {
    await putThree();
    await put("3_three.sql", "create nonsense");
    const made = fakeTenant(`${tenant.slug}_new`);
    const making = locked((session) =>
      session.transaction(scopeOf(made), (tx) => migrator().migrateNew(tx, made), {
        first: `create schema ${made.schemaName}`,
      }),
    );
    await expect(making).rejects.toMatchObject({ code: "MIGRATION_FAILED", line: 1, version: "3" });
    const { rows } = await world.admin.query("select from pg_namespace where nspname = $1", [
      made.schemaName,
    ]);
    expect(rows).toEqual([]);
  });

  it("stays the one that is looked into, whatever a migration makes of the search path", async () => {
    await world.admin.query("create schema if not exists elsewhere");
    const texts = [
      "set local search_path = elsewhere; select 1 -- no semicolon",
      "create table two (id int)",
      async (db: MigrationContext) =>
        void (await db.query("select set_config('search_path', 'elsewhere', true)")),
      "create table four (id int)",
    ];
    const source = texts.map((up, index): Migration => ({
      name: `m${index}`,
      up,
      version: String(index),
    }));
    const made = fakeTenant(`${tenant.slug}_new`);
    await locked((session) =>
      session.transaction(scopeOf(made), (tx) => migrator(source).migrateNew(tx, made), {
        first: `create schema ${made.schemaName}`,
      }),
    );
    const { rows } = await world.admin.query(
      "select schemaname, tablename from pg_tables where schemaname in ('elsewhere', $1) and tablename in ('two', 'four') order by 2",
      [made.schemaName],
    );
    expect(rows).toEqual([
      { schemaname: made.schemaName, tablename: "four" },
      { schemaname: made.schemaName, tablename: "two" },
    ]);
  });
});

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Driver } from "../../../src/core/driver.ts";
import type {
  Migration,
  MigrationStatus,
  Migrator,
  MigrateOptions,
  RollbackOptions,
} from "../../../src/core/migrator.ts";
import { scopeOf } from "../../../src/core/scope.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import {
  type Admin,
  describeEngines,
  type EngineDatabase,
  MARIADB,
  MYSQL2,
} from "../../support/engines.ts";
import { fakeTenant } from "../../support/pg-world.ts";
import { attach, locked, migratorOf } from "./migrate-world.ts";

const DYING = fileURLToPath(new URL("dying-migration.ts", import.meta.url));

describeEngines(
  "migrations where DDL commits at once",
  (engine) => {
    let database: EngineDatabase;
    let driver: Driver;
    let admin: Admin;
    let folder: string;
    let tenant: Tenant;
    let number = 0;
    beforeAll(async () => {
      database = await engine.open();
      driver = attach(database.driver(), database.globalSchema);
      admin = await database.connect();
      await admin.query("create table versions (id varchar(64) primary key, version varchar(64))");
    });
    afterAll(async () => {
      await driver.close();
      await admin.end();
      await database.drop();
    });
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "kirayedar-migrate-"));
      number += 1;
      const slug = `m${number}`;
      tenant = fakeTenant(slug, { schemaName: `${database.tenantPrefix}${slug}` });
      await admin.query(`create database ${tenant.schemaName}`);
      await inTenant("create table log (word varchar(40))");
      return () => rm(folder, { force: true, recursive: true });
    });

    async function inTenant(text: string): Promise<Record<string, unknown>[]> {
      await admin.query(`use ${tenant.schemaName}`);
      const { rows } = await admin.query(text);
      return rows;
    }
    const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
    const migrator = (source: string | readonly Migration[] = folder): Migrator =>
      migratorOf(driver, database.globalSchema, source);
    const up = async (options: MigrateOptions = {}, of = migrator()): Promise<readonly string[]> =>
      (await locked(driver, tenant, (session) => of.migrate(session, tenant, options))).versions;
    const down = async (
      options: RollbackOptions = {},
      of = migrator(),
    ): Promise<readonly string[]> =>
      (await locked(driver, tenant, (session) => of.rollback(session, tenant, options))).versions;
    const status = (of = migrator()): Promise<MigrationStatus[]> =>
      driver.session({}, (session) => of.status(session, tenant));
    const states = async (of = migrator()): Promise<string[]> =>
      (await status(of)).map(({ state, version }) => `${version} ${state}`);
    const words = async (): Promise<unknown[]> =>
      (await inTenant("select word from log order by word")).map((row) => row["word"]);
    async function tables(): Promise<unknown[]> {
      const rows = await inTenant(
        "select table_name as name from information_schema.tables where table_schema = database()" +
          " and table_name not in ('kirayedar_migrations', 'log') order by 1",
      );
      return rows.map((row) => row["name"]);
    }
    async function notedVersion(): Promise<unknown> {
      const { rows } = await admin.query(
        `select version from ${database.globalSchema}.versions where id = ?`,
        [tenant.id],
      );
      return rows[0]?.["version"];
    }
    const table = (name: string): string =>
      `-- migrate:up\ncreate table ${name} (id int);\n-- migrate:down\ndrop table ${name};\n`;

    /** What a stop in the middle of a statement that commits leaves. */
    async function interruptAt(version: string, direction: "up" | "down" = "up"): Promise<void> {
      await inTenant(
        `update kirayedar_migrations set error = null, is_finished = 0, direction = '${direction}' where version = '${version}'`,
      );
    }

    describe("migrate", () => {
      it("applies what is pending, once, and notes the version", async () => {
        await put("1_one.sql", table("one"));
        await put("2_two.sql", table("two"));
        expect(await up({ dryRun: true })).toEqual(["1", "2"]);
        expect(await up()).toEqual(["1", "2"]);
        expect(await tables()).toEqual(["one", "two"]);
        expect(await notedVersion()).toBe("2");
        expect(await up()).toEqual([]);
        expect(await states()).toEqual(["1 applied", "2 applied"]);
        expect(await down({ all: true })).toEqual(["2", "1"]);
        expect(await tables()).toEqual([]);
        expect(await notedVersion()).toBe(null);
      });

      const script = [
        "-- migrate:up",
        "set @word = 'kept';",
        "insert into log values ('first');",
        "create table a (id int);",
        "",
        "insert into log values",
        "  (@word), (nope());",
        "create table b (id int);",
        "-- migrate:down",
        "drop table if exists b;",
        "drop table a;",
        "delete from log;",
      ].join("\n");

      it("stops at the statement that fails, says which, and is resumed there", async () => {
        await put("1_one.sql", table("one"));
        await put("2_two.sql", script);
        await expect(up()).rejects.toMatchObject({
          applied: ["1"],
          code: "MIGRATION_FAILED",
          line: 6,
          statementNumber: 4,
          tenant: tenant.slug,
          version: "2",
        });
        expect(await tables()).toEqual(["a", "one"]);
        expect(await words()).toEqual(["first"]);
        expect(await notedVersion()).toBe("1");
        const [, line] = await status();
        expect(line).toMatchObject({
          direction: "up",
          state: "partial",
          statementCount: 5,
          statementsDone: 3,
          stop: "failed",
          stoppedAt: {
            file: join(folder, "2_two.sql"),
            line: 6,
            statement: "insert into log values",
            statementNumber: 4,
          },
        });
        expect(line?.error?.toLowerCase()).toContain("nope");
        await put("2_two.sql", script.replace("(nope())", "('last')"));
        expect(await up()).toEqual(["2"]);
        // The variable, which was set in a session that is gone, is set again.
        expect(await words()).toEqual(["first", "kept", "last"]);
        expect(await tables()).toEqual(["a", "b", "one"]);
        expect(await notedVersion()).toBe("2");
      });

      it("refuses what was done and is changed now; that can be rolled back", async () => {
        await put("1_a.sql", script);
        await up().catch(() => undefined);
        await put("1_a.sql", script.replace("'first'", "'other'"));
        await expect(up()).rejects.toMatchObject({ code: "MIGRATION_CHANGED" });
        expect(await down()).toEqual(["1"]);
        expect(await tables()).toEqual([]);
        expect(await states()).toEqual(["1 pending"]);
      });

      const givesAnId =
        "create table a (id int primary key auto_increment); insert into a () values (); " +
        "set @id = last_insert_id(); create table b (id int); insert into log values (concat(@id, nope()));";

      it("does not go on with an id that only the session knew which is gone", async () => {
        await put("1_a.sql", `-- migrate:up\n${givesAnId}\n-- migrate:down\ndrop table a, b;`);
        await expect(up()).rejects.toMatchObject({ code: "MIGRATION_FAILED", statementNumber: 5 });
        await put(
          "1_a.sql",
          `-- migrate:up\n${givesAnId.replace("nope()", "''")}\n-- migrate:down\ndrop table a, b;`,
        );
        const refused = await up().catch((error: unknown) => error);
        expect(refused).toMatchObject({ code: "MIGRATION_INTERRUPTED", statementNumber: 5 });
        expect(String(refused)).toMatch(/Statement 3 reads an id .* Roll the migration back/);
        expect(await words()).toEqual([]);
        expect(await down()).toEqual(["1"]);
        expect(await up()).toEqual(["1"]);
        expect(await words()).toEqual(["1"]);
      });

      it("goes on without that id when it is told to", async () => {
        await put("1_a.sql", givesAnId);
        await up().catch(() => undefined);
        await put("1_a.sql", givesAnId.replace("concat(@id, nope())", "'no id'"));
        expect(await up({ interrupted: "repeat" })).toEqual(["1"]);
        expect(await words()).toEqual(["no id"]);
      });

      it("refuses to count rows when the record of progress is in between", async () => {
        const counted =
          "insert into log values ('x'); set @n = row_count(); insert into log values (@n);";
        await put("1_a.sql", counted);
        expect(await up()).toEqual(["1"]);
        expect(await words()).toEqual(["1", "x"]);
        await put("2_b.sql", `${counted} create table b (id int);`);
        await expect(up()).rejects.toMatchObject({ code: "MIGRATION_INVALID" });
        expect(await tables()).toEqual([]);
      });

      it("repeats nothing when only its end could not be recorded", async () => {
        const [versions, away] = ["versions", "away"].map(
          (table) => `${database.globalSchema}.${table}`,
        );
        await put("1_a.sql", `create table a (id int); rename table ${versions} to ${away};`);
        await expect(up()).rejects.toThrow("versions");
        await admin.query(`rename table ${away} to ${versions}`);
        expect(await status()).toMatchObject([
          { state: "partial", statementCount: 2, statementsDone: 2, stop: "failed" },
        ]);
        expect(await up()).toEqual(["1"]);
        expect(await notedVersion()).toBe("1");
      });

      it("runs what does not commit in one transaction, and leaves nothing of it", async () => {
        await put("1_a.sql", "insert into log values ('one'); insert into log values (nope());");
        await expect(up()).rejects.toMatchObject({ code: "MIGRATION_FAILED", statementNumber: 2 });
        expect(await words()).toEqual([]);
        expect(await states()).toEqual(["1 pending"]);
      });

      it("takes scripts with bodies and the client's delimiters", async () => {
        await put(
          "1_a.sql",
          "create trigger t before insert on log for each row begin set new.word = upper(new.word); end;\n" +
            "delimiter //\ncreate procedure p() begin insert into log values ('a'); end//\ndelimiter ;\ncall p();",
        );
        expect(await up()).toEqual(["1"]);
        expect(await words()).toEqual(["A"]);
      });

      it("refuses to leave its database, before anything runs", async () => {
        await put("1_a.sql", `create table a (id int);\nuse ${database.globalSchema};\n`);
        await expect(up()).rejects.toMatchObject({
          code: "MIGRATION_INVALID",
          message: expect.stringContaining("1_a.sql:2"),
        });
        expect(await tables()).toEqual([]);
      });

      it("comes back when prepared text has left its database", async () => {
        await put(
          "1_a.sql",
          `set @text = 'use ${database.globalSchema}'; prepare s from @text; create table a (id int); create table b (id int);`,
        );
        const executing = `set @text = 'use ${database.globalSchema}'; prepare s from @text; execute s; create table c (id int);`;
        expect(await up()).toEqual(["1"]);
        // MySQL refuses to prepare it.
        await put("2_b.sql", executing);
        await up().catch(() => undefined);
        expect(await tables()).toEqual(expect.arrayContaining(["a", "b"]));
        const { rows } = await admin.query(
          "select table_name from information_schema.tables where table_schema = ? and table_name in ('a', 'b', 'c')",
          [database.globalSchema],
        );
        expect(rows).toEqual([]);
      });

      it("runs once when two start at the same moment", async () => {
        await put("1_a.sql", "create table a (id int); do sleep(0.1); create table b (id int);");
        const results = await Promise.all([up(), up(), up()]);
        expect(results.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
      });
    });

    describe("an interrupted migration", () => {
      const script =
        "create table a (id int);\ncreate table b (id int);\ninsert into log values ('x');";

      beforeEach(async () => {
        await put("1_a.sql", script.replace("table b", "tabel b"));
        await up().catch(() => undefined);
        await put("1_a.sql", script);
        await interruptAt("1");
      });

      it("is refused, with the statement of which nobody knows", async () => {
        expect(await status()).toMatchObject([
          {
            statementsDone: 1,
            stop: "interrupted",
            stoppedAt: { line: 2, statement: "create table b (id int)", statementNumber: 2 },
          },
        ]);
        const failure = await up().catch((error: unknown) => error);
        expect(failure).toMatchObject({
          code: "MIGRATION_INTERRUPTED",
          file: join(folder, "1_a.sql"),
          line: 2,
          statement: "create table b (id int)",
          statementNumber: 2,
          tenant: tenant.slug,
        });
        expect((failure as Error).message).toContain("statement 2 of 3");
        await expect(up({ dryRun: true })).rejects.toMatchObject({ code: "MIGRATION_INTERRUPTED" });
        await expect(up({ interrupted: "maybe" as "skip" })).rejects.toMatchObject({
          code: "INVALID_QUERY",
        });
        expect(await tables()).toEqual(["a"]);
      });

      it("goes on with the statement again", async () => {
        expect(await up({ interrupted: "repeat" })).toEqual(["1"]);
        expect(await tables()).toEqual(["a", "b"]);
        expect(await words()).toEqual(["x"]);
      });

      it("goes on behind the statement", async () => {
        expect(await up({ interrupted: "skip" })).toEqual(["1"]);
        expect(await tables()).toEqual(["a"]);
        expect(await words()).toEqual(["x"]);
        expect(await states()).toEqual(["1 applied"]);
      });

      it("can be rolled back", async () => {
        await put("1_a.sql", `-- migrate:up\n${script}\n-- migrate:down\ndrop table a;`);
        expect(await down()).toEqual(["1"]);
        expect(await tables()).toEqual([]);
        expect(await states()).toEqual(["1 pending"]);
      });

      it("is known where its next statement is recorded in its own transaction", async () => {
        await put(
          "1_a.sql",
          "create table a (id int); insert into log values ('x'); create tabel b",
        );
        await put("2_b.sql", "create table c (id int); insert into log values (nope());");
        await inTenant("delete from kirayedar_migrations");
        await inTenant("drop table a");
        await rm(join(folder, "1_a.sql"));
        await up().catch(() => undefined);
        await interruptAt("2");
        expect(await status()).toMatchObject([{ stop: "between" }]);
        await put("2_b.sql", "create table c (id int); insert into log values ('y');");
        // The file is another now: nobody knows what was at that place.
        expect(await status()).toMatchObject([{ stop: "interrupted" }]);
        expect(await up({ interrupted: "repeat" })).toEqual(["2"]);
        expect(await words()).toEqual(["y"]);
      });

      it("of statements that run others is refused when they failed, too", async () => {
        await put(
          "1_a.sql",
          "create procedure p() begin insert into log values ('p'); create table c (id int); signal sqlstate '45000'; end; call p();",
        );
        await inTenant("drop table kirayedar_migrations");
        await expect(up()).rejects.toMatchObject({ code: "MIGRATION_FAILED", statementNumber: 2 });
        await expect(up()).rejects.toMatchObject({ code: "MIGRATION_INTERRUPTED" });
        expect(await words()).toEqual(["p"]);
        expect(await up({ interrupted: "skip" })).toEqual(["1"]);
      });
    });

    describe("a process that dies", () => {
      /** Starts a migration in a process of its own. */
      function start(source = folder): { readonly kill: () => Promise<void> } {
        const { globalSchema, url } = database;
        const args = [
          DYING,
          engine.name,
          url,
          globalSchema,
          tenant.slug,
          tenant.schemaName,
          source,
        ];
        let ended = (): void => undefined;
        const end = new Promise<void>((resolve) => (ended = resolve));
        const child = execFile(process.execPath, args, ended);
        return {
          kill: async () => {
            child.kill("SIGKILL");
            await end;
          },
        };
      }

      /** Waits until a statement with this text runs in the tenant's database. */
      async function seen(text: string): Promise<void> {
        for (;;) {
          const { rows } = await admin.query(
            "select id from information_schema.processlist where db = ? and info like ?",
            [tenant.schemaName, `${text}%`],
          );
          if (rows.length > 0) return;
          await sleep(10);
        }
      }

      it("in the middle of DDL leaves a record that says so, and nothing is repeated", async () => {
        await inTenant("create table busy (id int)");
        await put(
          "1_a.sql",
          "insert into log values ('x');\nalter table busy add more int;\ninsert into log values ('y');",
        );
        const blocker = await database.connect();
        await blocker.query(`use ${tenant.schemaName}`);
        await blocker.query("lock tables busy write");
        const { kill } = start();
        await seen("alter table busy");
        await kill();
        expect(await status()).toMatchObject([
          {
            statementsDone: 1,
            stop: "interrupted",
            stoppedAt: { line: 2, statementNumber: 2 },
          },
        ]);
        await blocker.query("unlock tables");
        await blocker.end();
        // The server ends the statement, and then the lock of the process that is gone.
        await expect(up()).rejects.toMatchObject({
          code: "MIGRATION_INTERRUPTED",
          statementNumber: 2,
        });
        const columns = await inTenant("show columns from busy");
        expect(columns).toHaveLength(2);
        expect(await up({ interrupted: "skip" })).toEqual(["1"]);
        expect(await words()).toEqual(["x", "y"]);
      });

      it("in the middle of a statement that does not commit leaves nothing of it", async () => {
        await put(
          "1_a.sql",
          "create table a (id int);\ninsert into log select concat('x', sleep(1));\ncreate table b (id int);",
        );
        const { kill } = start();
        await seen("insert into log");
        await kill();
        expect(await status()).toMatchObject([{ statementsDone: 1, stop: "between" }]);
        expect(await up()).toEqual(["1"]);
        expect(await words()).toEqual(["x0"]);
        expect(await tables()).toEqual(["a", "b"]);
      });

      it("in a function is known of when something was committed", async () => {
        const { kill } = start("function");
        const functions = migrator([
          { name: "dying", up: async (db) => void (await db.query("do 1")), version: "1" },
        ]);
        await expect.poll(words, { timeout: 20_000 }).toEqual(["after", "before"]);
        await kill();
        expect(await status(functions)).toMatchObject([
          { direction: "up", state: "partial", statementsDone: 1, stop: "interrupted" },
        ]);
        await expect(up({}, functions)).rejects.toMatchObject({ code: "MIGRATION_INTERRUPTED" });
        expect(await up({ interrupted: "repeat" }, functions)).toEqual(["1"]);
      });

      it("by the loss of its connection alone leaves the same record", async () => {
        await inTenant("create table busy (id int)");
        await put("1_a.sql", "set @a = 1; alter table busy add more int;");
        const blocker = await database.connect();
        await blocker.query(`use ${tenant.schemaName}`);
        await blocker.query("lock tables busy write");
        const migrating = up().catch((error: unknown) => error);
        await seen("alter table busy");
        const { rows } = await admin.query<{ id: number }>(
          "select id from information_schema.processlist where db = ? and info like 'alter table busy%'",
          [tenant.schemaName],
        );
        await admin.query(`kill ${String(rows[0]?.id)}`);
        expect(await migrating).toMatchObject({ code: "DATABASE_UNAVAILABLE" });
        await blocker.query("unlock tables");
        await blocker.end();
        expect(await status()).toMatchObject([{ statementsDone: 1, stop: "interrupted" }]);
        expect(await inTenant("show columns from busy")).toHaveLength(1);
        expect(await up({ interrupted: "repeat" })).toEqual(["1"]);
        expect(await inTenant("show columns from busy")).toHaveLength(2);
      });
    });

    describe("a function", () => {
      let steps: string[];
      const failing = (texts: readonly string[], more: Partial<Migration> = {}): Migrator =>
        migrator([
          {
            down: "drop table if exists a",
            name: "f",
            up: async (db) => {
              for (const text of texts) {
                if (text === "throw") throw new Error("not today");
                steps.push(text);
                await db.query(text);
              }
            },
            version: "1",
            ...more,
          },
        ]);
      beforeEach(() => {
        steps = [];
      });
      const insert = "insert into log values ('f')";
      const create = "create table a (id int)";

      it("that fails before anything was committed leaves nothing", async () => {
        await expect(up({}, failing([insert, "throw"]))).rejects.toMatchObject({
          code: "MIGRATION_FAILED",
        });
        expect(await words()).toEqual([]);
        expect(await states(failing([]))).toEqual(["1 pending"]);
        expect(await up({}, failing([insert]))).toEqual(["1"]);
        expect(await words()).toEqual(["f"]);
        expect(await notedVersion()).toBe("1");
      });

      it("that has committed is recorded, and not repeated unasked", async () => {
        const source = failing([insert, create, insert, "throw"]);
        await expect(up({}, source)).rejects.toMatchObject({
          code: "MIGRATION_FAILED",
          message: expect.stringContaining("--interrupted repeat"),
        });
        expect(await status(source)).toMatchObject([
          { error: "not today", state: "partial", statementsDone: 3, stop: "failed" },
        ]);
        await expect(up({}, source)).rejects.toMatchObject({ code: "MIGRATION_INTERRUPTED" });
        expect(steps).toHaveLength(3);
        expect(await up({ interrupted: "skip" }, source)).toEqual(["1"]);
        expect(steps).toHaveLength(3);
        expect(await states(source)).toEqual(["1 applied"]);
        expect(await notedVersion()).toBe("1");
      });

      it("is run again from its beginning when asked to, or rolled back", async () => {
        const source = failing([create, "throw"]);
        await up({}, source).catch(() => undefined);
        const mended = failing(["drop table a", create]);
        expect(await up({ interrupted: "repeat" }, mended)).toEqual(["1"]);
        expect(await down({}, mended)).toEqual(["1"]);
        await up({}, source).catch(() => undefined);
        expect(await down({}, source)).toEqual(["1"]);
        expect(await tables()).toEqual([]);
        expect(await states(source)).toEqual(["1 pending"]);
      });

      it("that says it may be repeated is", async () => {
        const repeatable = { transaction: false };
        const again = "create table if not exists a (id int)";
        await up({}, failing([again, "throw"], repeatable)).catch(() => undefined);
        expect(await states(failing([], repeatable))).toEqual(["1 partial"]);
        expect(await up({}, failing([again], repeatable))).toEqual(["1"]);
      });

      it("is recorded without the values of its parameters", async () => {
        const source = migrator([
          {
            name: "f",
            up: async (db) => {
              await db.query(create);
              await db.query("insert into nope values (?)", ["hunter2"]);
            },
            version: "1",
          },
        ]);
        const failure = await up({}, source).catch((error: unknown) => error);
        expect((failure as Error).message).toContain("nope");
        expect((failure as Error).message).not.toContain("hunter2");
        const [line] = await status(source);
        expect(line?.error).toContain("nope");
        expect(line?.error).not.toContain("hunter2");
      });

      it("is refused when it would leave its database", async () => {
        const source = failing([`use ${database.globalSchema}`]);
        await expect(up({}, source)).rejects.toMatchObject({ code: "MIGRATION_INVALID" });
      });
    });

    describe("rollback", () => {
      const script = [
        "-- migrate:up",
        "create table a (id int);",
        "create table b (id int);",
        "-- migrate:down",
        "drop table b;",
        "insert into log values (nope());",
        "drop table a;",
      ].join("\n");

      beforeEach(async () => {
        await put("1_one.sql", table("one"));
        await put("2_two.sql", script);
        await up();
      });

      it("that fails halfway is recorded, blocks `migrate`, and is resumed", async () => {
        await expect(down()).rejects.toMatchObject({
          code: "MIGRATION_FAILED",
          line: 6,
          statementNumber: 2,
        });
        expect(await notedVersion()).toBe("1");
        expect(await status()).toMatchObject([
          { state: "applied" },
          { direction: "down", state: "partial", statementsDone: 1, stop: "failed" },
        ]);
        await put("3_three.sql", table("three"));
        for (const options of [{}, { interrupted: "skip" }] as const) {
          await expect(up(options)).rejects.toMatchObject({
            code: "MIGRATION_INTERRUPTED",
            message: expect.stringContaining("`rollback`"),
          });
        }
        await put("2_two.sql", script.replace("nope()", "'x'"));
        expect(await down()).toEqual(["2"]);
        expect(await words()).toEqual(["x"]);
        expect(await tables()).toEqual(["one"]);
        expect(await states()).toEqual(["1 applied", "2 pending", "3 pending"]);
        expect(await up()).toEqual(["2", "3"]);
      });

      it("that was interrupted is refused until it is said how to go on", async () => {
        await down().catch(() => undefined);
        await put("2_two.sql", script.replace("insert into log values (nope())", "drop table c"));
        await interruptAt("2", "down");
        await expect(down()).rejects.toMatchObject({
          code: "MIGRATION_INTERRUPTED",
          statement: "drop table c",
        });
        expect(await down({ interrupted: "skip", steps: 2 })).toEqual(["2", "1"]);
        expect(await tables()).toEqual([]);
        expect(await notedVersion()).toBe(null);
      });

      it("of what has no DDL is one transaction", async () => {
        await put(
          "3_c.sql",
          "-- migrate:up\ninsert into log values ('c');\n-- migrate:down\ndelete from log; insert into log values (nope());",
        );
        await up();
        await expect(down()).rejects.toMatchObject({ code: "MIGRATION_FAILED" });
        expect(await words()).toEqual(["c"]);
        expect((await states()).at(-1)).toBe("3 applied");
      });
    });

    describe("a new schema", () => {
      it("gets all migrations, also those without a transaction", async () => {
        await put("1_one.sql", table("one"));
        await put("2_two.sql", "-- migrate:no-transaction\ncreate table two (id int);");
        await put(
          "3_three.sql",
          "delimiter //\ncreate procedure p() begin select 1; select 2; end//",
        );
        await put(
          "4_four.mjs",
          "export const up = (db) => db.script('create table four (id int); do 1');",
        );
        const of = migrator();
        const made = await locked(driver, tenant, (session) =>
          session.transaction(scopeOf(tenant), (tx) => of.migrateNew(tx, tenant)),
        );
        expect(made).toEqual({ complete: true, versions: ["1", "2", "3", "4"] });
        expect(await tables()).toEqual(["four", "one", "two"]);
        expect(await states()).toEqual(["1 applied", "2 applied", "3 applied", "4 applied"]);
        expect(await notedVersion()).toBe("4");
      });
    });
  },
  [MYSQL2, MARIADB],
);

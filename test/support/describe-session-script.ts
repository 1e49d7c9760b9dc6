import { describe, expect, it } from "vitest";
import type { Driver, Session } from "../../src/core/driver.ts";
import type { Scope } from "../../src/core/scope.ts";

/** What the suite needs: two tenants with a table `note(owner)`, each with its own schema's name in it. */
export interface ScriptWorld {
  readonly driver: Driver;
  readonly a: Scope;
  readonly b: Scope;
  /** A tenant whose schema is not there. */
  readonly gone: Scope;
  /** Schemas that the driver reported missing. */
  readonly missing: readonly string[];
}

/** What a text leaves in its session; what the next one would see of it, and sees without it. */
const TRACES: readonly [what: string, text: string, look: string, clean: string][] = [
  [
    "a temporary table",
    "create temp table kept (n int)",
    "select (to_regclass('pg_temp.kept') is null)::text",
    "true",
  ],
  ["a setting", "set work_mem = '5MB'", "select current_setting('work_mem')", "4MB"],
  [
    "a setting of a block",
    "do $$ begin set work_mem = '5MB'; end $$",
    "select current_setting('work_mem')",
    "4MB",
  ],
  [
    "a search path",
    "do $$ begin set search_path = tenant_a; end $$",
    "select owner from note limit 1",
    "tenant_b",
  ],
  ["a role", "set role pg_monitor", "select (current_user = session_user)::text", "true"],
  [
    "an advisory lock",
    "select pg_advisory_lock(4711)",
    "select count(*)::text from pg_locks where locktype = 'advisory' and objid = 4711",
    "0",
  ],
  [
    "a cursor",
    "declare kept cursor with hold for select 1",
    "select count(*)::text from pg_cursors where name = 'kept'",
    "0",
  ],
  [
    "a prepared statement",
    "prepare kept as select 1",
    "select count(*)::text from pg_prepared_statements where name = 'kept'",
    "0",
  ],
];

/** Describes `Session.script` on one of the drivers of PostgreSQL. */
export function describeSessionScript(driverName: string, open: () => ScriptWorld): void {
  const script = async (session: Session, scope: Scope, text: string): Promise<void> => {
    expect(session.script).toBeDefined();
    await session.script?.(scope, text);
  };
  const alone = (scope: Scope, text: string): Promise<void> =>
    open().driver.session({}, (session) => script(session, scope, text));

  describe(`a text of a session, ${driverName}`, () => {
    it("runs any number of statements in its scope, and the next text in the next", async () => {
      const { a, b, driver } = open();
      await driver.session({}, async (session) => {
        await script(
          session,
          a,
          "create table made (n int); insert into made values (1); select 1",
        );
        await script(session, b, "create table made (n int)");
        expect((await session.query(a, "select n from made")).rows).toEqual([{ n: 1 }]);
        expect((await session.query(b, "select n from made")).rows).toEqual([]);
        await script(session, a, "drop table made;");
        await script(session, b, "drop table made -- of the other tenant");
        await script(session, b, "");
      });
    });

    it("is all or nothing, and leaves the session usable", async () => {
      const { a, b, driver } = open();
      const failing =
        "create table half (n int); insert into half values (1); select 1/0; select 2";
      await driver.session({}, async (session) => {
        await expect(script(session, a, failing)).rejects.toMatchObject({ code: "22012" });
        await expect(script(session, a, "select from half")).rejects.toMatchObject({
          code: "42P01",
        });
        await script(session, b, "create table half (n int)");
        await script(session, b, "drop table half");
        const { rows } = await session.query(a, "select distinct owner from note");
        expect(rows).toEqual([{ owner: "tenant_a" }]);
      });
    });

    it.each(TRACES)("leaves nothing to the next text: %s", async (_what, text, look, clean) => {
      const { a, b, driver } = open();
      await alone(b, "drop table if exists seen; create table seen (v text)");
      const seen = await driver.session({}, async (session) => {
        await script(session, a, text);
        await script(session, b, `insert into tenant_b.seen ${look}`);
        return (await session.query(b, "select v from tenant_b.seen")).rows;
      });
      expect(seen).toEqual([{ v: clean }]);
    });

    it("leaves nothing when a text after it has failed", async () => {
      const { a, b, driver } = open();
      await alone(b, "drop table if exists seen; create table seen (v text)");
      const seen = await driver.session({}, async (session) => {
        await script(session, a, "create temp table kept (n int); set work_mem = '5MB'");
        await expect(script(session, b, "select nonsense")).rejects.toThrow("nonsense");
        const look = "select current_setting('work_mem') || ' ' || (select min(owner) from note)";
        await script(session, b, `insert into seen ${look}`);
        return (await session.query(b, "select v from seen")).rows;
      });
      expect(seen).toEqual([{ v: "4MB tenant_b" }]);
    });

    it("refuses a schema that is not there, and does nothing", async () => {
      const { b, driver, gone, missing } = open();
      await driver.session({}, async (session) => {
        await expect(
          script(session, gone, "create table public.stray (n int)"),
        ).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND", tenant: "gone" });
        expect(missing).toContain("tenant_gone");
        await expect(session.query(b, "select from public.stray")).rejects.toThrow("stray");
      });
    });

    it("tells a missing schema of the text itself from its own", async () => {
      const { a, missing } = open();
      const before = missing.length;
      await expect(alone(a, "create table nowhere.note (n int)")).rejects.toMatchObject({
        code: "3F000",
      });
      expect(missing).toHaveLength(before);
    });

    it("takes a lock for as long as it runs, and does nothing where it is taken", async () => {
      const { a, driver } = open();
      const made = "create table locked (n int)";
      await driver.session({ lock: "ours" }, () =>
        driver.session({}, async (session) => {
          await expect(session.script?.(a, made, { lock: "ours" })).rejects.toMatchObject({
            code: "TENANT_BUSY",
          });
          await session.script?.(a, "drop table if exists locked", { lock: "other" });
        }),
      );
      await driver.session({}, async (session) => {
        await session.script?.(a, made, { lock: "ours" });
        await expect(session.script?.(a, made, { lock: "ours" })).rejects.toMatchObject({
          code: "42P07",
        });
        await driver.session({ lock: "ours", lockTimeoutMs: 0 }, () => Promise.resolve());
        await session.script?.(a, "drop table locked", { lock: "ours" });
      });
    });

    it("keeps the lock of a session out of reach of its texts", async () => {
      const { a, driver } = open();
      await driver.session({ lock: "held" }, async (session) => {
        // Where texts could free it, there are none.
        await session.script?.(a, "select 1");
        await expect(
          driver.session({ lock: "held", lockTimeoutMs: 0 }, () => Promise.resolve()),
        ).rejects.toMatchObject({ code: "TENANT_BUSY" });
      });
    });

    it("is refused after the end of its session", async () => {
      const { a, driver } = open();
      const kept = await driver.session({}, (session) => Promise.resolve(session));
      await expect(kept.script?.(a, "select 1")).rejects.toMatchObject({ code: "LEASE_ENDED" });
    });
  });
}

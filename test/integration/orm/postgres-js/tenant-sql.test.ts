import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantSql, type TenantSql } from "../../../../src/drivers/postgres-js/index.ts";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describePeers } from "../../../support/peers.ts";

let world: OrmWorld;

beforeAll(async () => {
  world = await openOrmWorld(POSTGRES);
});

afterAll(() => closeOrmWorld(world));

describePeers("tenantSql", "postgres", (peers) => {
  let make: typeof postgres;
  /** The application's own, which knows no tenants; one connection, so that whatever is left is seen. */
  let plain: postgres.Sql;
  let sql: TenantSql<postgres.Sql>;
  const one = <T>(fn: () => PromiseLike<T>) => world.tenancy.withTenant("one", fn);
  const two = <T>(fn: () => PromiseLike<T>) => world.tenancy.withTenant("two", fn);
  const ownerNow = async (on: postgres.Sql | postgres.TransactionSql = sql): Promise<unknown> => {
    const [row] = await on<{ owner: string }[]>`select owner from books limit 1`;
    return row?.owner;
  };

  beforeAll(async () => {
    ({ default: make } = await peers.load<{ default: typeof postgres }>("postgres"));
    plain = make(world.database.url, { max: 1, onnotice: () => undefined });
    sql = tenantSql(world.tenancy, plain);
  });

  afterAll(() => plain.end());

  const pathOf = async (): Promise<unknown> => (await plain`show search_path`)[0]?.search_path;

  it("runs a query in the scope where it is written", async () => {
    const { query } = await one(async () => ({ query: sql`select owner from books limit 1` }));
    expect(await two(() => query)).toEqual([{ owner: "tenant_one" }]);
    const homeless = sql`select 1`;
    await expect(one(() => homeless)).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    const fragment = sql`id = ${1}`;
    expect(await two(() => sql`select owner from books where ${fragment}`)).toHaveLength(1);
  });

  it("asks for no connection without a scope", async () => {
    const nowhere = tenantSql(world.tenancy, make("postgres://nobody@127.0.0.1:1/nothing"));
    const refused = { code: "TENANT_REQUIRED" };
    await expect(nowhere`select 1`).rejects.toMatchObject(refused);
    await expect(nowhere.unsafe("select 1")).rejects.toMatchObject(refused);
    await expect(nowhere.begin((tx) => tx`select 1`)).rejects.toMatchObject(refused);
  });

  it("binds to a tenant, and ends nothing that is not its own", async () => {
    const bound = await sql.forTenant("two");
    expect(await one(() => ownerNow(bound))).toBe("tenant_two");
    await bound.end();
    expect(await ownerNow(bound)).toBe("tenant_two");
    await expect(sql.forTenant("nobody")).rejects.toMatchObject({ code: "TENANT_NOT_FOUND" });
  });

  describe("leaves nothing in the session", () => {
    it("when all goes well, when a query fails, and when a transaction does", async () => {
      const before = await pathOf();
      await one(() => ownerNow());
      await expect(one(() => sql`select 1 / 0`)).rejects.toThrow("division by zero");
      const failed = one(() =>
        sql.begin(async (tx) => {
          await ownerNow(tx);
          await tx`select * from nothing`;
        }),
      );
      await expect(failed).rejects.toThrow('"nothing" does not exist');
      expect(await pathOf()).toBe(before);
      expect(await two(() => ownerNow())).toBe("tenant_two");
    });

    it("when the switch fails", async () => {
      const slug = `gone-${peers.set}`;
      await world.tenancy.create(slug);
      const bound = await sql.forTenant(slug);
      const { schemaName } = (await world.tenancy.tenant(slug)).tenant;
      await world.admin.query(`drop schema ${schemaName} cascade`);
      const missing = { code: "SCHEMA_NOT_FOUND" };
      await expect(ownerNow(bound)).rejects.toMatchObject(missing);
      await expect(bound.begin(() => 1)).rejects.toMatchObject(missing);
      expect(await two(() => ownerNow())).toBe("tenant_two");
    });

    it("when the consumer of a cursor leaves, or fails", async () => {
      await one(async () => {
        for await (const rows of sql`select owner from books`.cursor(1)) {
          expect(rows).toHaveLength(1);
          break;
        }
      });
      const failing = sql.forTenant("one").then((bound) =>
        bound`select owner from books`.cursor(1, () => {
          throw new Error("as planned");
        }),
      );
      await expect(failing).rejects.toThrow("as planned");
      expect(await two(() => ownerNow())).toBe("tenant_two");
    });
  });

  it("tells of a write when it is committed, and not before", async () => {
    const made = one(
      () => sql`create table parents (id int primary key deferrable initially deferred)`,
    );
    await made;
    const twice = one(() => sql`insert into parents values (1), (1)`);
    await expect(twice).rejects.toMatchObject({ code: "23505" });
    await one(() => sql`insert into parents values (2)`);
    const { rows } = await world.admin.query("select id from tenant_one.parents");
    expect(rows).toEqual([{ id: 2 }]);
    await one(() => sql`drop table parents`);
  });

  it("sends a prepared statement again that has other columns in this tenant", async () => {
    await one(() => sql`create table shapes (a int, doc json)`);
    await two(() => sql`create table shapes (doc json, b text)`);
    const read = async () =>
      sql`select * from shapes where ${sql.json({ x: 1 })}::json is not null`;
    const write = async () => sql`insert into shapes (doc) values (${sql.json({ x: 1 })})`;
    await one(write);
    await two(write);
    expect(await one(read)).toEqual([{ a: null, doc: { x: 1 } }]);
    expect(await two(read)).toEqual([{ b: null, doc: { x: 1 } }]);
    expect(await one(read)).toEqual([{ a: null, doc: { x: 1 } }]);
    await one(() => sql`drop table shapes`);
    await two(() => sql`drop table shapes`);
  });

  it("refuses a schema that has the name of the one it knew", async () => {
    const slug = `moved-${peers.set}`;
    const { schemaName } = await world.tenancy.create(slug);
    const bound = await sql.forTenant(slug);
    expect(await bound`select 1 as it`).toEqual([{ it: 1 }]);
    await world.admin.query(`alter schema ${schemaName} rename to elsewhere`);
    await world.admin.query(`create schema ${schemaName}`);
    await expect(bound`select 1`).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    await world.admin.query(`drop schema ${schemaName}`);
    await world.admin.query(`drop schema elsewhere cascade`);
  });

  it("calls callbacks in the scope of who waits for the query", async () => {
    const seen: unknown[] = [];
    const note = (): void => void seen.push(world.tenancy.currentTenant()?.slug);
    // The connection is opened in the other scope.
    const fresh = tenantSql(world.tenancy, make(world.database.url, { max: 1 }));
    await two(() => fresh`select 1`);
    await one(async () => {
      await fresh`select 1`.forEach(note);
      await fresh`select 1`.cursor(1, note);
      await fresh.begin(async (tx) => {
        note();
        await tx`select 1`.forEach(note);
        await tx.savepoint(async (deeper) => deeper`select 1`.forEach(note));
      });
    });
    expect(seen).toEqual(["one", "one", "one", "one", "one"]);
    await fresh.end();
  });

  it("ends a transaction with its function, for whatever still holds it", async () => {
    let kept: postgres.TransactionSql | undefined;
    let inner: postgres.TransactionSql | undefined;
    await one(() =>
      sql.begin(async (tx) => {
        kept = tx;
        await tx.savepoint("deeper", async (deeper) => {
          inner = deeper;
        });
        await expect(inner!`select 1`).rejects.toMatchObject({ code: "LEASE_ENDED" });
        expect(await ownerNow(tx)).toBe("tenant_one");
      }),
    );
    await expect(kept!`select 1`).rejects.toMatchObject({ code: "LEASE_ENDED" });
    await expect(kept!.savepoint(() => 1)).rejects.toMatchObject({ code: "LEASE_ENDED" });
  });

  it("cancels a query that waits, and one that runs", async () => {
    const started = Date.now();
    await one(async () => {
      const long = sql`select pg_sleep(20)`.execute();
      const waiting = sql`select 1`.execute();
      await new Promise((done) => setTimeout(done, 100));
      waiting.cancel();
      await expect(waiting).rejects.toMatchObject({ code: "57014" });
      long.cancel();
      await expect(long).rejects.toMatchObject({ code: "57014" });
    });
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(await two(() => ownerNow())).toBe("tenant_two");
  });

  it("copies in a transaction", async () => {
    const text = await one(() =>
      sql.begin(async (tx) => {
        const out = await tx`copy (select owner from authors limit 1) to stdout`.readable();
        return (await out.toArray()).join("");
      }),
    );
    expect(text).toBe("tenant_one\n");
  });

  const texts = {
    "a commit of its own": "insert into authors (owner, name) values ('x', 'y'); commit; select 1",
    "a configuration": "select set_config('search_path', 'public', false)",
    "a lock": "select pg_advisory_lock(1)",
    "a role": "set role none",
    "a rollback": "/* so */ rollback",
    "a search path": "set search_path to public",
    "a temporary table": "create temp table books (owner text)",
    "what is prepared": "prepare q as select 1",
  };
  it.each(Object.entries(texts))("refuses %s", async (_name, text) => {
    const refused = { code: "INVALID_QUERY" };
    await expect(one(() => sql.unsafe(text))).rejects.toMatchObject(refused);
    await expect(one(() => sql.begin((tx) => tx.unsafe(text)))).rejects.toMatchObject(refused);
  });

  it("takes a function with `begin` and `end`, and what is set for the transaction", async () => {
    const text =
      "create function four() returns int language plpgsql as $$ begin; return 4; end; $$;" +
      "set local work_mem = '1MB'; select set_config('work_mem', '2MB', true); drop function four";
    const made = one(() => sql.unsafe(text.replace("begin;", "begin")));
    expect(await made).toBeDefined();
  });

  it.each(["reserve", "listen", "notify", "subscribe", "largeObject"] as const)(
    "refuses %s",
    (name) => {
      const refused = { code: "INVALID_QUERY" };
      expect(() => (sql[name] as () => unknown)()).toThrow(expect.objectContaining(refused));
    },
  );

  it("refuses a COPY outside a transaction", async () => {
    await expect(one(() => sql`copy authors to stdout`.readable())).rejects.toMatchObject({
      code: "INVALID_QUERY",
    });
  });

  describe("bad input", () => {
    it("refuses what is not postgres.js", () => {
      const refused = expect.objectContaining({ code: "UNSUPPORTED_PEER" }) as unknown;
      for (const wrong of [undefined, {}, () => 1, world.tenancy.pool]) {
        expect(() => tenantSql(world.tenancy, wrong as never)).toThrow(refused);
      }
    });

    it("refuses to work without a pipeline", () => {
      const narrow = make(world.database.url, { max_pipeline: 0 } as postgres.Options<never>);
      expect(() => tenantSql(world.tenancy, narrow)).toThrow(
        expect.objectContaining({ code: "INVALID_CONFIG" }),
      );
    });
  });
});

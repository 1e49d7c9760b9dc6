import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { scopeOf } from "../../../src/core/scope.ts";
import { describeMysql } from "../../support/database.ts";
import { type RunningMysql, startMysql } from "../../support/mysql-server.ts";
import { createMysqlWorld, type MysqlWorld } from "../../support/mysql-world.ts";

describeMysql("a server with settings of its own", () => {
  let server: RunningMysql;
  let world: MysqlWorld;

  beforeAll(async () => {
    const started = await startMysql({ settings: { max_allowed_packet: "64M" } });
    if ("unavailable" in started) throw new Error(started.unavailable);
    server = started;
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    world = await createMysqlWorld(["a", "b"], { connectionLimit: 1 }, server.url);
  });
  afterEach(async () => {
    await world.admin.query("set global autocommit = 1");
    await world.close();
  });

  it("takes a text of several messages, whatever was sent before it", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const long = `select length('${"x".repeat(17_000_000)}') as n, owner from note limit 1`;
    for (const before of ["select 1", "select ';'"]) {
      for (const text of [long, `${long} -- ;\n`]) {
        await world.in(1, () => world.pool.promise().query(before));
        const [rows] = await world.in(0, () => world.pool.promise().query(text));
        expect(rows).toEqual([{ n: 17_000_000, owner: world.tenants[0]!.schemaName }]);
      }
    }
    // `mysql2` says there that it has lost count.
    expect(said).not.toHaveBeenCalled();
    said.mockRestore();
  });

  it("keeps what the lifecycle writes, though it commits nothing by itself", async () => {
    await world.admin.query("set global autocommit = 0");
    const scope = scopeOf(world.tenants[0]!);
    const insert = "insert into note (owner, body) values (database(), 'kept')";
    for (const _ of ["on a new connection", "on one that was used before"]) {
      await world.driver.session({}, (session) => session.query(scope, insert));
    }
    const [rows] = await world.admin.query(
      `select owner from \`${world.tenants[0]!.schemaName}\`.note where body = 'kept'`,
    );
    expect(rows).toHaveLength(2);
  });
});

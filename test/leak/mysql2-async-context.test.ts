import { once } from "node:events";
import type { PoolConnection } from "mysql2";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { createMysqlWorld, type MysqlWorld } from "../support/mysql-world.ts";

let world: MysqlWorld;

/** The schema of the ambient scope, where this is called. */
function here(): string {
  const scope = world.context.current();
  return scope?.kind === "tenant" ? scope.tenant.slug : "none";
}

/** Collects the scopes that callbacks of the second tenant saw. */
async function seenBy(use: (see: () => void) => Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>();
  await world.in(1, () => use(() => void seen.add(here())));
  return [...seen];
}

const texts = ["select * from note", "select nonsense", "insert into note (owner) values ('x')"];

describeMysql(
  "what is called back runs in the caller's scope, not that of who opened the connection",
  () => {
    beforeAll(async () => {
      world = await createMysqlWorld(["a", "b"], { connectionLimit: 1 });
      // The first tenant's request is the one that opens the connection.
      await world.in(0, () => world.pool.promise().query("select 1"));
    });
    afterAll(() => world.close());

    it.each(texts)("the callback of a query, while another waits: %s", async (text) => {
      const seen = await seenBy(async (see) => {
        const blocking = world.in(0, () => world.pool.promise().query("select sleep(0.02)"));
        for (const how of ["query", "execute"] as const) {
          await new Promise<void>((resolve) => {
            world.pool[how](text, () => {
              see();
              resolve();
            });
          });
        }
        await blocking;
      });
      expect(seen).toEqual(["t1"]);
    });

    it("the callback of `getConnection`, of its queries, and their events", async () => {
      const seen = await seenBy(async (see) => {
        const blocking = world.in(0, () => world.pool.promise().query("select sleep(0.02)"));
        const connection = await new Promise<PoolConnection>((resolve) => {
          world.pool.getConnection((_error, connection) => {
            see();
            resolve(connection);
          });
        });
        await new Promise<void>((resolve) => {
          connection.query("select * from note", () => {
            see();
            resolve();
          });
        });
        for (const text of texts) {
          for (const query of [connection.query(text), connection.execute(text)]) {
            for (const event of ["fields", "result", "error"]) query.on(event, see);
            await new Promise((resolve) => query.once("end", resolve));
          }
        }
        const statement = await connection.promise().prepare("select * from note");
        await statement.execute([]);
        see();
        connection.release();
        await blocking;
      });
      expect(seen).toEqual(["t1"]);
    });

    it("streams, on the pool and on a connection", async () => {
      const seen = await seenBy(async (see) => {
        const connection = await new Promise<PoolConnection>((resolve) => {
          world.pool.getConnection((_error, connection) => resolve(connection));
        });
        const text = "select * from note";
        for (const query of [connection.query(text), world.pool.query(text)]) {
          const stream = query.stream({ highWaterMark: 1 });
          for (const event of ["data", "end", "close"]) stream.on(event, see);
          await once(stream, "close");
          connection.release();
        }
      });
      expect(seen).toEqual(["t1"]);
    });

    it("the socket's own events are nobody's", async () => {
      await world.in(0, async () => {
        const connection = await world.pool.promise().getConnection();
        connection.destroy();
      });
      const seen: string[] = [];
      const listener = (): void => void seen.push(here());
      world.pool.on("connection", listener);
      world.pool.on("acquire", listener);
      await world.in(0, () => world.pool.promise().query("select 1"));
      world.pool.removeListener("connection", listener);
      world.pool.removeListener("acquire", listener);
      expect(new Set(seen)).toEqual(new Set(["none"]));
    });

    it("what a callback throws is thrown where nobody else is", async () => {
      const thrown = new Promise<Error>((resolve) => {
        process.once("uncaughtException", resolve);
      });
      const listeners = process.listeners("uncaughtException").slice(0, -1);
      for (const listener of listeners) process.removeListener("uncaughtException", listener);
      await world.in(1, () => {
        world.pool.query("select nonsense", () => {
          throw new Error("mine");
        });
      });
      expect((await thrown).message).toBe("mine");
      for (const listener of listeners) process.on("uncaughtException", listener);
      // The connection lives on.
      await world.in(1, () => world.pool.promise().query("select 1"));
    });
  },
);

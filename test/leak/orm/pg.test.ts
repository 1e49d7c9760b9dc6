import type pg from "pg";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";
import { pg as pgDriver } from "../../../src/drivers/pg/index.ts";
import { type Engine, POSTGRES } from "../../support/engines.ts";
import {
  itIsolatesOrm,
  type OrmJob,
  type OrmSubject,
  type OrmWorld,
  type OwnedRow,
} from "../../support/orm-isolation.ts";
import { describePeers, type Peers } from "../../support/peers.ts";

const READ = "select owner from books where id <= $1";
const JOIN = "select a.owner from authors a join books b on b.author_id = a.id where b.id = $1";

describePeers("the pool itself", "pg", (peers) => {
  itIsolatesOrm({ engine: engineWith(peers), open });
});

function engineWith(peers: Peers): Engine {
  return {
    ...POSTGRES,
    open: async () => {
      const database = await POSTGRES.open();
      const { default: own } = await peers.load<{ default: typeof pg }>("pg");
      return {
        ...database,
        driver: ({ max } = {}) =>
          pgDriver({ connectionString: database.url, max: max ?? 4, pg: own }),
      };
    },
  };
}

function open({ tenancy }: OrmWorld): OrmSubject {
  const pool = tenancy.pool as pg.Pool;
  const rowsOf = async (text: string, values?: unknown[]): Promise<OwnedRow[]> =>
    (await pool.query<OwnedRow>(text, values)).rows;
  return {
    kinds: {
      explicit: async ({ see, tenant }) => {
        const acme = await tenancy.tenant(tenant);
        see(...(await acme.query<OwnedRow>(READ, [3])).rows);
        see(...(await (acme.pool as pg.Pool).query<OwnedRow>(READ, [3])).rows);
      },
      nested: async (job) => transaction(job, true),
      prepared: async ({ see }) => {
        see(...(await pool.query<OwnedRow>({ name: "read", text: READ, values: [3] })).rows);
      },
      raw: async ({ see }) => see(...(await rowsOf("select owner from authors"))),
      read: async ({ see }) => see(...(await rowsOf(READ, [3]))),
      relations: async ({ see }) => see(...(await rowsOf(JOIN, [2]))),
      rollback: async ({ own, see }) => {
        const client = await pool.connect();
        try {
          await client.query("begin");
          await client.query("delete from books");
          await client.query("rollback");
          see(...(await client.query<OwnedRow>(READ, [3])).rows);
        } finally {
          client.release();
        }
        see({ owner: own });
      },
      stream: async ({ number, see }) => {
        const client = await pool.connect();
        try {
          if (number % 2 === 0) {
            const cursor = client.query(new Cursor<OwnedRow>(READ, [3]));
            see(...(await cursor.read(2)));
            await cursor.close();
          } else {
            for await (const row of client.query(new QueryStream(READ, [3]))) see(row as OwnedRow);
          }
        } finally {
          client.release();
        }
      },
      transaction: async (job) => transaction(job, false),
      write: async ({ own, see }) => {
        const insert = "insert into authors (owner, name) values ($1, 'Bob') returning owner";
        see(...(await rowsOf(insert, [own])));
      },
    },
  };

  async function transaction({ own, see }: OrmJob, isNested: boolean): Promise<void> {
    const client = await pool.connect();
    try {
      await client.query("begin");
      await client.query("insert into authors (owner, name) values ($1, 'Cid')", [own]);
      if (isNested) {
        await client.query("savepoint inner_one");
        await client.query("update books set title = 'Z' where id = 3");
        await client.query("rollback to inner_one");
      }
      see(...(await client.query<OwnedRow>(READ, [3])).rows);
      await client.query("commit");
    } finally {
      client.release();
    }
  }
}

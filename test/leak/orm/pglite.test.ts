import { pglite as pgliteDriver } from "../../../src/drivers/pglite/index.ts";
import type { TenantPglite } from "../../../src/drivers/pglite/index.ts";
import type { Engine } from "../../support/engines.ts";
import {
  itIsolatesOrm,
  type OrmSubject,
  type OrmWorld,
  type OwnedRow,
} from "../../support/orm-isolation.ts";
import { describePeers } from "../../support/peers.ts";
import { openPgliteEngine } from "../../support/pglite-engine.ts";

const READ = "select owner from books where id <= $1";
const JOIN = "select a.owner from authors a join books b on b.author_id = a.id where b.id = $1";

describePeers("the database itself", "@electric-sql/pglite", (peers) => {
  const engine: Engine = openPgliteEngine(peers, (db) => pgliteDriver({ db }));
  const gaps = {
    prepared: "every statement is one",
    stream: "answers come whole",
  };
  itIsolatesOrm({ engine, gaps, open });
});

function open({ tenancy }: OrmWorld): OrmSubject {
  const database = tenancy.pool as TenantPglite;
  const rowsOf = async (text: string, values: unknown[] = []): Promise<OwnedRow[]> =>
    (await database.query<OwnedRow>(text, values)).rows;
  return {
    kinds: {
      explicit: async ({ see, tenant }) => {
        const acme = await tenancy.tenant(tenant);
        see(...(await acme.query<OwnedRow>(READ, [3])).rows);
        see(...(await (acme.pool as TenantPglite).query<OwnedRow>(READ, [3])).rows);
      },
      nested: async ({ see }) => {
        await database.transaction(async (tx) => {
          await tx.query("savepoint inner_one");
          await tx.query("update books set title = 'Z' where id = 3");
          await tx.query("rollback to inner_one");
          see(...(await tx.query<OwnedRow>(READ, [3])).rows);
        });
      },
      raw: async ({ see }) => {
        const [result] = await database.exec("select owner from authors");
        see(...(result!.rows as unknown as OwnedRow[]));
      },
      read: async ({ see }) => see(...(await rowsOf(READ, [3]))),
      relations: async ({ see }) => see(...(await rowsOf(JOIN, [2]))),
      rollback: async ({ see }) => {
        const undo = new Error("undo");
        await database
          .transaction(async (tx) => {
            await tx.query("delete from books");
            throw undo;
          })
          .catch((error: unknown) => {
            if (error !== undo) throw error;
          });
        see(...(await rowsOf(READ, [3])));
      },
      transaction: async ({ own, see }) => {
        await database.transaction(async (tx) => {
          await tx.query("insert into authors (owner, name) values ($1, 'Cid')", [own]);
          see(...(await tx.query<OwnedRow>(READ, [3])).rows);
        });
      },
      write: async ({ own, see }) => {
        const insert = "insert into authors (owner, name) values ($1, 'Bob') returning owner";
        see(...(await rowsOf(insert, [own])));
      },
    },
  };
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type postgres from "postgres";
import { tenantSql, type TenantSql } from "../../../src/drivers/postgres-js/index.ts";
import { POSTGRES } from "../../support/engines.ts";
import {
  itIsolatesOrm,
  type OrmSubject,
  type OrmWorld,
  type OwnedRow,
} from "../../support/orm-isolation.ts";
import { describePeers } from "../../support/peers.ts";

type Own = OwnedRow & postgres.Row;

describePeers("the facade", "postgres", (peers) => {
  itIsolatesOrm({
    engine: POSTGRES,
    open: async ({ database, tenancy }: OrmWorld) => {
      const { default: own } = await peers.load<{ default: typeof postgres }>("postgres");
      const plain = own(database.url, { max: 4, onnotice: () => undefined });
      return subjectOf(tenantSql(tenancy, plain));
    },
  });
});

function subjectOf(sql: TenantSql<postgres.Sql>): OrmSubject {
  const folder = mkdtempSync(join(tmpdir(), "kirayedar-sql-"));
  writeFileSync(join(folder, "books.sql"), "select owner from books where id <= $1");
  const few = sql`id <= ${3}`;
  const books = (on: postgres.Sql | postgres.TransactionSql = sql) =>
    on<Own[]>`select owner from ${sql("books")} where ${few}`;
  const add = async (
    on: postgres.Sql | postgres.TransactionSql,
    owner: string,
    name: string,
  ): Promise<void> => {
    await on`insert into authors ${sql({ name, owner })}`;
  };
  return {
    close: async () => {
      await sql.end();
      rmSync(folder, { force: true, recursive: true });
    },
    kinds: {
      explicit: async ({ own, see, tenant }) => {
        const bound = await sql.forTenant(tenant);
        see(...(await books(bound)));
        await bound.begin(async (tx) => {
          await add(tx, own, "Eve");
          see(...(await books(tx)));
        });
        for await (const rows of bound<Own[]>`select owner from books`.cursor(2)) see(...rows);
      },
      nested: async ({ own, see }) => {
        await sql.begin(async (tx) => {
          await add(tx, own, "Dan");
          const inner = tx.savepoint(async (deeper) => {
            await deeper`update books set title = 'Z'`;
            throw new Error("as planned");
          });
          await asPlanned(inner);
          see(...(await tx<Own[]>`select owner from books where title <> 'Z' and ${few}`));
        });
      },
      prepared: async ({ number, see }) => {
        see(...(await sql<Own[]>`select owner from books where id <= ${3} and id > ${0}`));
        const { columns } = await sql`select owner from books where id = ${number}`.describe();
        if (columns[0]?.name !== "owner") throw new Error("nothing was described");
      },
      raw: async ({ see }) => {
        see(...(await sql.unsafe<Own[]>("select owner from books where id = $1", [2])));
        see(...(await sql.unsafe<Own[]>("select owner from authors")));
        see(...(await sql.file<Own[]>(join(folder, "books.sql"), [3])));
      },
      read: async ({ see }) => {
        see(...(await books()));
        const values = await sql<Own[]>`select owner from authors`.values();
        see(...values.map(([owner]) => ({ owner: String(owner) })));
      },
      relations: async ({ see }) => {
        const rows = await sql<{ owner: string; titled_by: string }[]>`
          select a.owner, b.owner as titled_by from authors a join books b on b.author_id = a.id`;
        see(...rows, ...rows.map(({ titled_by: owner }) => ({ owner })));
      },
      rollback: async ({ see }) => {
        const failed = sql.begin(async (tx) => {
          await tx`update books set title = 'Z'`;
          see(...(await books(tx)));
          throw new Error("as planned");
        });
        await asPlanned(failed);
        see(...(await sql<Own[]>`select owner from books where title <> 'Z'`));
      },
      stream: async ({ number, see }) => {
        const query = sql<Own[]>`select owner from books where id <= ${3}`;
        if (number % 3 === 0) await query.forEach((row) => see(row));
        else if (number % 3 === 1) await query.cursor(2, (rows) => see(...rows));
        else {
          for await (const rows of query.cursor(1)) {
            see(...rows);
            if (number % 4 === 0) break;
          }
        }
      },
      transaction: async ({ own, see }) => {
        const [made, rows] = await sql.begin("read write", (tx) => [
          tx<Own[]>`insert into authors (owner, name) values (${own}, 'Cid') returning owner`,
          books(tx),
        ]);
        see(...made, ...rows);
      },
      write: async ({ own, see }) => {
        await add(sql, own, "Bob");
        see(...(await sql<Own[]>`select owner from authors order by id desc limit 1`));
      },
    },
  };
}

async function asPlanned(failed: Promise<unknown>): Promise<void> {
  await failed.catch((error: Error) => {
    if (error.message !== "as planned") throw error;
  });
}

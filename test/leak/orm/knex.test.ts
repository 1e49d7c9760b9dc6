import createKnex, { type Knex } from "knex";
import type { Pool as MysqlPool } from "mysql2";
import type { Pool } from "pg";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { tenantKnex, type TenantKnex } from "../../../src/integrations/orm/knex/index.ts";
import { MYSQL2, POSTGRES } from "../../support/engines.ts";
import {
  itIsolatesOrm,
  type OrmSubject,
  type OrmWorld,
  type OwnedRow,
} from "../../support/orm-isolation.ts";
import { describeMysqlPeers, describePeers } from "../../support/peers.ts";

/** Knex prints what it throws too. */
const QUIET = { warn: () => undefined };

// The oldest version that is supported is the newest that there is.
describePeers("client pg", "knex", () => itIsolatesOrm({ engine: POSTGRES, open: openPg }), [
  "newest",
]);
describeMysqlPeers(
  "client mysql2",
  "knex",
  () => itIsolatesOrm({ engine: MYSQL2, open: openMysql }),
  ["newest"],
);

function openPg({ tenancy }: OrmWorld): OrmSubject {
  return subjectOf(
    tenantKnex(tenancy as Tenancy<Pool>, (connectionPool) =>
      createKnex({ client: "pg", connectionPool, log: QUIET }),
    ),
  );
}

function openMysql({ tenancy }: OrmWorld): OrmSubject {
  return subjectOf(
    tenantKnex(tenancy as Tenancy<MysqlPool>, (connectionPool) =>
      createKnex({
        client: "mysql2",
        connectionPool: connectionPool as unknown as Knex.MySQLPoolLike,
        log: QUIET,
      }),
    ),
  );
}

function subjectOf({ forTenant, knex }: TenantKnex<Knex>): OrmSubject {
  const books = (on: Knex = knex) => on<OwnedRow>("books").select("owner").where("id", "<=", 3);
  const add = async (on: Knex, owner: string, name: string): Promise<void> => {
    await on("authors").insert({ name, owner });
  };
  const rowsOf = (answer: unknown): OwnedRow[] =>
    (Array.isArray(answer) ? answer[0] : (answer as { rows: unknown }).rows) as OwnedRow[];
  const rawBooks = "select owner from books where id = ?";
  return {
    close: async () => {
      await knex.destroy();
    },
    kinds: {
      explicit: async ({ own, see, tenant }) => {
        const bound = await forTenant(tenant);
        see(...(await books(bound)));
        see(...rowsOf(await bound.raw(rawBooks, [2])));
        await bound.transaction(async (trx) => {
          await add(trx, own, "Eve");
          see(...(await books(trx)));
        });
        for await (const row of books(bound).stream()) see(row as OwnedRow);
      },
      nested: async ({ own, see }) => {
        await knex.transaction(async (trx) => {
          await add(trx, own, "Dan");
          const inner = trx.transaction(async (deeper) => {
            await deeper("books").update({ title: "Z" });
            throw new Error("as planned");
          });
          await asPlanned(inner);
          see(...(await books(trx).where("title", "<>", "Z")));
        });
      },
      prepared: async ({ see }) => see(...(await books().options({ name: "books_of" }))),
      raw: async ({ see }) => see(...rowsOf(await knex.raw(rawBooks, [2]))),
      read: async ({ see }) => see(...(await books())),
      relations: async ({ see }) => {
        const rows: { readonly owner: string; readonly titled_by: string }[] = await knex("authors")
          .join("books", "books.author_id", "authors.id")
          .select("authors.owner", "books.owner as titled_by");
        see(...rows, ...rows.map(({ titled_by: owner }) => ({ owner })));
      },
      rollback: async ({ see }) => {
        const failed = knex.transaction(async (trx) => {
          await trx("books").update({ title: "Z" });
          see(...(await books(trx)));
          throw new Error("as planned");
        });
        await asPlanned(failed);
        see(...(await books().where("title", "<>", "Z")));
      },
      // Knex releases the connection of a stream twice, which gave it to two tenants without a lease.
      stream: async ({ number, see }) => {
        if (number % 3 === 0) {
          await books().stream((rows) => {
            rows.on("data", see);
          });
          return;
        }
        for await (const row of books().stream()) {
          see(row as OwnedRow);
          if (number % 4 === 0) break;
        }
      },
      transaction: async ({ own, see }) => {
        const trx = await knex.transaction();
        await add(trx, own, "Cid");
        see(...(await books(trx)));
        await trx.commit();
      },
      write: async ({ own, see }) => {
        await add(knex, own, "Bob");
        see(...(await books()));
      },
    },
  };
}

async function asPlanned(failed: Promise<unknown>): Promise<void> {
  await failed.catch((error: Error) => {
    if (error.message !== "as planned") throw error;
  });
}

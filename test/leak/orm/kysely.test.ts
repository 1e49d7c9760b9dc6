import type * as KyselyModule from "kysely";
import type { Generated, Kysely } from "kysely";
import type { Pool as MysqlPool } from "mysql2";
import type { Pool } from "pg";
import Cursor from "pg-cursor";
import { tenantKysely, type TenantKysely } from "../../../src/integrations/orm/kysely/index.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { MYSQL2, POSTGRES } from "../../support/engines.ts";
import { itIsolatesOrm, type OrmJob, type OrmSubject } from "../../support/orm-isolation.ts";
import { describeMysqlPeers, describePeers } from "../../support/peers.ts";

interface Database {
  readonly authors: { readonly id: Generated<number>; readonly name: string; owner: string };
  readonly books: {
    readonly author_id: number;
    readonly id: Generated<number>;
    readonly owner: string;
    readonly title: string;
  };
}

describePeers("PostgresDialect", "kysely", (peers) => {
  itIsolatesOrm({
    engine: POSTGRES,
    open: async ({ tenancy }) => {
      const kysely = await peers.load<typeof KyselyModule>("kysely");
      const subject = tenantKysely(tenancy as Tenancy<Pool>, (pool) => {
        const dialect = new kysely.PostgresDialect({ cursor: Cursor, pool });
        return new kysely.Kysely<Database>({ dialect });
      });
      return subjectOf(kysely, subject);
    },
  });
});

describeMysqlPeers("MysqlDialect", "kysely", (peers) => {
  itIsolatesOrm({
    engine: MYSQL2,
    open: async ({ tenancy }) => {
      const kysely = await peers.load<typeof KyselyModule>("kysely");
      const subject = tenantKysely(tenancy as Tenancy<MysqlPool>, (pool) => {
        return new kysely.Kysely<Database>({ dialect: new kysely.MysqlDialect({ pool }) });
      });
      return subjectOf(kysely, subject);
    },
  });
});

function subjectOf(
  { sql }: typeof KyselyModule,
  { db, forTenant }: TenantKysely<Kysely<Database>>,
): OrmSubject {
  const books = (on: Kysely<Database> = db) => on.selectFrom("books").select("owner");
  const add = (on: Kysely<Database>, owner: string, name: string) =>
    on.insertInto("authors").values({ name, owner }).execute();
  // Made outside every scope; a compiled query holds no tenant.
  const prepared = books().where("id", "<=", 3).compile();
  return {
    close: () => db.destroy(),
    kinds: {
      explicit: async ({ own, see, tenant }) => {
        const bound = await forTenant(tenant);
        see(...(await books(bound).where("id", "<=", 3).execute()));
        see(...(await sql<{ owner: string }>`select owner from books`.execute(bound)).rows);
        await bound.transaction().execute(async (trx) => {
          await add(trx, own, "Eve");
          see(...(await books(trx).execute()));
        });
        for await (const row of books(bound).stream()) see(row);
      },
      nested: async ({ own, see }) => {
        const trx = await db.startTransaction().execute();
        await add(trx, own, "Dan");
        const inner = await trx.savepoint("inner_one").execute();
        await inner.deleteFrom("books").execute();
        await inner.rollbackToSavepoint("inner_one").execute();
        see(...(await books(trx).execute()));
        await trx.commit().execute();
      },
      prepared: async ({ see }) => see(...(await db.executeQuery(prepared)).rows),
      raw: async ({ see }) => {
        see(
          ...(await sql<{ owner: string }>`select owner from books where id = ${2}`.execute(db))
            .rows,
        );
      },
      read: async ({ see }) => see(...(await books().where("id", "<=", 3).execute())),
      relations: async (job) => relations(db, job),
      rollback: async ({ see }) => {
        const failed = db.transaction().execute(async (trx) => {
          await trx.updateTable("books").set({ title: "Z" }).execute();
          see(...(await books(trx).execute()));
          throw new Error("as planned");
        });
        await failed.catch((error: Error) => {
          if (error.message !== "as planned") throw error;
        });
        see(...(await books().where("title", "<>", "Z").execute()));
      },
      stream: async ({ number, see }) => {
        for await (const row of books().stream(2)) {
          see(row);
          if (number % 4 === 0) break;
        }
      },
      transaction: async ({ own, see }) => {
        await db.transaction().execute(async (trx) => {
          await add(trx, own, "Cid");
          see(...(await books(trx).execute()));
        });
      },
      write: async ({ own, see }) => {
        await add(db, own, "Bob");
        await db.connection().execute(async (one) => see(...(await books(one).execute())));
      },
    },
  };
}

async function relations(db: Kysely<Database>, { see }: OrmJob): Promise<void> {
  const rows = await db
    .with("titles", (on) => on.selectFrom("books").select(["author_id", "owner as titled_by"]))
    .selectFrom("authors")
    .innerJoin("titles", "titles.author_id", "authors.id")
    .select(["authors.owner", "titled_by"])
    .execute();
  see(...rows, ...rows.map(({ titled_by: owner }) => ({ owner })));
}

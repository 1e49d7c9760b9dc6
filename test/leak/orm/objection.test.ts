import createKnex, { type Knex } from "knex";
import type { Pool as MysqlPool } from "mysql2";
import type * as ObjectionModule from "objection";
import type { Pool } from "pg";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { tenantKnex, type TenantKnex } from "../../../src/integrations/orm/knex/index.ts";
import { MYSQL2, POSTGRES } from "../../support/engines.ts";
import { itIsolatesOrm, type OrmSubject, type OwnedRow } from "../../support/orm-isolation.ts";
import {
  type AuthorRecord,
  type Models,
  objectionModels,
} from "../../support/orm/objection-models.ts";
import { describeMysqlPeers, describePeers } from "../../support/peers.ts";

/** Knex prints what it throws too. */
const QUIET = { warn: () => undefined };
const GAPS = { prepared: "Objection prepares nothing; see Knex" };

describePeers("on Knex, client pg", "objection", (peers) => {
  itIsolatesOrm({
    engine: POSTGRES,
    gaps: GAPS,
    open: async ({ tenancy }) => {
      const objection = await peers.load<typeof ObjectionModule>("objection");
      const subject = tenantKnex(tenancy as Tenancy<Pool>, (connectionPool) =>
        createKnex({ client: "pg", connectionPool, log: QUIET }),
      );
      return subjectOf(objectionModels(objection, tenancy), subject);
    },
  });
});

describeMysqlPeers("on Knex, client mysql2", "objection", (peers) => {
  itIsolatesOrm({
    engine: MYSQL2,
    gaps: GAPS,
    open: async ({ tenancy }) => {
      const objection = await peers.load<typeof ObjectionModule>("objection");
      const subject = tenantKnex(tenancy as Tenancy<MysqlPool>, (pool) => {
        const connectionPool = pool as unknown as Knex.MySQLPoolLike;
        return createKnex({ client: "mysql2", connectionPool, log: QUIET });
      });
      return subjectOf(objectionModels(objection, tenancy), subject);
    },
  });
});

function subjectOf({ Author, Book }: Models, { forTenant, knex }: TenantKnex<Knex>): OrmSubject {
  Author.knex(knex);
  Book.knex(knex);
  const graphOf = (author: AuthorRecord | undefined): OwnedRow[] => [
    ...(author === undefined ? [] : [author]),
    ...(author?.books ?? []),
  ];
  return {
    close: async () => {
      await knex.destroy();
    },
    kinds: {
      explicit: async ({ own, see, tenant }) => {
        const bound = await forTenant(tenant);
        see(...(await Book.query(bound).where("id", "<=", 3)));
        const authors = await Author.bindKnex(bound).query().withGraphFetched("books").findById(1);
        see(...graphOf(authors));
        await Author.bindKnex(bound).transaction(async (trx) => {
          see(await Author.query(trx).insertAndFetch({ name: "Eve", owner: own }));
        });
      },
      nested: async ({ own, see }) => {
        await Book.transaction(async (trx) => {
          const author = await Author.query(trx).insert({ name: "Dan", owner: own });
          const inner = trx.transaction(async (deeper) => {
            await author.$query(deeper).patch({ name: "Z" });
            throw new Error("as planned");
          });
          await asPlanned(inner);
          see(await author.$query(trx), ...(await Book.query(trx).where("id", "<=", 3)));
        });
      },
      raw: async ({ see }) => {
        const title = Book.raw("?", ["A"]);
        see(...(await Book.query().whereRaw("id <= ?", [3]).where("title", "<>", title)));
      },
      read: async ({ see }) => {
        see(...(await Book.query().where("id", "<=", 3)));
        const page = await Book.query().page(0, 2).orderBy("id");
        see(...page.results);
      },
      relations: async ({ see }) => {
        see(...graphOf(await Author.query().findById(1).withGraphFetched("books")));
        see(...graphOf(await Author.query().findById(1).withGraphJoined("books")));
        const book = await Book.query().findById(2).throwIfNotFound();
        see(await book.$relatedQuery("author").first());
      },
      rollback: async ({ own, see }) => {
        const failed = Author.transaction(async (trx) => {
          await Author.query(trx).insert({ name: "Gone", owner: own });
          throw new Error("as planned");
        });
        await asPlanned(failed);
        see(await Author.query().findById(1));
      },
      stream: async ({ see }) => {
        const books = Book.query().where("id", "<=", 3).toKnexQuery<OwnedRow>();
        for await (const row of books.stream()) see(row as OwnedRow);
      },
      transaction: async ({ own, see }) => {
        await Author.transaction(async (trx) => {
          const books = [{ owner: own, title: "D" }];
          const made = await Author.query(trx).insertGraph({ books, name: "Cid", owner: own });
          see(...graphOf(made));
          see(...graphOf(await made.$fetchGraph("books", { transaction: trx })));
        });
      },
      write: async ({ own, see }) => {
        const author = await Author.query().insert({ name: "Bob", owner: own });
        await author.$query().patch({ name: "Rob" });
        const books = [{ owner: own, title: "E" }];
        await Author.query().upsertGraph({ books, id: author.id, name: "Rob" });
        see(...graphOf(await Author.query().findById(author.id).withGraphFetched("books")));
        await Book.query().delete().where({ author_id: author.id });
        await author.$query().delete();
      },
    },
  };
}

async function asPlanned(failed: Promise<unknown>): Promise<void> {
  await failed.catch((error: Error) => {
    if (error.message !== "as planned") throw error;
  });
}

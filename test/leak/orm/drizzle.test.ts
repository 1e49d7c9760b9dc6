import { describe, inject } from "vitest";
import { pglite as pgliteDriver } from "../../../src/drivers/pglite/index.ts";
import { tenantDrizzle, tenantTables } from "../../../src/integrations/orm/drizzle/index.ts";
import {
  describeDrizzle,
  drizzleForMysql,
  drizzleForPostgres,
  type DrizzleKit,
  mysql2For,
  postgresFor,
  type ShopDb,
  type ShopTables,
} from "../../support/drizzle.ts";
import {
  itIsolatesOrm,
  type OrmJob,
  type OrmSubject,
  type OrmWorld,
  type OwnedRow,
} from "../../support/orm-isolation.ts";
import { openPgliteEngine } from "../../support/pglite-engine.ts";

const NO_STREAM = { stream: "only on MySQL" };

describeDrizzle("node-postgres", (line) => {
  itIsolatesOrm({
    engine: postgresFor(line),
    gaps: NO_STREAM,
    open: async (world) => open(world, await drizzleForPostgres(line)),
  });
});

describeDrizzle(
  "PGlite",
  (line) => {
    itIsolatesOrm({
      engine: openPgliteEngine(line.peers, (db) => pgliteDriver({ db })),
      gaps: NO_STREAM,
      open: async (world) => open(world, await drizzleForPostgres(line, "pglite")),
    });
  },
  ["0.45", "1.0"],
);

describe.skipIf(inject("mysql") === undefined)("on MySQL or MariaDB", () => {
  describeDrizzle("mysql2", (line) => {
    itIsolatesOrm({
      engine: mysql2For(line),
      // Relational queries of the 1.0 line join laterally, which MariaDB cannot.
      open: async (world) => open(world, await drizzleForMysql(line), line.isOne),
    });
  });
});

function open(
  { database, tenancy }: OrmWorld,
  { define, make, orm, schemaOf }: DrizzleKit,
  isWithoutRelations = false,
): OrmSubject {
  const isMysql = database.url.startsWith("mysql");
  const { asc, eq, lte, sql } = orm;
  const tables = tenantTables(schemaOf, define);
  const { db, forTenant } = tenantDrizzle(tenancy, (client, own) => make({ client, tables: own }), {
    tables,
  });
  const { authors, books } = db.$tables;
  const readOf = (from: Pick<ShopDb, "select">, tables: ShopTables): Promise<OwnedRow[]> =>
    from.select().from(tables.books).where(lte(tables.books.id, 3));
  const relatedOf = async (from: ShopDb): Promise<OwnedRow[]> => {
    if (isWithoutRelations) return [(await from.query.authors.findFirst())!];
    const found = await from.query.authors.findFirst({ with: { books: true } });
    return [found!, ...found!.books];
  };
  // Made in no scope, and executed in each.
  const prepared = db
    .select()
    .from(books)
    .where(lte(books.id, sql.placeholder("newest")))
    .prepare("read_books");
  const add = async (to: Pick<ShopDb, "insert" | "select">, own: string): Promise<OwnedRow[]> => {
    const insert = to.insert(authors).values({ name: "Bob", owner: own });
    if (!isMysql) return insert.returning();
    const [{ id }] = (await (insert as unknown as WithIds).$returningId()) as [{ id: number }];
    return to.select().from(authors).where(eq(authors.id, id));
  };

  return {
    kinds: {
      explicit: async ({ number, own, see, tenant }) => {
        const acme = await forTenant(tenant);
        const { $tables } = acme;
        see(...(await readOf(acme, $tables)));
        if (number % 2 === 0) see(...(await relatedOf(acme)));
        else see(...(await readOf(acme, db.$tables)));
        await acme.transaction(async (tx) => {
          await tx.insert($tables.authors).values({ name: "Dan", owner: own });
          see(...(await readOf(tx, $tables)));
        });
      },
      nested: async (job) => transaction(job, true),
      prepared: async ({ see }) => see(...(await prepared.execute({ newest: 3 }))),
      raw: async ({ see }) => {
        const result: unknown = await db.execute(sql`select owner from authors`);
        see(...(isMysql ? (result as [OwnedRow[]])[0] : (result as { rows: OwnedRow[] }).rows));
      },
      read: async ({ number, see }) => {
        if (number % 2 === 0) return see(...(await readOf(db, db.$tables)));
        const few = db.$with("few").as(db.select().from(books).where(lte(books.id, 2)));
        see(...(await db.with(few).select().from(few).orderBy(asc(few.id))));
      },
      relations: async ({ number, see }) => {
        if (number % 2 === 0) return see(...(await relatedOf(db)));
        const on = eq(books.authorId, authors.id);
        const rows = await db.select().from(authors).innerJoin(books, on).where(lte(books.id, 3));
        see(...rows.flatMap((row) => [row.authors, row.books]));
      },
      rollback: async ({ see }) => {
        await db
          .transaction(async (tx) => {
            await tx.delete(books);
            tx.rollback();
          })
          .catch((error: unknown) => {
            if (!(error instanceof orm.TransactionRollbackError)) throw error;
          });
        see(...(await readOf(db, db.$tables)));
      },
      ...(isMysql && {
        stream: async ({ number, see }: OrmJob) => {
          const rows = db.select().from(books).where(lte(books.id, 3)) as unknown as WithIterator;
          for await (const row of rows.iterator()) {
            see(row);
            // What is left of it must not be read by the connection's next holder.
            if (number % 4 === 0) break;
          }
        },
      }),
      transaction: async (job) => transaction(job, false),
      write: async ({ own, see }) => see(...(await add(db, own))),
    },
  };

  async function transaction({ own, see }: OrmJob, isNested: boolean): Promise<void> {
    await db.transaction(async (tx) => {
      see(...(await add(tx, own)));
      if (isNested) {
        const undone = tx.transaction(async (inner) => {
          await inner.update(books).set({ title: "Z" }).where(eq(books.id, 3));
          inner.rollback();
        });
        await undone.catch(() => undefined);
      }
      const both = await Promise.all([readOf(tx, db.$tables), tx.query.authors.findFirst()]);
      see(...both[0], both[1]);
    });
  }
}

interface WithIds {
  $returningId(): Promise<unknown>;
}

interface WithIterator {
  iterator(): AsyncIterable<OwnedRow>;
}

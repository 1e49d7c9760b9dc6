import { describe } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import {
  itIsolatesOrm,
  type OrmJob,
  type OrmSubject,
  type OrmWorld,
} from "../../support/orm-isolation.ts";
import { describePeers, type Peers } from "../../support/peers.ts";
import { type Book, openTypeorm, TYPEORM_ENGINES } from "../../support/orm/typeorm.ts";

describe("TypeORM", () => {
  describeEngines(
    "over",
    (engine) => {
      describePeers("isolation", "typeorm", (peers) => {
        itIsolatesOrm({
          engine,
          gaps: { prepared: "TypeORM prepares no statements" },
          open: (world) => open(peers, world),
        });
      });
    },
    TYPEORM_ENGINES,
  );
});

async function open(peers: Peers, { database, tenancy }: OrmWorld): Promise<OrmSubject> {
  const { AuthorSchema, BookSchema, dataSource, forTenant } = await openTypeorm(peers, tenancy);
  const books = dataSource.getRepository(BookSchema);
  const upTo = database.url.startsWith("postgres") ? "$1" : "?";
  return {
    close: () => dataSource.destroy(),
    kinds: {
      explicit: async ({ number, own, see, tenant }) => {
        const manager = await forTenant(tenant);
        if (number % 4 < 2) {
          see(...(await manager.find(BookSchema, { order: { id: "asc" }, take: 3 })));
          see(...(await manager.query("select owner from authors")));
        } else {
          await manager.transaction(async (inner) => {
            see(await inner.save(AuthorSchema, { name: "Eve", owner: own }));
            const [author] = await inner.find(AuthorSchema, { relations: { books: true } });
            see(author, ...author!.books!);
          });
        }
      },
      nested: (job) => transaction(job, true),
      raw: async ({ see }) => see(...(await dataSource.query("select owner from authors"))),
      read: async ({ see }) => see(...(await books.find())),
      relations: async ({ number, see }) => {
        const relationLoadStrategy = number % 2 === 0 ? "join" : "query";
        const found = await books.find({ relationLoadStrategy, relations: { author: true } });
        see(...found, ...found.map(({ author }) => author));
      },
      rollback: async ({ own, see }) => {
        const failure = new Error("rolled back");
        await dataSource
          .transaction(async (manager) => {
            await manager.save(BookSchema, { author_id: 1, owner: own, title: "gone" });
            throw failure;
          })
          .catch((error: unknown) => {
            if (error !== failure) throw error;
          });
        see(...(await books.findBy({ title: "A" })));
      },
      stream: async ({ see }) => {
        const stream = await books.createQueryBuilder("book").where("book.id <= 3").stream();
        for await (const row of stream as AsyncIterable<{ book_owner: string }>) {
          see({ owner: row.book_owner });
        }
      },
      transaction: (job) => transaction(job, false),
      write: async ({ own, see }) => {
        const book = await books.save({ author: { id: 1 }, owner: own, title: "new" } as Book);
        await books.update({ id: book.id }, { title: "changed" });
        await books.increment({ id: book.id }, "author_id", 0);
        see(await books.findOneByOrFail({ id: book.id }));
      },
    },
  };

  async function transaction({ own, see }: OrmJob, isNested: boolean): Promise<void> {
    await dataSource.transaction(async (manager) => {
      await manager.insert(AuthorSchema, { name: "Cid", owner: own });
      if (isNested) {
        await manager.transaction(async (inner) => {
          const runner = inner.queryRunner!;
          await inner.update(BookSchema, { id: 3 }, { title: "Z" });
          see(...(await inner.findBy(BookSchema, { title: "Z" })));
          await runner.query(`update books set title = 'C' where id = ${upTo}`, [3]);
        });
      }
      see(...(await manager.createQueryBuilder(BookSchema, "b").where("b.id <= 3").getMany()));
    });
  }
}

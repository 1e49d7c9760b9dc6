import { describe } from "vitest";
import { describeEngines, MYSQL2, POSTGRES } from "../../support/engines.ts";
import {
  itIsolatesOrm,
  type OrmJob,
  type OrmSubject,
  type OrmWorld,
  type OwnedRow,
} from "../../support/orm-isolation.ts";
import { type DriverPackage, openMikroOrm } from "../../support/orm/mikro-orm.ts";
import { describePeers, PEER_SETS, type Peers, type PeerSet } from "../../support/peers.ts";

/** Of those for MySQL the oldest and the newest, which is MariaDB's: it is made of the other. */
const PACKAGES: readonly (readonly [name: DriverPackage, sets: readonly PeerSet[]])[] = [
  ["postgresql", PEER_SETS],
  ["mysql", ["oldest"]],
  ["mariadb", ["newest"]],
];

describe.each(PACKAGES)("MikroORM for %s", (name, sets) => {
  describeEngines(
    "over",
    (engine) => {
      const suite = (peers: Peers): void => {
        itIsolatesOrm({
          engine,
          gaps: { prepared: "MikroORM writes values into the text, and prepares nothing" },
          open: (world) => open(peers, world, name),
        });
      };
      describePeers("isolation", "@mikro-orm/core", suite, sets);
    },
    [name === "postgresql" ? POSTGRES : MYSQL2],
  );
});

async function open(peers: Peers, { tenancy }: OrmWorld, name: DriverPackage): Promise<OrmSubject> {
  const mikroOrm = await openMikroOrm(peers, tenancy, name);
  const { AuthorSchema, BookSchema, em, orm } = mikroOrm;
  const first = { id: { $lte: 3 } };
  return {
    close: () => orm.close(),
    kinds: {
      explicit: async ({ number, own, see, tenant }) => {
        const bound = await mikroOrm.forTenant(tenant);
        if (number % 4 < 2) {
          const books = await bound.find(BookSchema, first, { populate: ["author"] });
          see(...books, ...books.map(({ author }) => author.unwrap()));
          see(...(await bound.execute<OwnedRow[]>("select owner from authors where id <= 5")));
          return;
        }
        await bound.transactional(async (inner) => {
          const author = inner.create(AuthorSchema, { name: "Eve", owner: own });
          await inner.flush();
          see(await inner.refreshOrFail(author));
        });
        for await (const book of bound.stream(BookSchema, { where: first })) see(book);
        see(...(await bound.createQueryBuilder(BookSchema).where(first).getResult()));
      },
      nested: (job) => transaction(job, true),
      raw: async ({ see }) =>
        see(...(await em.execute<OwnedRow[]>("select owner from authors where id <= 5"))),
      read: async ({ number, see }) => {
        see(...(await em.find(BookSchema, first)));
        see(...(await em.createQueryBuilder(BookSchema, "b").where(first).getResult()));
        if (number % 2 === 0) see(await em.fork().findOneOrFail(BookSchema, 1));
      },
      relations: async ({ number, see }) => {
        const strategy = number % 2 === 0 ? "joined" : "select-in";
        const books = await em.find(BookSchema, first, { populate: ["author"], strategy });
        see(...books, ...books.map(({ author }) => author.unwrap()));
        const author = await em.findOneOrFail(AuthorSchema, { id: 1 });
        see(author, ...(await author.books.loadItems()));
        see(await em.fork().getReference(BookSchema, 2, { wrapped: true }).load());
      },
      rollback: async ({ own, see }) => {
        const failure = new Error("rolled back");
        await em
          .transactional(async (inner) => {
            inner.create(BookSchema, { author: 1 as never, owner: own, title: "gone" });
            await inner.flush();
            throw failure;
          })
          .catch((error: unknown) => {
            if (error !== failure) throw error;
          });
        see(...(await em.find(BookSchema, first)));
      },
      stream: async ({ see }) => {
        for await (const book of em.stream(BookSchema, { where: first })) see(book);
      },
      transaction: (job) => transaction(job, false),
      write: async ({ own, see }) => {
        const author = em.create(AuthorSchema, { name: "Bob", owner: own });
        em.create(BookSchema, { author, owner: own, title: "new" });
        await em.flush();
        author.name = "Bobby";
        await em.flush();
        const [found] = await em.fork().find(AuthorSchema, author.id, { populate: ["books"] });
        see(found, ...found!.books);
      },
    },
  };

  async function transaction({ own, see }: OrmJob, isNested: boolean): Promise<void> {
    await em.transactional(async () => {
      em.create(AuthorSchema, { name: "Cid", owner: own });
      if (isNested) {
        await em.transactional(async (inner) => {
          const book = await inner.findOneOrFail(BookSchema, 3);
          book.title = "Z";
          await inner.flush();
          see(book);
        });
      }
      see(...(await em.find(BookSchema, first)));
    });
  }
}

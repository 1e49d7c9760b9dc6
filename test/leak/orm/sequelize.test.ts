import type { Tenancy } from "../../../src/core/tenancy.ts";
import { MYSQL2, POSTGRES } from "../../support/engines.ts";
import { itIsolatesOrm, type OrmKind, type OrmSubject } from "../../support/orm-isolation.ts";
import { describeMysqlPeers, describePeers } from "../../support/peers.ts";
import { type SequelizeSubject, wire } from "../../integration/orm/sequelize/sequelize-world.ts";

const GAPS: Partial<Record<OrmKind, string>> = { stream: "Sequelize 6 has no streams" };

describePeers("postgres", "sequelize", (peers) => {
  itIsolatesOrm({
    engine: POSTGRES,
    gaps: GAPS,
    open: async ({ tenancy }) => subjectOf(tenancy, await wire(tenancy, peers, POSTGRES)),
  });
});

describeMysqlPeers("mysql", "sequelize", (peers) => {
  itIsolatesOrm({
    engine: MYSQL2,
    gaps: GAPS,
    open: async ({ tenancy }) => subjectOf(tenancy, await wire(tenancy, peers, MYSQL2)),
  });
});

function subjectOf(tenancy: Tenancy, subject: SequelizeSubject): OrmSubject {
  const { Author, Book, forTenant, sequelize } = subject;
  const { Op, QueryTypes } = subject.module;
  const few = { where: { id: { [Op.lte]: 3 } } };
  const raw = async (sql: string, options: object = {}): Promise<{ owner: string }[]> =>
    await sequelize.query<{ owner: string }>(sql, { type: QueryTypes.SELECT, ...options });
  return {
    close: () => sequelize.close(),
    kinds: {
      explicit: async ({ own, see, tenant }) => {
        const acme = await forTenant(tenant);
        const author = await acme
          .model(Author)
          .findByPk(1, { include: { as: "books", model: Book } });
        see(author, ...(author?.books ?? []));
        see(
          ...(await acme.sequelize.query<{ owner: string }>(
            "select owner from books where id = 1",
            {
              type: QueryTypes.SELECT,
            },
          )),
        );
        await acme.sequelize.transaction(async (transaction) => {
          see(await Author.create({ name: "Dot", owner: own }, { transaction }));
        });
        const [book] = await acme.run(() => author?.getBooks() ?? []);
        see(book);
      },
      nested: async ({ own, see }) => {
        await sequelize.transaction(async (transaction) => {
          await Author.create({ name: "Cid", owner: own }, { transaction });
          const inner = sequelize.transaction({ transaction }, async (nested) => {
            await Book.update({ title: "Z" }, { transaction: nested, where: { id: 3 } });
            throw new Error("undo");
          });
          await inner.catch(() => undefined);
          see(...(await Book.findAll({ ...few, transaction })));
        });
      },
      prepared: async ({ see }) => {
        see(...(await raw("select owner from books where id <= $1", { bind: [3] })));
      },
      raw: async ({ see }) => {
        see(...(await raw("select owner from authors")));
        see(...(await raw("select owner from books where id <= :id", { replacements: { id: 3 } })));
      },
      read: async ({ number, see }) => {
        if (number % 2 === 0) see(...(await Book.findAll(few)));
        else see(await Book.findByPk(1), await Author.findOne({ where: { name: "Ann" } }));
      },
      relations: async ({ number, see }) => {
        const books = { as: "books", model: Book, separate: number % 2 === 0 };
        const author = await Author.findByPk(1, { include: [books] });
        see(author, ...(author?.books ?? []));
        see(...((await author?.getBooks()) ?? []));
        const book = await Book.findByPk(2, { include: [{ as: "author", model: Author }] });
        see(book?.author);
      },
      rollback: async ({ own, see }) => {
        const failed = sequelize.transaction(async (transaction) => {
          await Book.destroy({ transaction, where: {} });
          throw new Error("undo");
        });
        await failed.catch((error: Error) => {
          if (error.message !== "undo") throw error;
        });
        see({ owner: own }, ...(await Book.findAll(few)));
      },
      transaction: async ({ own, see }) => {
        const transaction = await sequelize.transaction();
        const made = await Author.create({ name: "Cid", owner: own }, { transaction });
        see(await Author.findByPk(made.id, { transaction }));
        see(...(await raw("select owner from authors", { transaction })));
        await transaction.commit();
      },
      write: async ({ own, see }) => {
        const author = await Author.create({ name: "Bob", owner: own });
        const book = await author.createBook({ owner: own, title: "D" });
        await book.update({ title: "E" });
        see(author, await book.reload());
        await Author.bulkCreate([{ name: "Eve", owner: own }]);
        const found = await tenancy.query<{ owner: string }>(
          "select owner from books where id = 1",
        );
        see(...found.rows);
      },
    },
  };
}

import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantOf } from "../../../../src/core/records.ts";
import { POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describePeers } from "../../../support/peers.ts";
import {
  type AuthorRecord,
  type BookRecord,
  type SequelizeSubject,
  wire,
} from "./sequelize-world.ts";

describePeers("records of Sequelize", "sequelize", (peers) => {
  let world: OrmWorld;
  let subject: SequelizeSubject;

  beforeAll(async () => {
    world = await openOrmWorld(POSTGRES);
    subject = await wire(world.tenancy, peers, POSTGRES);
  });
  afterAll(() => closeOrmWorld(world));

  const inOne = <T>(fn: () => T | PromiseLike<T>): Promise<Awaited<T>> =>
    world.tenancy.withTenant("one", fn);
  const inTwo = <T>(fn: () => T | PromiseLike<T>): Promise<Awaited<T>> =>
    world.tenancy.withTenant("two", fn);
  const author = (): Promise<AuthorRecord> =>
    inOne(() => subject.Author.findByPk(1, { include: "books", rejectOnEmpty: true }));
  const book = (id = 1): Promise<BookRecord> =>
    inOne(() => subject.Book.findByPk(id, { rejectOnEmpty: true }));

  it("are related where they were checked, though the scope changes before the query is sent", async () => {
    const { Author, Book } = subject;
    const [one, other] = [await author(), await book(2)];
    const inTwoBefore = await inTwo(() => Book.findAll({ order: ["id"], raw: true }));
    let isBefore = (): void => undefined;
    const hook = new Promise<void>((resolve) => (isBefore = resolve));
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    Book.addHook("beforeBulkUpdate", "slow", async () => {
      isBefore();
      await gate;
    });
    const somebody = await inTwo(() => Author.create({ name: "Zoe", owner: "tenant_two" }));
    const stranger = await inOne(() => Author.create({ name: "Ida", owner: "tenant_one" }));
    await inOne(async () => {
      const added = stranger.addBook(other);
      await hook;
      await world.tenancy.putTenant("two");
      goOn();
      await added;
    });
    Book.removeHook("beforeBulkUpdate", "slow");
    expect(await inTwo(() => Book.findAll({ order: ["id"], raw: true }))).toEqual(inTwoBefore);
    expect((await book(2)).author_id).toBe(stranger.id);
    await inOne(() => one.addBook(other));
    await inTwo(() => somebody.destroy());
  });

  it("belong to the tenant that they were asked of, though the scope changes before they arrive", async () => {
    const { Author, Book } = subject;
    const found = await inOne(async () => {
      const asked = Author.findAll({
        include: [{ as: "books", model: Book, separate: true }],
        where: { id: 1 },
      });
      await world.tenancy.putTenant("two");
      return await asked;
    });
    const books = found.flatMap((one) => one.books ?? []);
    expect(books.length).toBeGreaterThan(0);
    const all = [...found, ...books];
    expect(new Set(all.map(({ owner }) => owner))).toEqual(new Set(["tenant_one"]));
    expect(new Set(all.map((one) => tenantOf(one)?.slug))).toEqual(new Set(["one"]));
  });

  it("know their tenant however they were read or written", async () => {
    const { Author, Book, sequelize } = subject;
    const records = await inOne(async () => {
      const [made] = await Author.findOrCreate({
        defaults: { name: "Fay", owner: "tenant_one" },
        where: { name: "Fay" },
      });
      const [upserted] = await Author.upsert({ id: 1, name: "Ann", owner: "tenant_one" });
      const one = await author();
      return [
        made,
        upserted,
        one,
        ...(one.books ?? []),
        ...(await one.getBooks()),
        await Author.findOne({ hooks: false, rejectOnEmpty: true } as object),
        await Author.scope().findOne({ rejectOnEmpty: true }),
        await Author.create({ name: "Gus", owner: "tenant_one" }),
        ...(await Author.bulkCreate([{ name: "Hal", owner: "tenant_one" }])),
        ...(await Book.findAll({ include: [{ all: true }] })).map((found) => found.author),
        ...(await sequelize.query("select * from authors limit 1", {
          mapToModel: true,
          model: Author,
        })),
      ];
    });
    expect(records.length).toBeGreaterThan(14);
    expect(new Set(records.map((record) => record && tenantOf(record)?.slug))).toEqual(
      new Set(["one"]),
    );
    expect(tenantOf(Author.build({ name: "New", owner: "" }))).toBeUndefined();
    const global = await world.tenancy.scopeGlobal(() => Author.findOne({ rejectOnEmpty: true }));
    expect(tenantOf(global)).toBeNull();
  });

  const writes: Record<string, (record: BookRecord) => Promise<unknown>> = {
    destroyed: (record) => record.destroy(),
    "destroyed without hooks": (record) => record.destroy({ hooks: false }),
    incremented: (record) => record.increment("author_id"),
    reloaded: (record) => record.reload(),
    saved: (record) => record.save(),
    "saved after a change": (record) => record.set({ title: "Q" }).save({ hooks: false }),
    updated: (record) => record.update({ title: "Q" }),
  };
  it.each(Object.entries(writes))(
    "are refused when they are %s in another tenant",
    async (_, write) => {
      const record = await book(2);
      await expect(inTwo(() => write(record))).rejects.toMatchObject({ code: "WRONG_TENANT" });
      const found = await inTwo(() => subject.Book.findByPk(2, { rejectOnEmpty: true }));
      expect(found.get()).toMatchObject({ author_id: 1, title: "B" });
    },
  );

  it("may be saved again and again in their own", async () => {
    const record = await book(3);
    await inOne(async () => {
      await record.update({ title: "Y" });
      await record.increment("author_id", { by: 0 });
      await (await record.reload()).update({ title: "C" });
    });
    expect((await book(3)).title).toBe("C");
  });

  it("are refused in another tenant's relations, on either side", async () => {
    const [one, own] = [await author(), await book()];
    const other = await inTwo(() => subject.Author.findByPk(1, { rejectOnEmpty: true }));
    const attempts: (() => Promise<unknown>)[] = [
      () => one.getBooks(),
      () => one.addBook(own),
      () => other.addBook(own),
      () => one.createBook({ owner: "tenant_two", title: "X" }),
    ];
    for (const attempt of attempts) {
      await expect(inTwo(attempt)).rejects.toMatchObject({ code: "WRONG_TENANT" });
    }
    expect(await inTwo(() => subject.Book.count())).toBe(3);
  });

  it("are refused in a transaction of another tenant, without an ambient scope too", async () => {
    const record = await book();
    const transaction = await inTwo(() => subject.sequelize.transaction());
    await expect(record.update({ title: "Q" }, { transaction })).rejects.toMatchObject({
      code: "WRONG_TENANT",
    });
    await transaction.rollback();
  });

  it("are refused in relations in a transaction of another tenant, without an ambient scope too", async () => {
    const [one, own] = [await author(), await book()];
    const transaction = await inTwo(() => subject.sequelize.transaction());
    const options = { transaction };
    const attempts: (() => Promise<unknown>)[] = [
      () => one.getBooks(options),
      () => one.addBook(own, options),
      () => one.countBooks(options),
      () => one.hasBook(own, options),
      () => one.removeBook(own, options),
      () => one.setBooks([own], options),
      () => one.createBook({ owner: "tenant_two", title: "X" }, options),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({ code: "WRONG_TENANT" });
    }
    expect(await subject.Book.count(options)).toBe(3);
    await transaction.rollback();
  });

  it("are refused in the global scope, and those of the global scope in a tenant", async () => {
    const own = await book();
    const { Author, sequelize } = subject;
    const scopeGlobal = <T>(fn: () => Promise<T>) => world.tenancy.scopeGlobal(fn);
    const global = await scopeGlobal(() => Author.findOne({ rejectOnEmpty: true }));
    const transaction = await scopeGlobal(() => sequelize.transaction());
    const attempts: (() => Promise<unknown>)[] = [
      () => scopeGlobal(() => own.update({ title: "Q" })),
      () => inOne(() => global.update({ name: "Q" })),
      () => inOne(() => global.addBook(own)),
      () => inOne(() => Author.findAll({ transaction })),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({ code: "WRONG_TENANT" });
    }
    await transaction.rollback();
  });

  it("belong to the tenant whose bound model has built them", async () => {
    const Bound = (await subject.forTenant("one")).model(subject.Author);
    const values = { name: "Ivy", owner: "tenant_one" };
    const New = Bound as unknown as new (given: object) => AuthorRecord;
    const built = [new New(values), Bound.build(values), ...Bound.bulkBuild([values])];
    for (const record of built) {
      expect(tenantOf(record)?.slug).toBe("one");
      await expect(inTwo(() => record.save())).rejects.toMatchObject({ code: "WRONG_TENANT" });
    }
    const found = await Bound.findByPk(1, { rejectOnEmpty: true });
    await expect(inTwo(() => found.save())).rejects.toMatchObject({ code: "WRONG_TENANT" });
    await expect(found.update({ name: "Q" })).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
  });

  it("are watched in models that are defined later", async () => {
    const { DataTypes } = subject.module;
    const Later = subject.sequelize.define(
      "Later",
      { name: DataTypes.STRING },
      { tableName: "authors", timestamps: false },
    );
    const found = await inOne(() => Later.findByPk(1, { rejectOnEmpty: true }));
    await expect(inTwo(() => found.update({ name: "Q" }))).rejects.toMatchObject({
      code: "WRONG_TENANT",
    });
  });
});

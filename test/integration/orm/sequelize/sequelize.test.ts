import { afterAll, beforeAll, expect, it } from "vitest";
import { inWords, MYSQL2, POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describeMysqlPeers, describePeers, type Peers } from "../../../support/peers.ts";
import { type SequelizeSubject, wire } from "./sequelize-world.ts";

describePeers("on postgres", "sequelize", (peers) => {
  const { inTenant, subject, world } = itFollowsTheScope(peers, POSTGRES);

  it("reads `public` where `Model.schema` is used with an include, and not without it", async () => {
    const { Author, Book } = subject();
    await inTenant("one", async () => {
      const include = { as: "books", model: Book };
      const trap = await Author.schema("tenant_one").findByPk(1, { include });
      const right = await Author.findByPk(1, { include });
      // The search path has no `public`, so that even the trap finds what is the tenant's.
      expect(trap?.books?.map(({ owner }) => owner)).toEqual(Array(3).fill("tenant_one"));
      expect(right?.books?.map(({ owner }) => owner)).toEqual(Array(3).fill("tenant_one"));
    });
  });

  it("does not drop the schemas of all tenants", async () => {
    const query = subject().sequelize.getQueryInterface();
    await expect(inTenant("one", () => query.dropAllSchemas())).rejects.toMatchObject({
      code: "INVALID_CONFIG",
    });
  });

  it("reads arrays of enumerations, which are another type in each tenant", async () => {
    const { sequelize } = subject();
    const { DataTypes } = subject().module;
    const Mood = sequelize.define(
      "Mood",
      { all: DataTypes.ARRAY(DataTypes.ENUM("calm", "glad")), at: DataTypes.DATE },
      { timestamps: false },
    );
    for (const slug of ["one", "two"]) {
      await inTenant(slug, () =>
        world().tenancy.query(`create type "enum_Moods_all" as enum ('calm', 'glad')`),
      );
      await inTenant(slug, () => Mood.sync());
      await inTenant(slug, () => Mood.create({ all: ["glad", "calm"], at: new Date(0) }));
    }
    for (const slug of ["one", "two"]) {
      const found = await inTenant(slug, () => Mood.findOne({ rejectOnEmpty: true }));
      expect(found.get()).toMatchObject({ all: ["glad", "calm"], at: new Date(0) });
    }
  });
});

describeMysqlPeers(
  "on mysql",
  "sequelize",
  (peers) => {
    const { inTenant, subject } = itFollowsTheScope(peers, MYSQL2);

    it("reads dates and large numbers as Sequelize's own connections do", async () => {
      const { sequelize } = subject();
      const { DataTypes } = subject().module;
      const Reading = sequelize.define(
        "Reading",
        { at: DataTypes.DATE(3), large: DataTypes.BIGINT, some: DataTypes.JSON },
        { timestamps: false },
      );
      const values = { at: new Date(1_700_000_000_123), large: "9007199254740993", some: { a: 1 } };
      await inTenant("one", () => Reading.sync());
      await inTenant("one", () => Reading.create(values));
      const found = await inTenant("one", () => Reading.findOne({ rejectOnEmpty: true }));
      expect(found.get()).toMatchObject({ at: values.at, large: values.large });
    });
  },
  ["newest"],
);

interface Given {
  readonly inTenant: <T>(slug: string, fn: () => T | PromiseLike<T>) => Promise<Awaited<T>>;
  readonly subject: () => SequelizeSubject;
  readonly world: () => OrmWorld;
}

function itFollowsTheScope(peers: Peers, engine: typeof POSTGRES): Given {
  let world: OrmWorld;
  let subject: SequelizeSubject;
  const inTenant: Given["inTenant"] = (slug, fn) => world.tenancy.withTenant(slug, fn);

  beforeAll(async () => {
    world = await openOrmWorld(engine);
    subject = await wire(world.tenancy, peers, engine);
  });
  afterAll(() => closeOrmWorld(world));

  const schemaOf = (slug: string): string =>
    world.tenants.find((tenant) => tenant.slug === slug)?.schemaName ?? "";

  it("makes and changes tables in the scope's schema", async () => {
    const { sequelize } = subject;
    const { DataTypes } = subject.module;
    const Tag = sequelize.define("Tag", { label: DataTypes.STRING }, { timestamps: false });
    await inTenant("one", () => Tag.sync());
    const query = sequelize.getQueryInterface();
    await inTenant("one", () =>
      query.addColumn("Tags", "note", { comment: "what it is for", type: DataTypes.STRING }),
    );
    await inTenant("one", () => query.changeColumn("Tags", "note", { type: DataTypes.TEXT }));
    await inTenant("one", () => Tag.sync({ alter: true }));
    expect(await inTenant("one", () => query.tableExists("Tags"))).toBe(true);
    expect(await inTenant("two", () => query.tableExists("Tags"))).toBe(false);
    expect(Object.keys(await inTenant("one", () => query.describeTable("Tags")))).toContain(
      "label",
    );
    const tables = await inTenant("two", () => query.showAllTables());
    expect(JSON.stringify(tables)).toMatch(/authors/);
    expect(JSON.stringify(tables)).not.toMatch(/Tags/);
    await inTenant("one", () => Tag.create({ label: "red" }));
    expect(await inTenant("one", () => Tag.count())).toBe(1);
    await expect(inTenant("two", () => Tag.count())).rejects.toThrow(/Tags/);
    await inTenant("one", () => query.dropTable("Tags"));
  });

  it("changes a table of the scope, not the global one of its name", async () => {
    const { sequelize } = subject;
    const { DataTypes } = subject.module;
    const query = sequelize.getQueryInterface();
    const columnsIn = async (slug: string): Promise<string[]> =>
      Object.keys(await inTenant(slug, () => query.describeTable("authors")));
    await inTenant("one", () => query.addColumn("authors", "extra", DataTypes.STRING));
    expect(await columnsIn("one")).toContain("extra");
    expect(await columnsIn("two")).not.toContain("extra");
    const global = await world.tenancy.scopeGlobal(() => query.describeTable("authors"));
    expect(Object.keys(global)).not.toContain("extra");
    await inTenant("one", () => query.removeColumn("authors", "extra"));
    expect(await columnsIn("one")).not.toContain("extra");
  });

  it("syncs tables that every tenant has, and drops those of the scope alone", async () => {
    const { sequelize } = await wire(world.tenancy, peers, engine);
    const query = sequelize.getQueryInterface();
    const count = (slug: string): Promise<number> => inTenant(slug, () => subject.Author.count());
    await inTenant("five", async () => {
      const references = await query.getForeignKeyReferencesForTable("books");
      expect(references).toHaveLength(1);
      await sequelize.sync({ alter: true });
      await sequelize.sync({ alter: true });
      await sequelize.sync({ force: true });
      await query.addColumn("authors", "mood", { type: subject.module.DataTypes.ENUM("x", "y") });
      const { mood } = await query.describeTable("authors");
      expect(mood).toMatchObject({ allowNull: true });
      const indexes = (await query.showIndex("authors")) as unknown[];
      expect(indexes).toHaveLength(1);
    });
    expect([await count("five"), await count("four")]).toEqual([0, 1]);
    expect(await world.tenancy.scopeGlobal(() => subject.Author.count())).toBe(1);
  });

  it("keeps no schema in a model that is defined, or synced, in a scope", async () => {
    const { DataTypes } = subject.module;
    const Late = await inTenant("one", () =>
      subject.sequelize.define(
        "Late",
        { owner: DataTypes.STRING },
        {
          tableName: "authors",
          timestamps: false,
        },
      ),
    );
    const found = await inTenant("two", () => Late.findOne({ rejectOnEmpty: true }));
    expect(found.get("owner")).toBe(schemaOf("two"));
  });

  it("refuses to sync without a scope", async () => {
    await expect(subject.sequelize.sync()).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
  });

  it("reads the global schema in the global scope", async () => {
    const found = await world.tenancy.scopeGlobal(() => subject.Author.findByPk(1));
    expect(found?.owner).toBe("GLOBAL");
  });

  it("binds itself to one tenant, whatever the ambient scope is", async () => {
    const { Author, Book, forTenant, module } = subject;
    const one = await forTenant("one");
    const see = async (): Promise<unknown[]> => {
      const author = await one.model(Author).findByPk(1, { include: "books" });
      const [raw] = await one.sequelize.query<{ at: string }>(
        inWords(engine, {
          mysql: "select database() as at",
          postgres: "select current_schema() as at",
        }),
        { type: module.QueryTypes.SELECT },
      );
      const models = one.sequelize.models as Record<string, typeof Book>;
      return [
        author?.owner,
        author?.books?.length,
        raw?.at,
        (await models["Book"]?.findOne())?.owner,
        (await one.model(Book).unscoped().findOne())?.owner,
        await one.sequelize.transaction(async (transaction) => {
          return (await Book.findOne({ transaction }))?.owner;
        }),
        (await one.run(() => author?.getBooks()))?.length,
      ];
    };
    const own = schemaOf("one");
    const expected = [own, 3, own, own, own, own, 3];
    expect(await see()).toEqual(expected);
    expect(await inTenant("two", see)).toEqual(expected);
    expect(one.tenant.slug).toBe("one");
    await expect(forTenant("nobody")).rejects.toMatchObject({ code: "TENANT_NOT_FOUND" });
  });

  it("forgets what a raw query leaves in the session", async () => {
    const { module, sequelize } = subject;
    const leave = inWords(engine, {
      mysql: "set @secret = 'one'",
      postgres: "set application_name = 'secret one'",
    });
    const look = inWords(engine, {
      mysql: "select coalesce(@secret, '') as left_behind",
      postgres: "select current_setting('application_name') as left_behind",
    });
    await inTenant("one", () =>
      Promise.all(Array.from({ length: 8 }, () => sequelize.query(leave))),
    );
    const found = await inTenant("two", () =>
      Promise.all(
        Array.from({ length: 8 }, () => sequelize.query(look, { type: module.QueryTypes.SELECT })),
      ),
    );
    expect(JSON.stringify(found)).not.toContain("one");
  });

  return { inTenant, subject: () => subject, world: () => world };
}

import { AsyncLocalStorage } from "node:async_hooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantOf } from "../../../../src/core/records.ts";
import { inWords, MYSQL2, POSTGRES } from "../../../support/engines.ts";
import { closeOrmWorld, openOrmWorld, type OrmWorld } from "../../../support/orm-isolation.ts";
import { describeMysqlPeers, describePeers, type Peers } from "../../../support/peers.ts";
import { type SequelizeSubject, wire } from "./sequelize-world.ts";

describePeers("transactions on postgres", "sequelize", (peers) =>
  itKeepsTransactions(peers, POSTGRES),
);
describeMysqlPeers(
  "transactions on mysql",
  "sequelize",
  (peers) => itKeepsTransactions(peers, MYSQL2),
  ["newest"],
);

function itKeepsTransactions(peers: Peers, engine: typeof POSTGRES): void {
  let world: OrmWorld;
  let subject: SequelizeSubject;

  beforeAll(async () => {
    world = await openOrmWorld(engine);
    subject = await wire(world.tenancy, peers, engine);
  });
  afterAll(() => closeOrmWorld(world));

  const ownerOf = (slug: string): string =>
    world.tenants.find((tenant) => tenant.slug === slug)?.schemaName ?? "";
  const count = (slug: string, name: string): Promise<number> =>
    world.tenancy.withTenant(slug, () => subject.Author.count({ where: { name } }));

  it("refuses a transaction in another tenant's scope", async () => {
    const { Author, sequelize } = subject;
    await world.tenancy.withTenant("one", () =>
      sequelize.transaction(async (transaction) => {
        await Author.create({ name: "Ida", owner: ownerOf("one") }, { transaction });
        const across = world.tenancy.withTenant("two", () =>
          Author.create({ name: "Ida", owner: ownerOf("two") }, { transaction }),
        );
        await expect(across).rejects.toMatchObject({ code: "WRONG_TENANT" });
      }),
    );
    expect([await count("one", "Ida"), await count("two", "Ida")]).toEqual([1, 0]);
  });

  it("refuses the transaction that `Sequelize.useCLS` finds in another tenant's scope", async () => {
    const storage = new AsyncLocalStorage<Map<string, unknown>>();
    // The part of `cls-hooked` that Sequelize calls.
    const namespace = {
      bind: (fn: () => unknown) => fn,
      get: (key: string) => storage.getStore()?.get(key),
      run: (fn: (store: unknown) => unknown) => storage.run(new Map(storage.getStore()), fn, {}),
      set: (key: string, value: unknown) => storage.getStore()?.set(key, value),
    };
    const { Author, sequelize } = subject;
    const { Sequelize } = subject.module;
    const other = await world.tenancy.withTenant("two", () =>
      Author.findByPk(1, { rejectOnEmpty: true }),
    );
    Sequelize.useCLS(namespace);
    try {
      await world.tenancy.withTenant("one", () =>
        sequelize.transaction(async () => {
          await Author.create({ name: "Jon", owner: ownerOf("one") });
          const across = world.tenancy.withTenant("two", () =>
            Author.create({ name: "Jon", owner: ownerOf("two") }),
          );
          await expect(across).rejects.toMatchObject({ code: "WRONG_TENANT" });
          // Its own tenant's, where no scope is in force.
          await world.tenancy.scope(async () => {
            await expect(other.getBooks()).rejects.toMatchObject({ code: "WRONG_TENANT" });
            const made = await Author.create({ name: "Kay", owner: ownerOf("one") });
            expect(tenantOf(made)?.slug).toBe("one");
          });
        }),
      );
      expect([await count("one", "Jon"), await count("two", "Jon")]).toEqual([1, 0]);
    } finally {
      Reflect.deleteProperty(Sequelize, "_cls");
    }
  });

  it("commits and rolls back from any scope, and from none", async () => {
    const { Author, sequelize } = subject;
    for (const end of ["commit", "rollback"] as const) {
      const transaction = await world.tenancy.withTenant("one", () => sequelize.transaction());
      await Author.create({ name: `K${end}`, owner: ownerOf("one") }, { transaction });
      await world.tenancy.withTenant("two", () => transaction[end]());
      expect(await count("one", `K${end}`)).toBe(end === "commit" ? 1 : 0);
    }
  });

  it("gives every connection back, also when queries fail", async () => {
    const { Author, sequelize } = subject;
    const { DatabaseError } = subject.module;
    // More than the pool has connections.
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await world.tenancy.withTenant("one", async () => {
        await expect(sequelize.query("select * from nowhere")).rejects.toThrow(DatabaseError);
        const failing = sequelize.transaction(async (transaction) => {
          await sequelize.query("select * from nowhere", { transaction });
        });
        await expect(failing).rejects.toThrow(DatabaseError);
        const refused = Author.findAll({ logging: () => fail() });
        await expect(refused).rejects.toThrow("logged");
      });
      await expect(Author.findAll()).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    }
    expect(await count("one", "Ann")).toBe(1);
  });

  it("retries in the same tenant", async () => {
    const { sequelize } = subject;
    const { QueryTypes } = subject.module;
    let tries = 0;
    const where = inWords(engine, { mysql: "database()", postgres: "current_schema()" });
    const logging = (): void => {
      tries += 1;
      if (tries < 3) throw new Error("try again");
    };
    const rows = await world.tenancy.withTenant("two", () =>
      sequelize.query<{ at: string }>(`select ${where} as at`, {
        logging,
        retry: { match: [/try again/], max: 5 },
        type: QueryTypes.SELECT,
      }),
    );
    expect([tries > 2, rows]).toEqual([true, [{ at: ownerOf("two") }]]);
  });

  it("takes isolation levels, and leaves none behind", async () => {
    const { Author, sequelize } = subject;
    const { Transaction } = subject.module;
    const found = await world.tenancy.withTenant("one", () =>
      sequelize.transaction(
        { isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE },
        (transaction) => Author.findByPk(1, { lock: true, transaction }),
      ),
    );
    expect(found?.owner).toBe(ownerOf("one"));
  });
}

function fail(): never {
  throw new Error("logged");
}

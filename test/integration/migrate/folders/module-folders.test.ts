import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as kyselyModule from "kysely";
import type { Knex } from "knex";
import { Pool } from "pg";
import type typeormModule from "typeorm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MigrationFolder } from "../../../../src/core/migration-folder.ts";
import {
  knexFolder,
  type KnexPeer,
  kyselyFolder,
  mikroOrmFolder,
  typeormFolder,
  type TypeormPeer,
} from "../../../../src/migrate/folders/index.ts";
import {
  describeEngines,
  type Engine,
  inWords,
  MYSQL2,
  POSTGRES,
} from "../../../support/engines.ts";
import { PEER_SETS, type Peers, type PeerSet, peersOf } from "../../../support/peers.ts";
import { createWorld, type World } from "../../lifecycle/world.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

interface Tool {
  readonly name: "knex" | "kysely" | "mikro-orm" | "typeorm";
  readonly tables: readonly string[];
  /** What is in it once all is applied. */
  readonly rows: Readonly<Record<string, number>>;
  folder(peers: Peers, engine: Engine): Promise<MigrationFolder>;
}

const TOOLS: readonly Tool[] = [
  {
    folder: async (peers) => {
      const { default: knex } = await peers.load<{ default: KnexPeer }>("knex");
      return knexFolder(fixture("knex"), { knex });
    },
    name: "knex",
    rows: { notes: 1, users: 1 },
    tables: ["notes", "users"],
  },
  {
    folder: async (peers) => {
      const kysely = await peers.load<typeof kyselyModule>("kysely");
      return kyselyFolder(fixture("kysely"), { kysely });
    },
    name: "kysely",
    rows: { notes: 1, users: 1 },
    tables: ["notes", "users"],
  },
  {
    folder: async (peers, engine) => {
      const typeorm = await peers.load<{ default: TypeormPeer }>("typeorm");
      const name = inWords(engine, { mysql: "typeorm-mysql", postgres: "typeorm" });
      return typeormFolder(fixture(name), { typeorm: typeorm.default });
    },
    name: "typeorm",
    rows: { notes: 1, users: 1 },
    tables: ["notes", "users"],
  },
  {
    folder: async (_peers, engine) =>
      mikroOrmFolder(fixture(inWords(engine, { mysql: "mikro-orm-mysql", postgres: "mikro-orm" }))),
    name: "mikro-orm",
    rows: { notes: 1, users: 1 },
    tables: ["notes", "users"],
  },
];

describeEngines(
  "folders of modules",
  (engine) => {
    let world: World;
    afterEach(() => world.close());

    // The files of MikroORM import what is installed beside them. The other engine says nothing new.
    const setsOf = ({ name }: Tool): readonly PeerSet[] =>
      name === "mikro-orm" || engine.family === "mysql" ? ["newest"] : PEER_SETS;
    const cases = TOOLS.flatMap((tool) =>
      setsOf(tool).map((set) => ({ name: tool.name, set, tool })),
    );
    it.each(cases)("$name ($set): go up and down, in each tenant alone", async ({ set, tool }) => {
      const tenant = await tool.folder(peersOf(set), engine);
      world = await createWorld({ migrations: { global: [], tenant } }, engine);
      const { tenancy } = world;
      await world.run("create table users (decoy int); create table notes (decoy int)");
      // One as it is made, the other one by one.
      await tenancy.create("acme");
      await tenancy.create("globex", { migrate: false });
      const { counts, failed } = await tenancy.migrateAll();
      expect([counts.changed, failed]).toEqual([1, []]);
      for (const slug of ["acme", "globex"]) {
        const handle = await tenancy.tenant(slug);
        for (const [table, expected] of Object.entries(tool.rows)) {
          const { rows } = await handle.query(`select count(*) as n from ${table}`);
          expect(Number(rows[0]?.["n"]), `${slug}.${table}`).toBe(expected);
        }
        expect((await handle.query("select mood from users")).rows).toHaveLength(1);
      }
      const undone = await tenancy.rollback("acme", { all: true });
      expect(undone.versions).toHaveLength(3);
      await expect((await tenancy.tenant("acme")).query("select * from users")).rejects.toThrow();
      expect(
        (await (await tenancy.tenant("globex")).query("select id from users")).rows,
      ).toHaveLength(1);
      await tenancy.migrate("acme");
      const decoys = await world.admin.query<{ name: string }>(
        inWords(engine, {
          mysql: `select column_name as name from information_schema.columns where table_schema = '${world.globalSchema}' and table_name in ('users', 'notes')`,
          postgres:
            "select column_name as name from information_schema.columns where table_schema = 'public' and table_name in ('users', 'notes')",
        }),
      );
      expect(decoys.rows).toEqual([{ name: "decoy" }, { name: "decoy" }]);
    });
  },
  [POSTGRES, MYSQL2],
);

describeEngines(
  "an application that the tool itself has migrated",
  (engine) => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld({}, engine);
    });
    afterEach(() => world.close());

    it.each(PEER_SETS)("is adopted with Knex's history (%s)", async (set) => {
      const { default: knex } = await peersOf(set).load<{ default: KnexPeer }>("knex");
      const client = (knex as unknown as (config: Knex.Config) => Knex)({
        client: "pg",
        connection: world.url,
        migrations: { directory: fixture("knex"), loadExtensions: [".cjs", ".mjs", ".ts"] },
      });
      await client.migrate.up();
      await client.migrate.up();
      await client.destroy();
      const tenancy = world.another({
        migrations: { global: [], tenant: knexFolder(fixture("knex"), { knex }) },
      });
      expect(await adopt(tenancy, "knex_migrations")).toEqual(["20261121205853"]);
    });

    it.each(PEER_SETS)("is adopted with Kysely's history (%s)", async (set) => {
      const peers = peersOf(set);
      const kysely = await peers.load<typeof kyselyModule>("kysely");
      const { Migrator } = (await peers
        .load<{ Migrator: never }>("kysely/migration")
        .catch(() => kysely)) as unknown as {
        Migrator: new (config: object) => { migrateTo(name: string): Promise<{ error?: unknown }> };
      };
      const db = new kysely.Kysely({
        dialect: new kysely.PostgresDialect({ pool: new Pool({ connectionString: world.url }) }),
      });
      const folder = fixture("kysely");
      const provider = {
        getMigrations: async () => {
          const found: Record<string, unknown> = {};
          for (const file of await readdir(folder)) {
            found[file.replace(/\.\w+$/, "")] = await import(join(folder, file));
          }
          return found;
        },
      };
      const { error } = await new Migrator({ db, provider }).migrateTo("002_fill");
      expect(error).toBeUndefined();
      await db.destroy();
      const tenancy = world.another({
        migrations: { global: [], tenant: kyselyFolder(folder, { kysely }) },
      });
      expect(await adopt(tenancy, "kysely_migration")).toEqual(["003"]);
    });

    it.each(PEER_SETS)("is adopted with TypeORM's history (%s)", async (set) => {
      const { default: typeorm } = await peersOf(set).load<{ default: typeof typeormModule }>(
        "typeorm",
      );
      const source = new typeorm.DataSource({
        migrations: [`${fixture("typeorm")}/*.js`],
        type: "postgres",
        url: world.url,
      });
      await source.initialize();
      await source.runMigrations();
      await source.destroy();
      const tenant = typeormFolder(fixture("typeorm"), { typeorm });
      const tenancy = world.another({ migrations: { global: [], tenant } });
      expect(await adopt(tenancy, "migrations")).toEqual(["1767312000000", "1767398400000"]);
    });

    it("is adopted with MikroORM's history", async () => {
      const { MikroORM } = await import("@mikro-orm/postgresql");
      const { Migrator } = await import("@mikro-orm/migrations");
      const orm = await MikroORM.init({
        clientUrl: world.url,
        discovery: { warnWhenNoEntities: false },
        entities: [],
        extensions: [Migrator],
        migrations: { path: fixture("mikro-orm"), snapshot: false },
      } as never);
      await orm.migrator.up({ to: "Migration20260102000000_fill" });
      await orm.close();
      const tenant = mikroOrmFolder(fixture("mikro-orm"));
      const tenancy = world.another({ migrations: { global: [], tenant } });
      expect(await adopt(tenancy, "mikro_orm_migrations")).toEqual(["20260103000000"]);
    });

    /** Adopts what there is, and returns what was still to be applied. */
    const adopt = async (tenancy: World["tenancy"], table: string): Promise<readonly string[]> => {
      const options = { as: "acme", schema: world.globalSchema };
      const dry = await tenancy.adopt({ ...options, dryRun: true });
      expect(dry.adopted.filter(({ kind }) => kind === "table").map(({ name }) => name)).toEqual([
        "notes",
        "users",
      ]);
      expect(dry.left).toContainEqual({
        kind: "table",
        name: table,
        reason: "is the history of another tool",
      });
      const pending = dry.pending.map(({ version }) => version);
      const { tenant } = await tenancy.adopt(options);
      expect(tenant).toMatchObject({ state: "active" });
      expect((await tenancy.migrate("acme")).versions).toEqual(pending);
      await tenancy.create("globex");
      expect((await tenancy.healthCheck("acme")).healthy).toBe(true);
      const { rows } = await (await tenancy.tenant("acme")).query("select mood from users");
      expect(rows).toHaveLength(1);
      expect((await tenancy.diff()).groups).toEqual([]);
      await tenancy.drop("globex");
      expect(
        (await (await tenancy.tenant("acme")).query("select id from notes")).rows,
      ).toHaveLength(1);
      return pending;
    };
  },
  [POSTGRES],
);

describe("a folder of modules", () => {
  it("is refused without versions", async () => {
    const world = await createWorld({
      migrations: { global: [], tenant: kyselyFolder(fixture("knex"), { version: () => "x" }) },
    });
    await expect(world.tenancy.create("acme")).rejects.toMatchObject({ code: "MIGRATION_INVALID" });
    await world.close();
  });
});

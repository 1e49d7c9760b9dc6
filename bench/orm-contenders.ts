import { EntitySchema as MikroSchema } from "@mikro-orm/core";
import { MikroORM, type SqlEntityManager } from "@mikro-orm/postgresql";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import type { Tenancy } from "kirayedar";
import { tenantDrizzle } from "kirayedar/drizzle";
import { tenantKnex } from "kirayedar/knex";
import { tenantKysely } from "kirayedar/kysely";
import { tenantMikroOrm } from "kirayedar/mikro-orm";
import { tenantSequelize } from "kirayedar/sequelize";
import { tenantTypeorm } from "kirayedar/typeorm";
import createKnex from "knex";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { DataTypes, Sequelize } from "sequelize";
import { DataSource, EntitySchema } from "typeorm";

/** One note by its key, as an ORM returns it. */
export type FindNote = (id: number) => Promise<unknown>;

/** One ORM, opened twice with the same code: over a pool that knows no tenants, and over a tenancy. */
export interface OrmContender {
  readonly name: string;
  /** Opens it over one schema. */
  plain(pool: pg.Pool, connection: pg.PoolConfig): FindNote | Promise<FindNote>;
  /** Opens it over a tenancy. */
  tenants(tenancy: Tenancy<pg.Pool>): FindNote | Promise<FindNote>;
}

interface Note {
  id: number;
  owner: string;
  body: string | null;
}

/** Every ORM that is measured. */
export const ORMS: readonly OrmContender[] = [
  ormOf("drizzle", openDrizzle, (tenancy) => tenantDrizzle(tenancy, openDrizzle).db, findByDrizzle),
  ormOf(
    "kysely",
    openKysely,
    (tenancy) => tenantKysely(tenancy, openKysely).db,
    (db) => (id) => db.selectFrom("note").selectAll().where("id", "=", id).executeTakeFirst(),
  ),
  ormOf(
    "knex",
    openKnex,
    (tenancy) => tenantKnex(tenancy, openKnex).knex,
    (knex) => (id) => Promise.resolve(knex("note").where({ id }).first()),
  ),
  ormOf(
    "typeorm",
    openTypeorm,
    openTenantTypeorm,
    ({ manager }) =>
      (id) =>
        manager.findOneBy(TypeormNote, { id }),
  ),
  ormOf(
    "mikro-orm",
    openMikro,
    openTenantMikro,
    (em) => (id) => em.fork().findOne(MikroNote, { id }),
  ),
  ormOf("sequelize", openSequelize, openTenantSequelize, (sequelize) => {
    const model = defineNote(sequelize);
    return (id) => model.findByPk(id);
  }),
];

/** Says what is measured of an ORM: the same query on what either function has opened. */
function ormOf<Orm>(
  name: string,
  plain: (pool: pg.Pool, connection: pg.PoolConfig) => Orm | Promise<Orm>,
  tenants: (tenancy: Tenancy<pg.Pool>) => Orm | Promise<Orm>,
  find: (orm: Orm) => FindNote,
): OrmContender {
  return {
    name,
    plain: async (pool, connection) => find(await plain(pool, connection)),
    tenants: async (tenancy) => find(await tenants(tenancy)),
  };
}

const drizzleNote = pgTable("note", { body: text(), id: integer().primaryKey(), owner: text() });

function openDrizzle(pool: pg.Pool): ReturnType<typeof drizzle> {
  return drizzle({ client: pool });
}

function findByDrizzle(db: ReturnType<typeof drizzle>): FindNote {
  return async (id) => (await db.select().from(drizzleNote).where(eq(drizzleNote.id, id)))[0];
}

function openKysely(pool: pg.Pool): Kysely<{ note: Note }> {
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}

function openKnex(pool: pg.Pool): ReturnType<typeof createKnex> {
  return createKnex({ client: "pg", connectionPool: pool });
}

const TypeormNote = new EntitySchema<Note>({
  columns: {
    body: { nullable: true, type: "text" },
    id: { primary: true, type: "int" },
    owner: { type: "text" },
  },
  name: "note",
});

function makeDataSource(driver: object): DataSource {
  return new DataSource({ driver, entities: [TypeormNote], type: "postgres" });
}

async function openTypeorm(pool: pg.Pool): Promise<DataSource> {
  const Pool = function Pool() {
    return pool;
  };
  return await makeDataSource({ ...pg, Pool }).initialize();
}

async function openTenantTypeorm(tenancy: Tenancy<pg.Pool>): Promise<DataSource> {
  const { dataSource } = tenantTypeorm(tenancy, makeDataSource);
  return await dataSource.initialize();
}

const MikroNote = new MikroSchema<Note>({
  name: "Note",
  properties: {
    body: { nullable: true, type: "text" },
    id: { primary: true, type: "integer" },
    owner: { type: "text" },
  },
  tableName: "note",
});

function initMikro(driverOptions: object): Promise<MikroORM> {
  return MikroORM.init({
    dbName: "unused",
    driverOptions,
    ensureDatabase: false,
    entities: [MikroNote],
  });
}

function mikroDialect(pool: pg.Pool): PostgresDialect {
  return new PostgresDialect({ pool });
}

async function openMikro(pool: pg.Pool): Promise<SqlEntityManager> {
  return (await initMikro(mikroDialect(pool))).em;
}

async function openTenantMikro(tenancy: Tenancy<pg.Pool>): Promise<SqlEntityManager> {
  const { em } = await tenantMikroOrm(tenancy, { dialect: mikroDialect, init: initMikro });
  return em;
}

function openSequelize(_pool: pg.Pool, connection: pg.PoolConfig): Sequelize {
  const { database, host, max, options, password, port, user } = connection;
  return new Sequelize({
    database: database ?? "",
    dialect: "postgres",
    dialectOptions: { options },
    host: host ?? "",
    logging: false,
    password: String(password),
    pool: { max: max ?? 1 },
    port: port ?? 5432,
    username: user ?? "",
  });
}

function openTenantSequelize(tenancy: Tenancy<pg.Pool>): Sequelize {
  const make = (): Sequelize => new Sequelize({ dialect: "postgres", logging: false });
  return tenantSequelize(tenancy, make).sequelize;
}

function defineNote(sequelize: Sequelize): ReturnType<Sequelize["define"]> {
  return sequelize.define(
    "note",
    {
      body: DataTypes.TEXT,
      id: { primaryKey: true, type: DataTypes.INTEGER },
      owner: DataTypes.TEXT,
    },
    { tableName: "note", timestamps: false },
  );
}

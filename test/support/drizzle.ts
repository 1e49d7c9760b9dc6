import type * as orm from "drizzle-orm";
import type * as mysqlCore from "drizzle-orm/mysql-core";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type * as pgCore from "drizzle-orm/pg-core";
import type mysql2Module from "mysql2";
import type pgModule from "pg";
import { describe } from "vitest";
import { mysql2 as mysql2Driver } from "../../src/drivers/mysql2/index.ts";
import { pg as pgDriver } from "../../src/drivers/pg/index.ts";
import { type Engine, MYSQL2, POSTGRES } from "./engines.ts";
import { type Peers, peersOf } from "./peers.ts";

/** One line of Drizzle's releases, in one version. */
export interface DrizzleLine {
  /** Whether relational queries are of the 1.0 line. */
  readonly isOne: boolean;
  /** The versions of what it needs beside. */
  readonly peers: Peers;
  /** Imports a module of it, such as `"pg-core"`. */
  load<Module>(subpath?: string): Promise<Module>;
}

const LINES: Readonly<Record<"0.45" | "0.45.0" | "1.0", DrizzleLine>> = {
  "0.45": lineOf(peersOf("newest"), "drizzle-orm"),
  "0.45.0": lineOf(peersOf("oldest"), "drizzle-orm"),
  "1.0": lineOf(peersOf("newest"), "drizzle-orm-1"),
};

function lineOf(peers: Peers, packageName: string): DrizzleLine {
  return {
    isOne: packageName !== "drizzle-orm",
    load: (subpath) =>
      peers.load(subpath === undefined ? packageName : `${packageName}/${subpath}`),
    peers,
  };
}

/** Describes the same behaviour with several versions of Drizzle. */
export function describeDrizzle(
  name: string,
  fn: (line: DrizzleLine) => void,
  versions: readonly (keyof typeof LINES)[] = ["0.45", "0.45.0", "1.0"],
): void {
  for (const version of versions) {
    describe(`${name}, Drizzle ${version}`, () => {
      fn(LINES[version]);
    });
  }
}

/** The engine with the client library that this line of Drizzle finds: another copy of it is another class. */
export function postgresFor({ peers }: DrizzleLine): Engine {
  return {
    ...POSTGRES,
    open: async () => {
      const database = await POSTGRES.open();
      const { default: pg } = await peers.load<{ default: typeof pgModule }>("pg");
      return {
        ...database,
        driver: ({ max = 4 } = {}) => pgDriver({ connectionString: database.url, max, pg }),
      };
    },
  };
}

/** The same for `mysql2`. */
export function mysql2For({ peers }: DrizzleLine): Engine {
  return {
    ...MYSQL2,
    open: async () => {
      const database = await MYSQL2.open();
      const { default: mysql2 } = await peers.load<{ default: typeof mysql2Module }>("mysql2");
      return {
        ...database,
        driver: ({ max = 4 } = {}) =>
          mysql2Driver({ connectionLimit: max, mysql2, uri: database.url }),
      };
    },
  };
}

/** Makes a Drizzle database of one line, with relational queries over its own tables. */
export type MakeDrizzle = (options: {
  readonly cache?: unknown;
  readonly client: unknown;
  readonly tables: ShopTables;
}) => ShopDb;

/** The database as the tests see it: all lines and engines have what these types say. */
export type ShopDb = NodePgDatabase<ShopTables>;

/** Authors and their books, of whatever schema. */
export type ShopTables = ReturnType<ReturnType<typeof defineForPostgres>>;

/** What a test needs of one line on one engine. */
export interface DrizzleKit {
  readonly orm: typeof orm;
  readonly make: MakeDrizzle;
  /** `pgSchema` or `mysqlSchema`. */
  readonly schemaOf: (name: string) => unknown;
  /** Defines the tables of one schema, with their relations. */
  readonly define: (schema: unknown) => ShopTables;
}

/** Loads one line for PostgreSQL; `driver` is `"node-postgres"` or `"pglite"`. */
export async function drizzleForPostgres(
  line: DrizzleLine,
  driver: "node-postgres" | "pglite" = "node-postgres",
): Promise<DrizzleKit> {
  const core = await line.load<typeof pgCore>("pg-core");
  const own = await line.load<typeof orm>();
  return {
    define: defineForPostgres(line.isOne ? undefined : own, core) as DrizzleKit["define"],
    make: await makeWith(line, driver),
    orm: own,
    schemaOf: core.pgSchema,
  };
}

/** Loads one line for `mysql2`. */
export async function drizzleForMysql(line: DrizzleLine): Promise<DrizzleKit> {
  const core = await line.load<typeof mysqlCore>("mysql-core");
  const own = await line.load<typeof orm>();
  return {
    define: defineForMysql(line.isOne ? undefined : own, core) as unknown as DrizzleKit["define"],
    make: await makeWith(line, "mysql2"),
    orm: own,
    schemaOf: core.mysqlSchema,
  };
}

async function makeWith(line: DrizzleLine, driver: string): Promise<MakeDrizzle> {
  type Drizzle = (config: object) => ShopDb;
  const { drizzle } = await line.load<{ drizzle: Drizzle }>(driver);
  if (!line.isOne) {
    // The default mode asks for lateral joins, which MariaDB does not have.
    return ({ tables, ...config }) => drizzle({ ...config, mode: "planetscale", schema: tables });
  }
  const { defineRelations: define } = await line.load<{ defineRelations: DefineRelations }>();
  return ({ tables, ...config }) => {
    const relations = define(tables, ({ authors, books, many, one }) => ({
      authors: { books: many.books({ from: authors.id, to: books.authorId }) },
      books: { author: one.authors({ from: books.authorId, to: authors.id }) },
    }));
    return drizzle({ ...config, relations });
  };
}

/** `defineRelations` of the 1.0 line, as it is called here. */
type DefineRelations = (tables: object, define: (helpers: Helpers) => object) => object;

interface Helpers {
  readonly authors: { readonly id: unknown };
  readonly books: { readonly authorId: unknown };
  readonly many: { books(ends: object): object };
  readonly one: { authors(ends: object): object };
}

// The types are those of tables with relations; the 1.0 line defines relations apart from them.
function defineForPostgres(own: typeof orm | undefined, core: typeof pgCore) {
  return (schema: pgCore.PgSchema) => {
    const authors = schema.table("authors", {
      id: core.serial("id").primaryKey(),
      name: core.varchar("name", { length: 64 }).notNull(),
      owner: core.varchar("owner", { length: 64 }).notNull(),
    });
    const books = schema.table("books", {
      authorId: core.integer("author_id").notNull(),
      id: core.serial("id").primaryKey(),
      owner: core.varchar("owner", { length: 64 }).notNull(),
      title: core.varchar("title", { length: 64 }).notNull(),
    });
    return { authors, books, ...relationsOf(own, authors, books) };
  };
}

function relationsOf<A extends orm.Table, B extends orm.Table>(
  own: typeof orm | undefined,
  authors: A,
  books: B & { readonly authorId: orm.AnyColumn },
) {
  const make = (relations: typeof orm.relations) => ({
    authorsRelations: relations(authors, ({ many }) => ({ books: many(books) })),
    booksRelations: relations(books, ({ one }) => ({
      author: one(authors, {
        fields: [books.authorId as never],
        references: [(authors as unknown as { id: orm.AnyColumn }).id as never],
      }),
    })),
  });
  return own === undefined ? ({} as ReturnType<typeof make>) : make(own.relations);
}

function defineForMysql(own: typeof orm | undefined, core: typeof mysqlCore) {
  return (schema: mysqlCore.MySqlSchema) => {
    const authors = schema.table("authors", {
      id: core.int("id").autoincrement().primaryKey(),
      name: core.varchar("name", { length: 64 }).notNull(),
      owner: core.varchar("owner", { length: 64 }).notNull(),
    });
    const books = schema.table("books", {
      authorId: core.int("author_id").notNull(),
      id: core.int("id").autoincrement().primaryKey(),
      owner: core.varchar("owner", { length: 64 }).notNull(),
      title: core.varchar("title", { length: 64 }).notNull(),
    });
    return { authors, books, ...relationsOf(own, authors, books) };
  };
}

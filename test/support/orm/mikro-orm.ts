import type * as coreModule from "@mikro-orm/core";
import type { EntitySchema, MikroORM, Options } from "@mikro-orm/core";
import type * as mariadbModule from "@mikro-orm/mariadb";
import type { SqlEntityManager } from "@mikro-orm/sql";
import type * as kyselyModule from "kysely";
import Cursor from "pg-cursor";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import {
  type MikroOrmOptions,
  type TenantMikroOrm,
  tenantMikroOrm,
} from "../../../src/integrations/orm/mikro-orm/index.ts";
import type { Peers } from "../peers.ts";

/** An entity of the ORM suites' table `authors`. */
export interface Author {
  id: number;
  owner: string;
  name: string;
  books: coreModule.Collection<Book>;
}

/** An entity of the ORM suites' table `books`. */
export interface Book {
  id: number;
  owner: string;
  title: string;
  author: coreModule.Ref<Author>;
}

/** MikroORM of an SQL database. */
export type SqlMikroOrm = MikroORM & { readonly em: SqlEntityManager };

/** MikroORM over a tenancy, with the two entities of the ORM suites. */
export interface TestMikroOrm extends TenantMikroOrm<SqlMikroOrm> {
  readonly AuthorSchema: EntitySchema<Author>;
  readonly BookSchema: EntitySchema<Book>;
}

/** Package of MikroORM's driver for a tenancy. */
export type DriverPackage = "postgresql" | "mysql" | "mariadb";

/** Makes the entities with the classes of one version. */
export function mikroOrmEntities(
  { EntitySchema: Schema }: typeof coreModule,
  schema?: string,
): Pick<TestMikroOrm, "AuthorSchema" | "BookSchema"> {
  const id = { primary: true, type: "integer" } as const;
  const owner = { type: "string" } as const;
  const AuthorSchema = new Schema<Author>({
    name: "Author",
    ...(schema && { schema }),
    properties: {
      books: { entity: () => BookSchema, kind: "1:m", mappedBy: "author" },
      id,
      name: { type: "string" },
      owner,
    },
    tableName: "authors",
  });
  const BookSchema: EntitySchema<Book> = new Schema<Book>({
    name: "Book",
    ...(schema && { schema }),
    properties: {
      author: {
        entity: () => AuthorSchema,
        fieldName: "author_id",
        inversedBy: "books",
        kind: "m:1",
        ref: true,
      },
      id,
      owner,
      title: { type: "string" },
    },
    tableName: "books",
  });
  return { AuthorSchema, BookSchema };
}

/** Makes options of {@link tenantMikroOrm}, to be changed by tests. */
export async function mikroOrmOptions(
  peers: Peers,
  name: DriverPackage,
  options: Partial<Options> = {},
): Promise<MikroOrmOptions<unknown, SqlMikroOrm>> {
  // All of them have the same form.
  const { MikroORM: Orm } = await peers.load<typeof mariadbModule>(`@mikro-orm/${name}`);
  const { MysqlDialect, PostgresDialect } = await peers.load<typeof kyselyModule>("kysely");
  return {
    dialect: (pool) =>
      name === "postgresql"
        ? new PostgresDialect({ cursor: Cursor, pool: pool as never })
        : new MysqlDialect({ pool: pool as never }),
    init: (driverOptions) =>
      Orm.init({
        dbName: "unused",
        driverOptions,
        ...options,
      }) as Promise<unknown> as Promise<SqlMikroOrm>,
  };
}

/** Opens MikroORM of one version over a tenancy. */
export async function openMikroOrm(
  peers: Peers,
  tenancy: Tenancy,
  name: DriverPackage = "postgresql",
  options: Partial<Options> & { readonly entitySchema?: string } = {},
): Promise<TestMikroOrm> {
  const { entitySchema, ...own } = options;
  const core = await peers.load<typeof coreModule>("@mikro-orm/core");
  const schemas = mikroOrmEntities(core, entitySchema);
  const entities = Object.values(schemas) as EntitySchema[];
  const made = await tenantMikroOrm(
    tenancy,
    await mikroOrmOptions(peers, name, { entities, ...own }),
  );
  return { ...made, ...schemas };
}

import type * as typeormModule from "typeorm";
import type { DataSource, DataSourceOptions, EntitySchema } from "typeorm";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { type TenantTypeorm, tenantTypeorm } from "../../../src/integrations/orm/typeorm/index.ts";
import { type Engine, MYSQL2, POSTGRES } from "../engines.ts";
import type { Peers } from "../peers.ts";

/** `mysql2` as TypeORM sets it up, which it needs for its values. */
const MYSQL: Engine = {
  ...MYSQL2,
  open: async () => {
    const database = await MYSQL2.open();
    const own = { bigNumberStrings: true, stringifyObjects: true, supportBigNumbers: true };
    return { ...database, driver: (options) => database.driver({ ...options, ...own }) };
  },
};

/** What TypeORM is tested on. */
export const TYPEORM_ENGINES: readonly Engine[] = [POSTGRES, MYSQL];

/** An entity of the ORM suites' table `authors`. */
export interface Author {
  id: number;
  owner: string;
  name: string;
  books?: Book[];
}

/** An entity of the ORM suites' table `books`. */
export interface Book {
  id: number;
  owner: string;
  title: string;
  author_id: number;
  author?: Author;
}

/** TypeORM over a tenancy, with the two entities of the ORM suites. */
export interface TestTypeorm extends TenantTypeorm<DataSource> {
  readonly AuthorSchema: EntitySchema<Author>;
  readonly BookSchema: EntitySchema<Book>;
}

/** Makes the entities with the classes of one version. */
export function typeormEntities({
  EntitySchema: Schema,
}: typeof typeormModule): Pick<TestTypeorm, "AuthorSchema" | "BookSchema"> {
  const id = { generated: "increment", primary: true, type: "int" } as const;
  const text = { type: "varchar" } as const;
  const AuthorSchema = new Schema<Author>({
    columns: { id, name: text, owner: text },
    name: "Author",
    relations: {
      books: { cascade: true, inverseSide: "author", target: "Book", type: "one-to-many" },
    },
    tableName: "authors",
  });
  const BookSchema = new Schema<Book>({
    columns: { author_id: { nullable: true, type: "int" }, id, owner: text, title: text },
    name: "Book",
    relations: {
      author: {
        inverseSide: "books",
        joinColumn: { name: "author_id" },
        target: "Author",
        type: "many-to-one",
      },
    },
    tableName: "books",
  });
  return { AuthorSchema, BookSchema };
}

/** Opens TypeORM of one version over a tenancy. */
export async function openTypeorm(
  peers: Peers,
  tenancy: Tenancy,
  options: Partial<DataSourceOptions> = {},
): Promise<TestTypeorm> {
  const typeorm = await peers.load<typeof typeormModule>("typeorm");
  const schemas = typeormEntities(typeorm);
  const type = "promise" in (tenancy.pool as object) ? "mysql" : "postgres";
  const made = tenantTypeorm(
    tenancy,
    (driver) =>
      new typeorm.DataSource({
        entities: Object.values(schemas),
        ...options,
        driver,
        type,
      } as DataSourceOptions),
  );
  await made.dataSource.initialize();
  return { ...made, ...schemas };
}

import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { AnyMethod, SequelizeInternals } from "./peer.ts";

/** A table, as Sequelize's texts of definitions are told of it. */
interface TableName {
  readonly tableName: string;
  readonly schema?: string;
}

/** Writes a text about a table. */
type Write = (original: AnyMethod, table: TableName, rest: readonly unknown[]) => string;
type Within = (name: string, around: Write) => void;

/** Names are unique in a schema, which Sequelize's joins leave out. */
const SAME_SCHEMA =
  "kcu.constraint_schema = tc.constraint_schema and ccu.constraint_schema = tc.constraint_schema";
const OWN_SCHEMA =
  "(select oid from pg_catalog.pg_namespace where nspname = pg_catalog.current_schema())";
const OWN_ENUM =
  "t.typname=c.udt_name and t.typnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = c.udt_schema)";

/**
 * Makes Sequelize name the scope's schema where it names one unasked.
 *
 * Queries of models name none. But what defines tables and looks at them (`QueryInterface`, `sync`) writes
 * `"public"."notes"` on PostgreSQL whatever the search path is, and on MySQL asks for the database that
 * Sequelize was given, which is none.
 */
export function nameScopes(sequelize: SequelizeInternals, tenancy: Tenancy): void {
  const schemaName = (): string | undefined => {
    const scope = tenancy.currentScope();
    return scope && tenancy.bindPool(scope).schemaName;
  };
  const own = { configurable: true, enumerable: true, get: schemaName };
  if (sequelize.getDialect() === "mysql") {
    Object.defineProperty(sequelize.config, "database", own);
    return;
  }
  const { queryGenerator, queryInterface } = sequelize.dialect;
  // ISOLATION: they are the schemas of all tenants. integration/orm/sequelize/sequelize.test.ts
  queryInterface.dropAllSchemas = async () => {
    throw new TenancyError("INVALID_CONFIG", "`dropAllSchemas` would drop those of all tenants.", {
      remedy: "Remove tenants by `tenancy.drop`, and the tables of one by `sequelize.drop` in it.",
    });
  };
  // ISOLATION: it would change, and drop, the tables of the global schema in every scope. Models read the
  // original, where a schema would be theirs for ever. integration/orm/sequelize/sequelize.test.ts
  queryGenerator.options = Object.create(queryGenerator.options, { schema: own }) as object;
  const inSchema = (table: TableName): TableName => {
    const schema = table.schema || schemaName();
    return schema === undefined ? table : { ...table, schema };
  };
  // Without it they tell of the tables of this name in every schema, and what is to change is not found.
  const within: Within = (name, around) => {
    const original: AnyMethod = (queryGenerator[name] as AnyMethod).bind(queryGenerator);
    queryGenerator[name] = (table: TableName | string, ...rest: unknown[]): string =>
      around(original, typeof table === "string" ? { tableName: table } : table, rest);
  };
  within("tableExistsQuery", (original, table) => original(inSchema(table)) as string);
  within("showIndexesQuery", (original, table) => original(inSchema(table)) as string);
  within("getForeignKeyReferencesQuery", (original, { tableName }, [catalog, schema]) => {
    return `${String(original(tableName, catalog, schema || schemaName()))} and ${SAME_SCHEMA}`;
  });
  within("getForeignKeysQuery", (original, { tableName }) =>
    String(original(tableName)).replace(" LIMIT 1", ` AND relnamespace = ${OWN_SCHEMA} LIMIT 1`),
  );
  within("describeTableQuery", (original, { tableName }, rest) =>
    String(original(tableName, ...rest)).replace("t.typname=c.udt_name", OWN_ENUM),
  );
}

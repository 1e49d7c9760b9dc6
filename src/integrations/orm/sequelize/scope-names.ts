import type { Tenancy } from "../../../core/tenancy.ts";
import type { AnyMethod, SequelizeInternals } from "./peer.ts";

/** A table, as Sequelize's texts of definitions are told of it. */
interface TableName {
  readonly tableName: string;
  readonly schema?: string;
}

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
  const { queryGenerator } = sequelize.dialect;
  // ISOLATION: it would change, and drop, the tables of the global schema in every scope. Models read the
  // original, where a schema would be theirs for ever. integration/orm/sequelize/sequelize.test.ts
  queryGenerator.options = Object.create(queryGenerator.options, { schema: own }) as object;
  const tableExistsQuery: AnyMethod = queryGenerator.tableExistsQuery.bind(queryGenerator);
  queryGenerator.tableExistsQuery = (table: TableName | string): unknown => {
    const named = typeof table === "string" ? { tableName: table } : table;
    const schema = named.schema || schemaName();
    return tableExistsQuery({ ...named, ...(schema === undefined ? {} : { schema }) });
  };
}

import { TenancyError } from "../../../errors/tenancy-error.ts";

/** The part of MikroORM's schema generator that is used here. */
type SchemaGenerator = Record<string, (options?: CompareOptions) => Promise<unknown>>;

interface CompareOptions {
  readonly fromSchema?: unknown;
  readonly schema?: string | undefined;
}

/** Name of the extension of MikroORM that makes and compares schemas. */
export const SCHEMA_GENERATOR = "@mikro-orm/schema-generator";

/** Methods that compare the entities with the database. */
const COMPARING = ["update", "getUpdateSchemaSQL", "getUpdateSchemaMigrationSQL"];

/**
 * Makes a schema generator leave alone what is not of the scope in force.
 *
 * ISOLATION: it compares with all schemas of the database, and removes what it does not know from each:
 * other tenants' tables. integration/orm/mikro-orm/schema-generator.test.ts
 */
export function guardSchemaGenerator<Generator extends object | undefined>(
  generator: Generator,
): Generator {
  if (generator === undefined) return generator;
  const own = generator as unknown as SchemaGenerator;
  for (const name of COMPARING) {
    const compare = own[name]?.bind(own);
    if (compare === undefined) continue;
    own[name] = async (options = {}) => {
      if (options.schema === undefined && options.fromSchema === undefined) {
        refuse("MikroORM would compare with the schemas of all tenants, and change them.");
      }
      return compare(options);
    };
  }
  own["dropDatabase"] = async () => refuse("The database is that of all tenants.");
  // The pool's database is there, whatever `dbName` says; MikroORM would make that one.
  own["ensureDatabase"] = async () => false;
  return generator;
}

function refuse(fact: string): never {
  throw new TenancyError("INVALID_QUERY", fact, {
    remedy: "Use a MikroORM of its own on a database with one tenant's schema, or migrations.",
  });
}

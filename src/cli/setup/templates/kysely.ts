import { importPath, type TemplateContext } from "./context.ts";

/** Writes the types of Kysely's tables. */
export function kyselyModels({ answers, engine, example, names }: TemplateContext): string {
  const serial = engine === "postgres" ? "Generated<string>" : "Generated<number>";
  return `import type { Generated } from "kysely";
import type { TenantState } from "kirayedar";

/** The table ${names.table}, in the global schema. Rows are made and changed by the tenancy. */
export interface ${names.model}Table {
  readonly id: ${answers.ids === "uuid" ? "Generated<string>" : serial};
  readonly slug: string;
  readonly name: string | null;
  readonly schema_name: string;
  readonly server: string;
  readonly state: TenantState;
  readonly version: string | null;
  readonly migrations_digest: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The table ${example.table}, which every tenant has for itself. */
export interface ${example.model}Table {
  id: Generated<number>;
  text: string;
}

/** What is in the global schema: query it in \`tenancy.scopeGlobal(…)\`. */
export interface GlobalDatabase {
  ${names.table}: ${names.model}Table;
}

/** What is in every tenant's schema. */
export interface TenantDatabase {
  ${example.table}: ${example.model}Table;
}
`;
}

/** Writes the module that gives Kysely the tenants. */
export function kyselyDatabase({ engine, facts, paths }: TemplateContext): string {
  const isTypescript = facts.language.isTypescript;
  const models = importPath(paths.database, paths.models, facts);
  const dialect = engine === "postgres" ? "PostgresDialect" : "MysqlDialect";
  const types = isTypescript
    ? `import type { GlobalDatabase, TenantDatabase } from "${models}";\n`
    : "";
  const type = isTypescript ? "<GlobalDatabase & TenantDatabase>" : "";
  return `import { Kysely, ${dialect} } from "kysely";
import { tenantKysely } from "kirayedar/kysely";
${types}import { tenancy } from "${importPath(paths.database, paths.tenancy, facts)}";

/** \`db\` is the database of the scope in force; \`forTenant\` that of one tenant, for jobs. */
export const { db, forTenant } = tenantKysely(
  tenancy,
  (pool) => new Kysely${type}({ dialect: new ${dialect}({ pool }) }),
);
`;
}

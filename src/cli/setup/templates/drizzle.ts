import { importPath, type TemplateContext } from "./context.ts";

/** Writes Drizzle's tables. */
export function drizzleModels(context: TemplateContext): string {
  const { engine, example, facts, names } = context;
  const isTypescript = facts.language.isTypescript;
  const state = isTypescript ? "text().$type<TenantState>()" : "text()";
  const types = isTypescript ? 'import type { TenantState } from "kirayedar";\n' : "";
  const isPostgres = engine === "postgres";
  const make = isPostgres ? "pgTable" : "mysqlTable";
  const text = (size: number): string => (isPostgres ? "text" : `varchar:${size}`);
  const column = (kind: string, name: string): string =>
    kind === "text"
      ? `text(${name === "" ? "" : `"${name}"`})`
      : `varchar(${name === "" ? "" : `"${name}", `}{ length: ${kind.slice(8)} })`;
  const moment = (name: string): string =>
    isPostgres
      ? `timestamp("${name}", { withTimezone: true }).notNull().defaultNow()`
      : `timestamp("${name}", { fsp: 6 }).notNull().defaultNow()`;
  return `${importsOf(context)}${types}
/** Tenants, in the global schema: read them in \`tenancy.scopeGlobal(…)\`, change them by the tenancy. */
export const ${names.plural} = ${make}("${names.table}", {
  id: ${idOf(context)},
  slug: ${column(text(255), "")}.notNull(),
  name: text(),
  schemaName: ${column(text(64), "schema_name")},
  server: ${column(text(255), "")}.notNull().default("default"),
  state: ${isPostgres ? state : state.replace("text()", "varchar({ length: 32 })")}.notNull().default("provisioning"),
  version: ${column(text(255), "")},
  migrationsDigest: ${column(text(64), "migrations_digest")},
  createdAt: ${moment("created_at")},
  updatedAt: ${moment("updated_at")},
});

/** An example of what every tenant has for itself. */
export const ${example.table} = ${make}("${example.table}", {
  id: ${isPostgres ? "integer().primaryKey().generatedByDefaultAsIdentity()" : "int().primaryKey().autoincrement()"},
  text: text().notNull(),
});
`;
}

function idOf({ answers, engine }: TemplateContext): string {
  if (engine === "postgres") {
    return answers.ids === "uuid"
      ? "uuid().primaryKey().defaultRandom()"
      : 'bigint({ mode: "number" }).primaryKey().generatedByDefaultAsIdentity()';
  }
  return answers.ids === "uuid"
    ? "char({ length: 36 }).primaryKey().default(sql`(uuid())`)"
    : 'bigint({ mode: "number" }).primaryKey().autoincrement()';
}

function importsOf({ answers, engine }: TemplateContext): string {
  const isUuid = answers.ids === "uuid";
  if (engine === "postgres") {
    const names = ["integer", "pgTable", "text", "timestamp", isUuid ? "uuid" : "bigint"];
    return `import { ${names.toSorted().join(", ")} } from "drizzle-orm/pg-core";\n`;
  }
  const names = ["int", "mysqlTable", "text", "timestamp", "varchar", isUuid ? "char" : "bigint"];
  return `${isUuid ? 'import { sql } from "drizzle-orm";\n' : ""}import { ${names.toSorted().join(", ")} } from "drizzle-orm/mysql-core";\n`;
}

const PACKAGES = {
  mariadb: "mysql2",
  mysql2: "mysql2",
  pg: "node-postgres",
  pglite: "pglite",
} as const;

/** Writes the module that gives Drizzle the tenants. */
export function drizzleDatabase({
  answers,
  engine,
  example,
  facts,
  names,
  paths,
}: TemplateContext): string {
  const isOne = /^\D*1\./.test(facts.dependencies.get("drizzle-orm") ?? "");
  // What is there of PGlite is what Drizzle calls, and not its class.
  const isTypescript = facts.language.isTypescript;
  const pool = answers.driver === "pglite" && isTypescript ? "pool as never" : "pool";
  const client = pool === "pool" ? "client: pool" : `client: ${pool}`;
  // MariaDB has no lateral joins, which the other mode is made of.
  const mode = engine === "mysql" ? ', mode: "planetscale"' : "";
  const options = isOne ? `{ ${client} }` : `{ ${client}, schema${mode} }`;
  const tables = `{ ${names.plural}, ${example.table} }`;
  const models = isOne
    ? ""
    : `import ${tables} from "${importPath(paths.database, paths.models, facts)}";\n`;
  const schema = isOne
    ? ""
    : `\n// Add your own tables here: both of tenants and of the global schema.\nconst schema = ${tables};\n`;
  return `import { drizzle } from "drizzle-orm/${PACKAGES[answers.driver]}";
import { tenantDrizzle } from "kirayedar/drizzle";
${models}import { tenancy } from "${importPath(paths.database, paths.tenancy, facts)}";
${schema}
/** \`db\` is the database of the scope in force; \`forTenant\` that of one tenant, for jobs. */
export const { db, forTenant } = tenantDrizzle(tenancy, (pool) => drizzle(${options}));
`;
}

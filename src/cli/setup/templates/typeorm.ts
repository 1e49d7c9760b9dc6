import { importPath, type TemplateContext } from "./context.ts";

interface Column {
  readonly property: string;
  readonly type: string;
  readonly options: string;
}

/** Writes TypeORM's entities: decorated classes where decorators are switched on. */
export function typeormModels(context: TemplateContext): string {
  return context.facts.language.hasDecorators ? decorated(context) : entitySchemas(context);
}

function columnsOf({ engine }: TemplateContext): Column[] {
  const isPostgres = engine === "postgres";
  const short = (length: number): string =>
    isPostgres ? 'type: "text"' : `type: "varchar", length: ${length}`;
  const moment = isPostgres ? 'type: "timestamptz"' : 'type: "timestamp", precision: 6';
  return [
    { options: short(255), property: "slug", type: "string" },
    { options: 'type: "text", nullable: true', property: "name", type: "string | null" },
    {
      options: `name: "schema_name", ${short(64)}, nullable: true`,
      property: "schemaName",
      type: "string | null",
    },
    { options: `${short(255)}, default: "default"`, property: "server", type: "string" },
    { options: `${short(32)}, default: "provisioning"`, property: "state", type: "TenantState" },
    { options: `${short(255)}, nullable: true`, property: "version", type: "string | null" },
    {
      options: `name: "migrations_digest", ${short(64)}, nullable: true`,
      property: "migrationsDigest",
      type: "string | null",
    },
    { options: `name: "created_at", ${moment}`, property: "createdAt", type: "Date" },
    { options: `name: "updated_at", ${moment}`, property: "updatedAt", type: "Date" },
  ];
}

function decorated(context: TemplateContext): string {
  const { answers, example, names } = context;
  const id = answers.ids === "uuid" ? '"uuid"' : '{ type: "bigint" }';
  const columns = columnsOf(context)
    .map(({ options, property, type }) => `  @Column({ ${options} })\n  ${property}!: ${type};\n`)
    .join("\n");
  return `import type { TenantState } from "kirayedar";
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm";

/** A tenant, in the global schema: read it in \`tenancy.scopeGlobal(…)\`, change it by the tenancy. */
@Entity("${names.table}")
export class ${names.model} {
  @PrimaryGeneratedColumn(${id})
  id!: string;

${columns}}

/** An example of what every tenant has for itself. */
@Entity("${example.table}")
export class ${example.model} {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: "text" })
  text!: string;
}
`;
}

function entitySchemas(context: TemplateContext): string {
  const { answers, example, facts, names } = context;
  const isTypescript = facts.language.isTypescript;
  const columns = columnsOf(context);
  const [type, generated] =
    answers.ids === "uuid"
      ? [context.engine === "postgres" ? "uuid" : "varchar", "uuid"]
      : ["bigint", "increment"];
  const fields = (list: readonly (readonly [name: string, type: string])[]): string =>
    list.map(([name, kind]) => (isTypescript ? `  ${name}!: ${kind};\n` : `  ${name};\n`)).join("");
  const own: (readonly [string, string])[] = [
    ["id", "string"],
    ...columns.map((column) => [column.property, column.type] as const),
  ];
  return `${isTypescript ? 'import type { TenantState } from "kirayedar";\n' : ""}import { EntitySchema } from "typeorm";

/** A tenant, in the global schema: read it in \`tenancy.scopeGlobal(…)\`, change it by the tenancy. */
export class ${names.model} {
${fields(own)}}

export const ${names.variable}Schema = new EntitySchema({
  name: "${names.model}",
  target: ${names.model},
  tableName: "${names.table}",
  columns: {
    id: { type: "${type}", primary: true, generated: "${generated}" },
${columns.map(({ options, property }) => `    ${property}: { ${options} },\n`).join("")}  },
});

/** An example of what every tenant has for itself. */
export class ${example.model} {
${fields([
  ["id", "number"],
  ["text", "string"],
])}}

export const ${example.model.toLowerCase()}Schema = new EntitySchema({
  name: "${example.model}",
  target: ${example.model},
  tableName: "${example.table}",
  columns: {
    id: { type: "int", primary: true, generated: "increment" },
    text: { type: "text" },
  },
});
`;
}

/** Writes the module that gives TypeORM the tenants. */
export function typeormDatabase({ engine, example, facts, names, paths }: TemplateContext): string {
  const entities = facts.language.hasDecorators
    ? [names.model, example.model]
    : [`${names.variable}Schema`, `${example.model.toLowerCase()}Schema`];
  const list = entities.join(", ");
  const type = engine === "postgres" ? "postgres" : "mysql";
  return `import { tenantTypeorm } from "kirayedar/typeorm";
import { DataSource } from "typeorm";
import { ${list} } from "${importPath(paths.database, paths.models, facts)}";
import { tenancy } from "${importPath(paths.database, paths.tenancy, facts)}";

/** \`dataSource\` is that of the scope in force; \`forTenant\` an entity manager of one tenant, for jobs. */
export const { dataSource, forTenant } = tenantTypeorm(
  tenancy,
  (driver) => new DataSource({ type: "${type}", driver, entities: [${list}] }),
);

${ending(facts.language.isModule)}
`;
}

/** What is not compiled to an ES module cannot wait at its top level. */
function ending(isModule: boolean): string {
  if (isModule) return "await dataSource.initialize();";
  return "/** To be awaited before the first query. */\nexport const initialized = dataSource.initialize();";
}

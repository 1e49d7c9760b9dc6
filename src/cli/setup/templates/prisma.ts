import { posix } from "node:path";
import { importPath, type TemplateContext } from "./context.ts";

/** A model of Prisma, and its text. */
export interface PrismaModel {
  readonly name: string;
  readonly table: string;
  readonly text: string;
}

/** Writes the models for Prisma's schema: the tenants', and the example. */
export function prismaModels({ answers, engine, example, names }: TemplateContext): PrismaModel[] {
  const isPostgres = engine === "postgres";
  const uuid = isPostgres
    ? '@default(dbgenerated("gen_random_uuid()")) @db.Uuid'
    : '@default(dbgenerated("(uuid())")) @db.Char(36)';
  const id =
    answers.ids === "uuid" ? `String    @id ${uuid}` : "BigInt    @id @default(autoincrement())";
  const moment = isPostgres ? "@db.Timestamptz(6)" : "@db.Timestamp(6)";
  const short = (length: number): string => (isPostgres ? "" : ` @db.VarChar(${length})`);
  const long = isPostgres ? "" : " @db.Text";
  const tenants = `/// In the global schema: read it in \`tenancy.scopeGlobal(…)\`, change it by the tenancy.
model ${names.model} {
  id               ${id}
  slug             String${trimmed("   ", short(255))}
  name             String?${trimmed("  ", long)}
  schemaName       String?   @map("schema_name")${short(64)}
  server           String    @default("default")${short(255)}
  state            String    @default("provisioning")${short(32)}
  version          String?${trimmed("  ", short(255))}
  migrationsDigest String?   @map("migrations_digest")${short(64)}
  createdAt        DateTime  @default(now()) @map("created_at") ${moment}
  updatedAt        DateTime  @default(now()) @map("updated_at") ${moment}

  @@map("${names.table}")
}
`;
  const own = `/// An example of what every tenant has for itself.
model ${example.model} {
  id   Int    @id @default(autoincrement())
  text String${long}

  @@map("${example.table}")
}
`;
  return [
    { name: names.model, table: names.table, text: tenants },
    { name: example.model, table: example.table, text: own },
  ];
}

function trimmed(gap: string, attribute: string): string {
  return attribute === "" ? "" : gap + attribute;
}

/** Writes the module that gives Prisma the tenants. */
export function prismaDatabase(context: TemplateContext, schema: string): string {
  const { answers, facts, paths } = context;
  const isPg = answers.driver === "pg";
  const adapter = isPg ? "PrismaPg" : "PrismaMariaDb";
  const [name, option] = isPg ? ["adapter-pg", "schema"] : ["adapter-mariadb", "database"];
  // The adapter's types are those of its own copy of the library.
  const pool = isPg || !facts.language.isTypescript ? "pool" : "pool as never";
  return `import { ${adapter} } from "@prisma/${name}";
import { tenantPrisma } from "kirayedar/prisma";
import { PrismaClient } from "${clientPath(context, schema)}";
import { tenancy } from "${importPath(paths.database, paths.tenancy, facts)}";

/** \`prisma\` is the client of the scope in force; \`forTenant\` that of one tenant, for jobs. */
export const { prisma, forTenant, close } = tenantPrisma(
  tenancy,
  ({ pool, schemaName }) =>
    new PrismaClient({ adapter: new ${adapter}(${pool}, { ${option}: schemaName }) }),
);
`;
}

/** Returns what the generated client is imported from, by the schema's generator. */
function clientPath({ facts, paths }: TemplateContext, schema: string): string {
  const [generator = ""] = /^generator\s+\w+\s*\{[^}]*\}/m.exec(schema) ?? [];
  const [, output] = /\boutput\s*=\s*"([^"]+)"/.exec(generator) ?? [];
  if (output === undefined) return "@prisma/client";
  const folder = posix.join(posix.dirname(facts.prismaSchema ?? ""), output);
  const isNew = /\bprovider\s*=\s*"prisma-client"/.test(generator);
  return importPath(paths.database, isNew ? `${folder}/client.ts` : `${folder}/index.js`, facts);
}

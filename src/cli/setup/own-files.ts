import { usageError } from "../usage-error.ts";
import type { Planning } from "./plan.ts";
import { answersComment } from "./previous.ts";
import type { ProjectFiles } from "./project-files.ts";
import { adminFile, adminRouteFile, adminRoutePath } from "./templates/admin.ts";
import { configFile } from "./templates/config.ts";
import type { TemplateContext } from "./templates/context.ts";
import { drizzleDatabase, drizzleModels } from "./templates/drizzle.ts";
import { kyselyDatabase, kyselyModels } from "./templates/kysely.ts";
import {
  registryMigrationFile,
  TABLE_VERSION,
  tenantMigrationFile,
} from "./templates/migrations.ts";
import { findProxy, nextProxyFile, proxyPath } from "./templates/next.ts";
import { plainModels } from "./templates/plain.ts";
import { prismaDatabase } from "./templates/prisma.ts";
import { tenancyFile } from "./templates/tenancy.ts";
import { typeormDatabase, typeormModels } from "./templates/typeorm.ts";

/** A file that is setup's own, as a whole. */
export interface OwnFile {
  readonly path: string;
  readonly what: string;
  readonly text: string;
}

const GLOBAL_FOLDER = "migrations/global";

/** Folder of the migrations of all tenants. */
const TENANT_FOLDER = "migrations/tenant";

/**
 * Lists the files that setup writes as a whole, for the answers given.
 *
 * @param hasRegistry - whether the toolkit was there before, and has made the table of tenants itself
 * @throws CommanderError where the table of tenants is made under another name already
 */
export function ownFiles(
  { context, files, now }: Omit<Planning, "previous">,
  hasRegistry = false,
): OwnFile[] {
  const { answers, example, names, paths } = context;
  const comment = answersComment(answers);
  return [
    { path: paths.config, text: `${comment}${configFile(context)}`, what: "the configuration" },
    ...registryMigration(context, files, hasRegistry),
    ...tenantMigration(context, files, now),
    { path: paths.tenancy, text: tenancyFile(context), what: "makes the tenancy" },
    ...models(context, `types of ${names.table} and ${example.table}`),
    ...database(context, files),
    ...(answers.framework === "next" ? proxy(context, files) : []),
    ...(answers.admin ? admin(context) : []),
  ];
}

function registryMigration(
  context: TemplateContext,
  files: ProjectFiles,
  hasRegistry: boolean,
): OwnFile[] {
  const { table } = context.names;
  const name = `${TABLE_VERSION}_create_${table}.sql`;
  const there = files.list(GLOBAL_FOLDER).find((file) => file.startsWith(`${TABLE_VERSION}_`));
  if (there !== undefined && there !== name) {
    throw usageError(
      `${GLOBAL_FOLDER}/${there} makes the table of tenants, and has another name than ${table}. Keep the name that you gave before; or, if no database has that table yet, delete the file first.`,
    );
  }
  if (there === undefined && hasRegistry) return [];
  return [
    {
      path: `${GLOBAL_FOLDER}/${name}`,
      text: registryMigrationFile(context),
      what: `makes the table ${table}, a row for each tenant`,
    },
  ];
}

function tenantMigration(context: TemplateContext, files: ProjectFiles, now: Date): OwnFile[] {
  const { example } = context;
  const name = `create_${example.table}.sql`;
  const there = files.list(TENANT_FOLDER).filter((file) => /^\d+[_-]/.test(file));
  const twin = there.find((file) => file.replace(/^\d+[_-]/, "") === name);
  // Who has migrations needs no example.
  if (twin === undefined && there.length > 0) return [];
  const version = now.toISOString().replace(/\D/g, "").slice(0, 14);
  return [
    {
      path: `${TENANT_FOLDER}/${twin ?? `${version}_${name}`}`,
      text: tenantMigrationFile(context),
      what: `an example of every tenant's own tables: ${example.table}`,
    },
  ];
}

function models(context: TemplateContext, what: string): OwnFile[] {
  const { answers, facts, paths } = context;
  const { isTypescript } = facts.language;
  const file = (text: string): OwnFile[] => [{ path: paths.models, text, what }];
  switch (answers.orm) {
    case "drizzle":
      return file(drizzleModels(context));
    case "typeorm":
      return file(typeormModels(context));
    case "kysely":
      return isTypescript ? file(kyselyModels(context)) : [];
    case "none":
      return isTypescript ? file(plainModels(context)) : [];
    case "prisma":
      // They are in its schema.
      return [];
  }
}

function database(context: TemplateContext, files: ProjectFiles): OwnFile[] {
  const { answers, facts, paths } = context;
  const file = (name: string, text: string): OwnFile[] => [
    { path: paths.database, text, what: `gives ${name} the tenants` },
  ];
  switch (answers.orm) {
    case "drizzle":
      return file("Drizzle", drizzleDatabase(context));
    case "kysely":
      return file("Kysely", kyselyDatabase(context));
    case "typeorm":
      return file("TypeORM", typeormDatabase(context));
    case "prisma": {
      const schema = facts.prismaSchema === undefined ? "" : files.read(facts.prismaSchema);
      return file("Prisma", prismaDatabase(context, schema ?? ""));
    }
    case "none":
      return [];
  }
}

function admin(context: TemplateContext): OwnFile[] {
  const { answers, paths } = context;
  const route: OwnFile = {
    path: adminRoutePath(context),
    text: adminRouteFile(context),
    what: "mounts the admin pages at /admin",
  };
  return [
    {
      path: paths.admin,
      text: adminFile(context),
      what: "makes the admin pages, and lets nobody in yet",
    },
    ...(answers.framework === "next" ? [route] : []),
  ];
}

function proxy(context: TemplateContext, files: ProjectFiles): OwnFile[] {
  const path = proxyPath(context);
  const text = nextProxyFile(context);
  const there = findProxy(context, files);
  // One of the application's own is shown the lines instead: see `planEntry`.
  if (there !== undefined && (there !== path || files.read(path) !== text)) return [];
  return [{ path, text, what: "refuses requests of no tenant" }];
}

import { schemasIn } from "./detect-prisma.ts";
import { type ProjectFiles, sourceFiles } from "./project-files.ts";

/** How tables are named in sources: Drizzle's, TypeORM's, and those of SQL in a text. */
const TABLE =
  /(?:\b(?:pg|mysql)Table\(\s*|@Entity\(\s*(?:\{\s*name\s*:\s*)?|\btableName\s*:\s*)["'`](\w+)["'`]/g;

const MODEL = /^model\s+(\w+)\s*\{[^}]*\}/gm;

/** What every table of tenants has, be it made by setup or the application's own. */
const OF_REGISTRY = /\b(?:schema_name|schemaName)\b/;

/**
 * Finds the tables that the application has models of, by their names and those of Prisma's models;
 * with the files that say so, for people. A table of tenants is none of them.
 */
export function detectTables(
  files: ProjectFiles,
  prismaSchema: string | undefined,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const path of new Set([...sourceFiles(files, "src"), ...sourceFiles(files, "")])) {
    const text = files.read(path) ?? "";
    if (OF_REGISTRY.test(text)) continue;
    for (const [, table = ""] of text.matchAll(TABLE)) found.set(table, path);
  }
  for (const path of prismaSchema === undefined ? [] : schemasBeside(files, prismaSchema)) {
    for (const [model, name = ""] of (files.read(path) ?? "").matchAll(MODEL)) {
      if (OF_REGISTRY.test(model)) continue;
      const [, table] = /@@map\("(\w+)"\)/.exec(model) ?? [];
      for (const taken of [name, table]) if (taken !== undefined) found.set(taken, path);
    }
  }
  return found;
}

/** Lists the files of a schema, of which the one given is the main one. */
export function schemasBeside(files: ProjectFiles, prismaSchema: string): string[] {
  const folder = prismaSchema.split("/").slice(0, -1).join("/");
  // At the root there would be everything.
  return folder === "" ? [prismaSchema] : schemasIn(files, folder);
}

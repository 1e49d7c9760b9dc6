import { lineEndOf } from "./insert-code.ts";
import type { PrismaModel } from "./templates/prisma.ts";

/**
 * Adds models to Prisma's schema that it does not have yet, by their names and by their tables.
 *
 * @param all - the texts of all files of the schema, where it has several
 */
export function insertModels(
  schema: string,
  models: readonly PrismaModel[],
  all: string = schema,
): string {
  const lineEnd = lineEndOf(schema);
  const missing = models.filter(({ name, table }) => !hasModel(all, name, table));
  const added = missing.map(({ text }) => lineEnd + text.replaceAll("\n", lineEnd));
  const gap = schema === "" || schema.endsWith("\n") ? "" : lineEnd;
  return added.length === 0 ? schema : schema + gap + added.join("");
}

/** Whether a schema has a model, or another one of the same table. */
export function hasModel(schema: string, name: string, table: string): boolean {
  const isNamed = new RegExp(`^model\\s+${name}\\b`, "m").test(schema);
  return isNamed || schema.includes(`@@map("${table}")`);
}

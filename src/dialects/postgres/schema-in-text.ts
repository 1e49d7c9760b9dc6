import type { QualifiedNames } from "../../core/qualified-names.ts";

/** Columns of the catalog, and of `information_schema`, that hold the name of a schema. */
export const SCHEMA_COLUMN: RegExp =
  /^(?:(?:\w+_)?(?:table|routine|constraint|trigger|sequence|udt|domain|view|specific|object)_schema|schemaname|schema_name|nspname)$/;

/** Whether a text that may be run names something in the schema, or makes such a name. */
export function namesSchema(text: string, names: QualifiedNames): boolean {
  return matches(text, names, String.raw`(?<![\w.])`);
}

/** Whether a text has the schema where a statement has a table or the like. */
export function isStatementOnSchema(text: string, names: QualifiedNames): boolean {
  const before = String.raw`\b(?:from|into|update|join|table|exists|on|only|truncate|references|view|type|sequence|index|function|procedure|perform|call|execute|using|to)\s+(?:only\s+)?`;
  return matches(text, names, before);
}

/** Whether a text is the schema's name, alone or as the beginning of another. */
export function isSchemaName(text: string, { schema }: QualifiedNames): boolean {
  return new RegExp(String.raw`^\s*${nameOf(schema)}\s*\.?\s*$`, "i").test(text);
}

/** Whether a list of schemas has this one. */
export function listsSchema(text: string, { schema }: QualifiedNames): boolean {
  return new RegExp(String.raw`(?<![\w$])${nameOf(schema)}(?![\w$])`, "i").test(text);
}

function matches(text: string, { keep, schema }: QualifiedNames, before: string): boolean {
  // `'public.' || name` and `format('public.%I', name)` name whatever is there then.
  const behind = String.raw`\.(?:\s*(?:"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))|["%']|\s*$)`;
  const pattern = new RegExp(String.raw`${before}${nameOf(schema)}\s*${behind}`, "gi");
  return [...text.matchAll(pattern)].some(([, quoted, word]) => {
    const name = quoted?.replaceAll('""', '"') ?? word?.toLowerCase();
    return name === undefined || !keep.includes(name);
  });
}

function nameOf(schema: string): string {
  return `"?${schema.replaceAll(/\W/g, String.raw`\$&`)}"?`;
}

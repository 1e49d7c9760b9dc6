import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";

/** The rows of the tables of one schema, as text: what is in them can be searched for, and compared. */
export type Contents = ReadonlyMap<string, readonly string[]>;

/** Rows of one table that are looked at, at most. */
const MAX_ROWS = 10_000;

const TABLES = {
  mysql:
    "select table_name as name from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE'",
  postgres:
    "select tablename as name from pg_catalog.pg_tables where schemaname = pg_catalog.current_schema()",
} as const;

/** What of a tenancy's engine is needed to read its tables. */
export interface Engine {
  /** The engine. */
  readonly name: keyof typeof TABLES;
  /** Quotes a name. */
  quoteIdentifier(name: string): string;
}

/**
 * Reads every table of a scope.
 *
 * @param tenant - whose tables; `null` for the global ones
 * @param isSkipped - tables that are the toolkit's own
 */
export async function readContents(
  tenancy: Tenancy,
  engine: Engine,
  tenant: Tenant | null,
  isSkipped: (table: string) => boolean,
): Promise<Contents> {
  return await tenancy.withTenant(tenant, async () => {
    const { rows: tables } = await tenancy.query<{ name: string }>(TABLES[engine.name]);
    const contents = new Map<string, readonly string[]>();
    for (const { name } of tables.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (isSkipped(name)) continue;
      const { rows } = await tenancy.query(
        `select * from ${engine.quoteIdentifier(name)} limit ${MAX_ROWS}`,
      );
      contents.set(name, rows.map(toText).toSorted());
    }
    return contents;
  });
}

/** Returns what is in the tables now and was not before, or the other way round. */
export function differences(before: Contents, after: Contents): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const table of new Set([...before.keys(), ...after.keys()])) {
    const rest = [...(before.get(table) ?? [])];
    const changed = (after.get(table) ?? []).filter((row) => {
      const at = rest.indexOf(row);
      if (at >= 0) rest.splice(at, 1);
      return at < 0;
    });
    changed.push(...rest);
    if (changed.length > 0) found.set(table, changed);
  }
  return found;
}

/** Writes what a function returned as text: a response or a stream is read to its end. */
export async function readText(value: unknown): Promise<string> {
  if (typeof value !== "object" || value === null) return toText(value);
  if (value instanceof Response) {
    const body = value.bodyUsed ? "" : await value.clone().text();
    return `${toText([...value.headers])}${body}`;
  }
  if (value instanceof Blob) return await value.text();
  if (Array.isArray(value)) return (await Promise.all(value.map(readText))).join("\n");
  if (!(Symbol.asyncIterator in value)) return toText(value);
  const parts: unknown[] = [];
  for await (const part of value as AsyncIterable<unknown>) parts.push(part);
  // What is bytes is one text, wherever it was cut.
  const bytes = parts.filter((part) => part instanceof Uint8Array);
  return bytes.length === parts.length ? Buffer.concat(bytes).toString("utf8") : toText(parts);
}

/** Writes anything as text in which whatever it holds can be found. */
export function toText(value: unknown): string {
  const seen = new Set<unknown>();
  const text = JSON.stringify(value, (_key, raw: unknown) => {
    if (typeof raw === "bigint") return String(raw);
    if (typeof raw !== "object" || raw === null) return raw;
    if (seen.has(raw)) return undefined;
    seen.add(raw);
    return plain(raw);
  });
  return text ?? String(value);
}

function plain(raw: object): unknown {
  if (raw instanceof Map || raw instanceof Set) return [...raw];
  if (raw instanceof Error) {
    const { cause, errors, message } = raw as Error & { readonly errors?: unknown };
    return { ...Object.fromEntries(Object.entries(raw)), cause, errors, message };
  }
  if (raw instanceof Uint8Array) return Buffer.from(raw).toString("utf8");
  if (raw instanceof ArrayBuffer) return Buffer.from(raw).toString("utf8");
  const { data, type } = raw as { readonly data?: unknown; readonly type?: unknown };
  // What a buffer makes of itself before anybody is asked.
  if (type === "Buffer" && Array.isArray(data))
    return Buffer.from(data as number[]).toString("utf8");
  return raw;
}

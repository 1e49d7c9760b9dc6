import { isRecord, type RecordLike } from "./peer.ts";

/**
 * Finds every record in what a query is called with: records, lists of them, and graphs of records and
 * plain objects.
 */
export function recordsIn(input: unknown, found: Set<RecordLike> = new Set()): Set<RecordLike> {
  visit(input, found, new Set());
  return found;
}

function visit(value: unknown, found: Set<RecordLike>, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  if (isRecord(value)) found.add(value);
  else if (!Array.isArray(value) && !isPlain(value)) return;
  seen.add(value);
  for (const part of Object.values(value)) visit(part, found, seen);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Calls `fn` with every record of a result: of a list, a page, one record, and of what was fetched with
 * them. Where `fn` returns `false`, it knows what is below.
 */
export function eachResult(result: unknown, fn: (record: RecordLike) => boolean): void {
  if (Array.isArray(result)) {
    for (const one of result) eachResult(one, fn);
  } else if (isRecord(result)) {
    if (!fn(result)) return;
    // Relations are records, or lists that begin with one; all else is a column.
    for (const part of Object.values(result)) {
      if (isRecord(Array.isArray(part) ? part[0] : part)) eachResult(part, fn);
    }
  } else if (Array.isArray((result as { readonly results?: unknown } | null)?.results)) {
    eachResult((result as { readonly results: unknown }).results, fn);
  }
}

/** Calls `fn` with every record of a graph, and the record in its place in a copy of it. */
export function eachCopy(
  from: unknown,
  to: unknown,
  fn: (record: object, copy: object) => void,
): void {
  if (Array.isArray(from) && Array.isArray(to)) {
    for (const [index, one] of from.entries()) eachCopy(one, to[index], fn);
  } else if (isRecord(from) && isRecord(to)) {
    fn(from, to);
    const copies = to as unknown as Readonly<Record<string, unknown>>;
    for (const [key, part] of Object.entries(from)) eachCopy(part, copies[key], fn);
  }
}

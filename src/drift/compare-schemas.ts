import type { SchemaDifference } from "../core/drift.ts";
import type { SchemaPart } from "../core/introspect-sql.ts";

/** A schema, prepared for being compared with many others. */
export class SchemaPicture {
  /** Every part by what it is called. */
  readonly parts: ReadonlyMap<string, SchemaPart>;
  /** What stands by itself, with the parts of tables and views under each. */
  readonly children: ReadonlyMap<string, readonly SchemaPart[]>;

  constructor(parts: readonly SchemaPart[]) {
    this.parts = new Map(parts.map((part) => [keyOf(part), part]));
    const children = new Map<string, SchemaPart[]>();
    for (const part of parts) {
      if (part.table === null) continue;
      const siblings = children.get(part.table);
      if (siblings === undefined) children.set(part.table, [part]);
      else siblings.push(part);
    }
    this.children = children;
  }

  /** Whether a table or view is there, or what is no part of one. */
  has(relation: string): boolean {
    return RELATIONS.some((kind) => this.parts.has(keyOf({ kind, name: relation, table: null })));
  }
}

/** Kinds that have parts. */
const RELATIONS: readonly string[] = ["table", "view", "materialized view", "foreign table"];

/**
 * Lists in what a schema differs from another, by table, kind and name; empty if in nothing.
 *
 * Of a table that is there on one side alone, its columns and indexes are not listed one by one, but
 * are part of its own definition.
 */
export function compareSchemas(
  expected: SchemaPicture,
  actual: SchemaPicture,
): readonly SchemaDifference[] {
  const differences: SchemaDifference[] = [];
  for (const [key, part] of expected.parts) {
    const other = actual.parts.get(key);
    if (other === undefined) {
      if (part.table === null || actual.has(part.table)) {
        differences.push({ ...named(part), change: "missing", expected: whole(part, expected) });
      }
    } else if (!isSame(part, other)) {
      const { definition } = part;
      differences.push({
        ...named(part),
        actual: other.definition,
        change: "changed",
        expected: definition,
      });
    }
  }
  for (const [key, part] of actual.parts) {
    if (expected.parts.has(key)) continue;
    if (part.table === null || expected.has(part.table)) {
      differences.push({ ...named(part), actual: whole(part, actual), change: "extra" });
    }
  }
  differences.push(...compareOrder(expected, actual));
  return differences.toSorted(byPlace);
}

/**
 * A word that looks like the schema's own name, but is not, is replaced in the one schema and not in
 * the other; then the texts themselves are equal. Not so where the reference names itself: the same
 * text elsewhere names a schema of somebody else.
 */
// ISOLATION: else a function that reads another tenant's table is taken for the same. unit/drift/compare-schemas.test.ts
function isSame(expected: SchemaPart, actual: SchemaPart): boolean {
  if (expected.definition === actual.definition) return true;
  return expected.verbatim === undefined && expected.definition === actual.verbatim;
}

/** Columns that both have, in another order: it counts for an `insert` without names. */
function compareOrder(expected: SchemaPicture, actual: SchemaPicture): SchemaDifference[] {
  const differences: SchemaDifference[] = [];
  for (const [table, parts] of expected.children) {
    const before = columnsOf(parts);
    const after = columnsOf(actual.children.get(table) ?? []);
    const [common, others] = [new Set(after), new Set(before)];
    const wanted = before.filter((name) => common.has(name)).join(", ");
    const found = after.filter((name) => others.has(name)).join(", ");
    if (wanted !== found) {
      differences.push({
        actual: found,
        change: "changed",
        expected: wanted,
        kind: "column order",
        name: table,
        table,
      });
    }
  }
  return differences;
}

function columnsOf(parts: readonly SchemaPart[]): string[] {
  return parts.filter(({ kind }) => kind === "column").map(({ name }) => name);
}

/** The definition of a part, and of the parts that come and go with it. */
function whole(part: SchemaPart, picture: SchemaPicture): string {
  if (part.table !== null || !RELATIONS.includes(part.kind)) return part.definition;
  const lines = (picture.children.get(part.name) ?? [])
    .toSorted((a, b) => (a.kind === "column" && b.kind === "column" ? 0 : byPlace(a, b)))
    .map(({ definition, kind, name }) => `  ${kind} ${name} ${definition}`);
  return [part.definition, ...lines].join("\n");
}

function named({ kind, name, table }: SchemaPart): { kind: string; name: string; table?: string } {
  return { kind, name, ...(table !== null && { table }) };
}

type Place = Pick<SchemaPart, "kind" | "name"> & { readonly table?: string | null };

function keyOf({ kind, name, table }: Place): string {
  return JSON.stringify([table, kind, name]);
}

function byPlace(a: Place, b: Place): number {
  return (
    compareText(a.table ?? a.name, b.table ?? b.name) ||
    Number(typeof a.table === "string") - Number(typeof b.table === "string") ||
    rank(a) - rank(b) ||
    compareText(a.kind, b.kind) ||
    compareText(a.name, b.name)
  );
}

/** Columns first, then their order. */
function rank({ kind }: Place): number {
  return kind === "column" ? 0 : kind === "column order" ? 1 : 2;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

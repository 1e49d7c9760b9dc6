import type { SchemaDifference } from "../core/drift.ts";
import type { SchemaPart } from "../core/introspect-sql.ts";
import { isJoinedBy, nameSplitter } from "../internal/name-splitter.ts";

/** Stands where definitions that are shown have the schema's own name. */
const OWN_SCHEMA = "{schema}";

/** A schema, prepared for being compared with others. */
export class SchemaPicture {
  /** Every part by what it is called. */
  readonly parts: ReadonlyMap<string, SchemaPart>;
  /** The kind of each table and view. */
  readonly relations: ReadonlyMap<string, string>;
  /** The parts of each. */
  readonly children: ReadonlyMap<string, readonly SchemaPart[]>;
  /** How its own name may be written. */
  readonly spellings: readonly string[];
  readonly #split: (text: string) => string[];
  /** Those of the reference are asked for once for each tenant. */
  readonly #pieces = new Map<string, readonly string[]>();

  constructor(parts: readonly SchemaPart[], spellings: readonly string[]) {
    this.parts = new Map(parts.map((part) => [keyOf(part), part]));
    this.relations = new Map(
      parts.filter(({ kind }) => RELATIONS.has(kind)).map(({ kind, name }) => [name, kind]),
    );
    this.children = groupByTable(parts);
    this.spellings = spellings;
    this.#split = nameSplitter(spellings);
  }

  /** Takes a definition apart at the schema's own name. */
  split(definition: string): readonly string[] {
    let pieces = this.#pieces.get(definition);
    if (pieces === undefined) {
      pieces = this.#split(definition);
      this.#pieces.set(definition, pieces);
    }
    return pieces;
  }

  /** Writes a definition without the schema's own name. */
  show(definition: string): string {
    return this.split(definition).join(OWN_SCHEMA);
  }
}

function groupByTable(parts: readonly SchemaPart[]): Map<string, SchemaPart[]> {
  const children = new Map<string, SchemaPart[]>();
  for (const part of parts) {
    if (part.table === null) continue;
    const siblings = children.get(part.table);
    if (siblings === undefined) children.set(part.table, [part]);
    else siblings.push(part);
  }
  return children;
}

/** Kinds that have parts. */
const RELATIONS: ReadonlySet<string> = new Set([
  "foreign table",
  "materialized view",
  "table",
  "view",
]);

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
  const isListed = ({ table }: SchemaPart): boolean =>
    table === null || expected.relations.get(table) === actual.relations.get(table);
  for (const [key, part] of expected.parts) {
    const other = actual.parts.get(key);
    if (other === undefined) {
      if (isListed(part)) {
        differences.push({ ...named(part), change: "missing", expected: whole(part, expected) });
      }
    } else if (!isSame(part, expected, other, actual)) {
      differences.push({
        ...named(part),
        actual: actual.show(other.definition),
        change: "changed",
        expected: expected.show(part.definition),
      });
    }
  }
  for (const [key, part] of actual.parts) {
    if (expected.parts.has(key)) continue;
    if (isListed(part)) {
      differences.push({ ...named(part), actual: whole(part, actual), change: "extra" });
    }
  }
  differences.push(...compareOrder(expected, actual));
  return differences.toSorted(byPlace);
}

/**
 * Whether a definition is the reference's, with the one's own name wherever the reference has its own.
 * A word that only looks like a schema's name, such as the name of a table in a schema of the same
 * name, is no more than a word.
 */
// ISOLATION: else a function that reads another tenant's table is taken for the same. unit/drift/compare-schemas.test.ts
function isSame(
  part: SchemaPart,
  expected: SchemaPicture,
  other: SchemaPart,
  actual: SchemaPicture,
): boolean {
  const pieces = expected.split(part.definition);
  if (pieces.length === 1) return part.definition === other.definition;
  return isJoinedBy(pieces, actual.spellings, other.definition);
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
  if (part.table !== null || !RELATIONS.has(part.kind)) return picture.show(part.definition);
  const lines = (picture.children.get(part.name) ?? [])
    .toSorted((a, b) => (a.kind === "column" && b.kind === "column" ? 0 : byPlace(a, b)))
    .map(({ definition, kind, name }) => `  ${kind} ${name} ${picture.show(definition)}`);
  return [picture.show(part.definition), ...lines].join("\n");
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

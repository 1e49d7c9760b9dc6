import type { Statement } from "./dialect.ts";

/** Something that a schema holds, as its engine describes it. */
export interface SchemaPart {
  /** What it is, such as `"table"` or `"index"`. */
  readonly kind: string;
  /** Its name; of a function, with the types of its arguments. */
  readonly name: string;
  /** The table or view that it is a part of; `null` for what stands by itself. */
  readonly table: string | null;
  /** Everything about it that is compared, without its name; the schema's own name may be in it. */
  readonly definition: string;
}

/** What is to be read of which schema. */
export interface IntrospectRequest {
  /** The schema; the statements run in its scope. */
  readonly schemaName: string;
  /** Tables that are left out: the history of migrations. */
  readonly except: readonly string[];
  /** How long one statement may wait for a lock, in milliseconds, where that is said in its text. */
  readonly lockTimeoutMs: number;
}

/** Rows as a client library returns them. */
export type IntrospectedRows = readonly Readonly<Record<string, unknown>>[];

/**
 * Reads what is in a schema: yields statements, is given the rows of each, and returns the parts.
 * Pure: whoever runs the statements brings the connection. Columns come in their order, all else in
 * none. A sequence's position, comments, owners and rights are no part of it.
 */
export type Introspection = Generator<Statement, readonly SchemaPart[], IntrospectedRows>;

/** SQL that describes a schema so that it can be compared with others. */
export interface IntrospectSql {
  /** Reads a schema, in its scope. Throws where something cannot be read. */
  read(request: IntrospectRequest): Introspection;
  /** How a schema's name may be written in definitions: in SQL text, and in the literals of one. */
  spellings(schemaName: string): readonly string[];
  /** Rows `{ name: string }`: schemas whose names begin with this, whoever may see them. */
  list(prefix: string): Statement;
}

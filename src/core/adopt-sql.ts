import type { Statement } from "./dialect.ts";

/** Something that a schema holds by name. */
export interface HeldObject {
  /** What it is, in the engine's words. */
  readonly kind: string;
  /** Its name, unquoted and without its schema. */
  readonly name: string;
  /** Its full name, quoted where that is needed; of a function with the types of its arguments. */
  readonly identity: string;
  /** Why it stays where it is; reads on after its name. `null` for what is moved. */
  readonly stays: string | null;
  /** Why it can neither be moved nor stay; reads on after its name. */
  readonly refusal: string | null;
  /** Name of what it is a part of, without which it cannot be. */
  readonly partOf?: string | null;
}

/** A text in a schema that may name what is in it. */
export interface HeldText {
  /** Whose it is; words for people. */
  readonly object: string;
  /** Whether it is in the schema itself. */
  readonly isInside: unknown;
  /** The text. */
  readonly text: string;
}

/** SQL that makes a tenant of a schema that is there. */
export interface AdoptSql {
  /** Rows ({@link HeldObject}): what a schema holds, but not what goes along with something else of it. */
  contents(schemaName: string): Statement;
  /**
   * Rows ({@link HeldText}): texts that the server reads when they are run, and that have the schema's name
   * in them: those in the schema, and bodies of routines in any.
   */
  texts(schemaName: string): Statement;
  /** One row where there is such a table, whoever may see it. */
  hasTable(schemaName: string, table: string): Statement;
  /** All rows of a table. */
  readTable(schemaName: string, table: string): string;
  /** Moves objects, all or none. */
  move(objects: readonly HeldObject[], from: string, to: string): string;
  /** Gives a schema without a mark that of a tenant's id. */
  mark(schemaName: string, tenantId: string): string;
  /**
   * A note in a schema that is being adopted, so that whoever comes next goes on; `undefined` where all
   * of it is one transaction.
   */
  readonly note: AdoptNoteSql | undefined;
}

/** Where it is written down what a schema is becoming. */
export interface AdoptNoteSql {
  /** Makes the note. */
  create(schemaName: string, content: string): string;
  /** One row `{ content }`, if there is a note. */
  read(schemaName: string): Statement;
  /** Reads it. */
  toContent(row: Readonly<Record<string, unknown>>): string;
  /** Removes it. */
  remove(schemaName: string): string;
}

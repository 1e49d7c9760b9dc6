import type { Statement } from "./dialect.ts";

/** Whose ready-made schemas: those of one registry. Names are unquoted. */
export interface ReadyOwner {
  /** The global schema, which has the table. */
  readonly schema: string;
  /** Name of the registry, unlike any other's in that schema. */
  readonly registry: string;
}

/** One schema that waits for its tenant. */
export interface ReadySchema {
  /** Its name. */
  readonly schemaName: string;
  /** Fingerprint of the migrations that were applied to it. */
  readonly digest: string;
  /** Newest of them; `null` if there were none. */
  readonly version: string | null;
  /** Whether it may be handed out; if not, it is being made or removed. */
  readonly isReady: boolean;
}

/** SQL of the table of schemas that are ready for tenants to come. */
export interface ReadySql {
  /** Makes the table if it is missing. */
  create(schema: string): string;
  /**
   * Rows `{ schema_name, digest, version, is_ready }`, the oldest first. Where `take` looks at marks, a
   * row whose schema has another than this, or is not there, is not ready.
   *
   * @param mark - as for `take`
   */
  list(owner: ReadyOwner, mark: string): Statement;
  /**
   * One row of `list` with this fingerprint that may be handed out, taken until the transaction ends;
   * none that another transaction has taken.
   *
   * @param mark - begins the mark of every schema that waits for a tenant; its name is behind it
   */
  take(owner: ReadyOwner, digest: string, mark: string): Statement;
  /**
   * Whether `take` has looked at the schema's mark, and has deleted the row. Else both are to be done in
   * the same transaction.
   */
  readonly isTakenWhole: boolean;
  /** Inserts a row that may not be handed out yet. */
  add(owner: ReadyOwner, schema: Omit<ReadySchema, "isReady">): Statement;
  /** Changes whether a row may be handed out. */
  change(owner: ReadyOwner, schemaName: string, isReady: boolean): Statement;
  /** Deletes a row. */
  remove(owner: ReadyOwner, schemaName: string): Statement;
  /**
   * Rows `{ object: string }`, words for people: what in a schema has its name written in it, so that it
   * would be wrong under another one. `undefined` where schemas keep their names.
   */
  readonly listNaming: ((schemaName: string) => Statement) | undefined;
}

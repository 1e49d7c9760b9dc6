import type { Statement } from "./dialect.ts";

/**
 * What a schema holds. A `default` is one of a column, where it names something else in the schema;
 * `other` is what cannot be moved.
 */
export type MovableKind = "table" | "default" | "routine" | "view" | "trigger" | "event" | "other";

/** Something that a schema holds. */
export interface Movable {
  /** What it is. */
  readonly kind: MovableKind;
  /** Its name, unquoted and without its schema. */
  readonly name: string;
  /** What the engine calls its kind. */
  readonly type: string;
  /** The table that a trigger or a default belongs to. */
  readonly table: string | null;
  /** The expression of a default. */
  readonly expression: string | null;
}

/** How to make something again in the new schema. Plain data, as it is written down before anything goes. */
export interface Remake {
  /** What it is. */
  readonly kind: MovableKind;
  /** Its name. */
  readonly name: string;
  /** Statements that show, without what is moved, whether this session may make such a thing there. */
  readonly trial: readonly string[];
  /** Statements that come first, in the session's own settings. */
  readonly before: readonly string[];
  /** Statement that changes the session's settings to those that it was made with; `null` for none. */
  readonly settings: string | null;
  /** Statement that makes it, in the scope of the new schema. May be repeated, `before` with it. */
  readonly make: string;
  /** Statement that removes it from the old schema, if it is there; `null` if it went with its table. */
  readonly remove: string | null;
}

/** What the making of statements depends on. */
export interface MoveServer {
  /** Whether names that differ only in case are two names. */
  readonly isCaseSensitive: boolean;
  /** Whether any text can be run as a prepared statement. */
  readonly canPrepareAll: boolean;
  /** The session's own `sql_mode`. */
  readonly sqlMode: string;
  /** Statement that gives the session back the settings that a {@link Remake} changes. */
  readonly restore: string;
}

/** Names of the two schemas. */
export interface MoveNames {
  /** Where everything is. */
  readonly from: string;
  /** Where it is to be. */
  readonly to: string;
}

/** A table on its way: in `from`, or hidden there, or in `to`. */
export interface TableStep {
  /** Schema and name. */
  readonly from: readonly [schema: string, table: string];
  /** Schema and name afterwards. */
  readonly to: readonly [schema: string, table: string];
}

/** Where moves under way are written down: beside the registry's tables. */
export interface MoveJournalSql {
  /** Makes the table if it is missing. */
  create(schema: string): string;
  /** Whether an error says that it is missing. */
  isMissing(error: unknown): boolean;
  /** Rows `{ position, entry }` of one tenant's move, in order; the first is the move itself. */
  read(key: MoveKey): Statement;
  /** Rows `{ tenant_id, entry }`: the first of each move. */
  list(key: Omit<MoveKey, "tenantId">): Statement;
  /** Writes one entry, in place of what has its position. */
  write(key: MoveKey, position: number, entry: string): Statement;
  /** Removes entries from a position on; 0 is the move itself. */
  remove(key: MoveKey, position: number): Statement;
  /** Notes that the tenant gives a schema name up, beside those before it; it stays when the move is removed. */
  writeFreed(key: MoveKey, schemaName: string): Statement;
  /** One row `{ age_ms }`: how long ago another tenant gave the name up; `null` for never. */
  readFreed(key: MoveKey, schemaName: string): Statement;
  /** Removes such notes that are older than this. */
  removeFreed(key: Omit<MoveKey, "tenantId">, ageMs: number): Statement;
}

/** Whose move it is. */
export interface MoveKey {
  /** The registry's schema. */
  readonly schema: string;
  /** The registry's table of tenants: two registries may have the same ids. */
  readonly registry: string;
  /** The tenant's id. */
  readonly tenantId: string;
}

/**
 * SQL that moves what a schema holds into another one, where the engine cannot rename a schema. The
 * protocol is in the lifecycle; here is what it says to the server.
 */
export interface MoveSql {
  /** One row for `readServer`. */
  server(): Statement;
  /** Reads it. */
  readServer(row: Readonly<Record<string, unknown>>): MoveServer;
  /** Gives a schema the mark of a tenant's id, in place of another or none. */
  mark(schemaName: string, tenantId: string): string;
  /**
   * Statements that fail for a user who may not see everything of a kind in a schema, where what it may
   * not see looks as if it was not there. `of` is the kind, for people.
   */
  sight(schemaName: string): readonly { readonly of: string; readonly text: string }[];
  /** Statements whose rows, for `readMovable`, are all that a schema holds, the tenant's mark apart. */
  contents(schemaName: string): readonly Statement[];
  /** Reads one of these; `undefined` for what is another schema's, or needs no move. */
  readMovable(
    row: Readonly<Record<string, unknown>>,
    schemaName: string,
    server: MoveServer,
  ): Movable | undefined;
  /** Statement whose first row says how something was made; `undefined` if nobody has to know. */
  show(schemaName: string, movable: Movable): string | undefined;
  /**
   * Says how something is made again, or why it cannot be; the latter reads on after "The view v …".
   *
   * @param shown - the row of `show`
   */
  remake(
    movable: Movable,
    shown: Readonly<Record<string, unknown>>,
    names: MoveNames,
    server: MoveServer,
  ): Remake | string;
  /** Statement whose first row, for `alter`, says how a schema was made. */
  showSchema(schemaName: string): string;
  /** Gives another schema the same defaults: character set, collation, comment. */
  alter(shown: Readonly<Record<string, unknown>>, schemaName: string): string;
  /** Statements that make and remove what `trial` of triggers needs. */
  trialTable(schemaName: string): { readonly make: string; readonly remove: string };
  /** Name under which a table waits, where nobody looks for it, until its triggers are gone. */
  hiddenName(number: number): string;
  /** Whether it is such a name. */
  isHiddenName(name: string): boolean;
  /** Moves tables, all at one moment or none. */
  moveTables(steps: readonly TableStep[]): string;
  /** Removes a trigger. */
  removeTrigger(schemaName: string, name: string): string;
  /** Whether an error says that a statement names something that is not there yet. */
  isMissing(error: unknown): boolean;
  /** Where a move is written down. */
  readonly journal: MoveJournalSql;
}

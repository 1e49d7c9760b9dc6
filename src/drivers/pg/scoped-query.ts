import type { ConnectionState } from "./connection-state.ts";
import { enterError, mustEnter, shiftPosition, submitWithEnter, writeEnter } from "./enter.ts";
import {
  type CommandCompleteMessage,
  isStatementError,
  type PgClient,
  type PgQuery,
  type PgQueryClass,
  type QueryConfig,
  type Submittable,
  type Wire,
} from "./peer.ts";
import type { ScopePath } from "./search-path.ts";

/** A statement on its way: where it runs, and in which scope. */
export interface Target {
  /** Connection that nobody else holds. */
  readonly client: PgClient;
  /** What is known of it. */
  readonly state: ConnectionState;
  /** Scope to run in. */
  readonly scope: ScopePath;
}

/** A `pg.Query` that enters its scope in the message that carries it: one round trip. */
export interface ScopedQuery extends PgQuery {
  /** Whether this one entered the scope itself, because no transaction was open. */
  readonly hasEntered: boolean;
  /** How many statements of its text have run. */
  readonly completed: number;
  /**
   * Whether the statement that follows enters the scope for it: how a transaction is isolated can be said
   * before its first query alone, and what enters a scope is one.
   */
  leavesEntering: boolean;
}

/** Makes a {@link ScopedQuery} of an application's own `pg`. */
export type ScopedQueryClass = new (target: Target, config: QueryConfig) => ScopedQuery;

/**
 * Returns the subclass of one copy of `pg.Query` that enters scopes.
 *
 * States: created → (`submit`) entering → running → done, or straight to running inside a
 * transaction that is scoped. While entering, the row and the completion that arrive are those of
 * the statement that enters; an error then means that the user's statement did not run.
 */
export function scopedQueryClass(Query: PgQueryClass): ScopedQueryClass {
  return class extends Query implements ScopedQuery {
    hasEntered = false;
    completed = 0;
    leavesEntering = false;
    readonly #target: Target;
    #isEntering = false;
    #isText = false;

    constructor(target: Target, config: QueryConfig) {
      // `pg` copies a configuration property by property, which costs more than all the rest here.
      if (isPlain(config)) {
        super(config.text);
        this.values = config.values;
      } else super(config);
      withoutPages(this);
      this.#target = target;
    }

    override submit(wire: Wire): Error | null | undefined | void {
      const { client, scope, state } = this.#target;
      const status = client.getTransactionStatus();
      if (this.leavesEntering) {
        // ISOLATION: the scope of a statement before it ended with that. integration/pg/transactions.test.ts
        if (status !== "T") state.isScoped = false;
        return super.submit(wire);
      }
      if (!mustEnter(status, state)) return super.submit(wire);
      this.hasEntered = status !== "T";
      this.#isEntering = true;
      if (!this.requiresPreparation()) {
        this.#isText = true;
        return submitWithEnter(wire, scope, state, () => super.submit(wire));
      }
      wire.stream.cork();
      try {
        writeEnter(wire, scope, state);
        return super.submit(wire);
      } finally {
        wire.stream.uncork();
      }
    }

    override handleRowDescription(message: unknown): void {
      if (!this.#isEntering) super.handleRowDescription(message);
    }

    override handleDataRow(message: unknown): void {
      if (this.#isEntering) this.#target.scope.learn(message);
      else super.handleDataRow(message);
    }

    override handleCommandComplete(message: CommandCompleteMessage, wire: Wire): void {
      const { state } = this.#target;
      if (this.#isEntering) {
        this.#isEntering = false;
        state.isScoped = true;
        return;
      }
      this.completed += 1;
      state.noteEnd(message.text);
      super.handleCommandComplete(message, wire);
    }

    override handleError(error: Error, wire: Wire): void {
      const { scope } = this.#target;
      const said = this.#isEntering ? enterError(error, this.#target) : error;
      // What fails on this side has not kept the server from answering what was sent.
      if (isStatementError(error)) this.#isEntering = false;
      if (this.#isText) shiftPosition(said, scope);
      if (this.queryMode === "simple") Object.assign(said, { statementIndex: this.completed });
      super.handleError(said, wire);
    }
  };
}

/**
 * Makes a `pg.Query` fetch all rows at once. It collects them all anyway, and where it fetches page by
 * page an error leaves it, and whatever is sent after it, without an answer.
 */
function withoutPages(query: Submittable): void {
  if (query.requiresPreparation !== undefined) query.rows = undefined;
}

/** Whether a configuration has nothing but what can be set on the query afterwards. */
function isPlain(config: QueryConfig): boolean {
  return (
    config.rowMode === undefined &&
    config.types === undefined &&
    config.binary === undefined &&
    config.portal === undefined
  );
}

/**
 * Makes a foreign submittable (a cursor, a stream, a plain `pg.Query`, a COPY) run in its scope, and
 * reports when it has ended, with the server's error and what is said of it. Its methods are shadowed
 * on the object, which can be submitted only once anyway.
 *
 * What pages through a portal enters in the message that carries it, and what is a simple query in
 * its text; a COPY has `entry` before it.
 */
export function scopeSubmittable(
  target: Target,
  query: Submittable,
  entry: { readonly failure: Error | undefined } | undefined,
  onEnd: (error?: Error, said?: Error) => void,
): void {
  const { client, scope, state } = target;
  withoutPages(query);
  const original = {
    commandComplete: query.handleCommandComplete.bind(query),
    dataRow: query.handleDataRow?.bind(query),
    error: query.handleError.bind(query),
    readyForQuery: query.handleReadyForQuery.bind(query),
    rowDescription: query.handleRowDescription?.bind(query),
    submit: query.submit.bind(query),
  };
  const isText = query.requiresPreparation?.() === false;
  let isEntering = false;
  let refusal: Error | undefined;

  query.submit = (wire) => {
    if (entry !== undefined) return entry.failure ?? original.submit(wire);
    if (!mustEnter(client.getTransactionStatus(), state)) return original.submit(wire);
    isEntering = true;
    if (isText) return submitWithEnter(wire, scope, state, () => original.submit(wire));
    wire.stream.cork();
    try {
      writeEnter(wire, scope, state);
      // A refusal must not reach `pg`: the server still has to answer what was written.
      refusal = original.submit(wire) ?? undefined;
      if (refusal !== undefined) wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return undefined;
  };
  query.handleRowDescription = (message) => {
    if (!isEntering) original.rowDescription?.(message);
  };
  query.handleDataRow = (message) => {
    if (isEntering) scope.learn(message);
    else original.dataRow?.(message);
  };
  query.handleCommandComplete = (message, wire) => {
    if (isEntering) {
      isEntering = false;
      state.isScoped = true;
      return;
    }
    state.noteEnd(message.text);
    original.commandComplete(message, wire);
  };
  query.handleReadyForQuery = (wire) => {
    onEnd();
    if (refusal === undefined) original.readyForQuery(wire);
    else original.error(refusal, wire);
  };
  query.handleError = (error, wire) => {
    const said = isEntering ? enterError(error, target) : error;
    if (isText) shiftPosition(said, scope);
    if (isStatementError(error)) isEntering = false;
    onEnd(error, said);
    original.error(said, wire);
  };
}

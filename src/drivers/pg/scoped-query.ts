import type { ConnectionState } from "./connection-state.ts";
import { enterError, mustEnter, writeEnter } from "./enter.ts";
import type {
  CommandCompleteMessage,
  PgClient,
  PgQuery,
  PgQueryClass,
  QueryConfig,
  Submittable,
  Wire,
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
    readonly #target: Target;
    #isEntering = false;
    #completed = 0;

    constructor(target: Target, config: QueryConfig) {
      // `pg` copies a configuration property by property, which costs more than all the rest here.
      if (isPlain(config)) {
        super(config.text);
        this.values = config.values;
      } else super(config);
      this.#target = target;
    }

    override submit(wire: Wire): Error | null | undefined | void {
      const { client, scope, state } = this.#target;
      if (!mustEnter(client.getTransactionStatus(), state)) return super.submit(wire);
      this.hasEntered = true;
      this.#isEntering = true;
      wire.stream.cork();
      try {
        writeEnter(wire, scope, state);
        return super.submit(wire);
      } finally {
        wire.stream.uncork();
      }
    }

    override handleDataRow(message: unknown): void {
      if (!this.#isEntering) super.handleDataRow(message);
    }

    override handleCommandComplete(message: CommandCompleteMessage, wire: Wire): void {
      const { state } = this.#target;
      if (this.#isEntering) {
        this.#isEntering = false;
        state.isScoped = true;
        return;
      }
      this.#completed += 1;
      if (message.text === "COMMIT" || message.text === "ROLLBACK") state.isScoped = false;
      super.handleCommandComplete(message, wire);
    }

    override handleError(error: Error, wire: Wire): void {
      const said = this.#isEntering ? enterError(error, this.#target.scope) : error;
      this.#isEntering = false;
      if (this.queryMode === "simple") Object.assign(said, { statementIndex: this.#completed });
      super.handleError(said, wire);
    }
  };
}

/** Whether a configuration has nothing but what can be set on the query afterwards. */
function isPlain(config: QueryConfig): boolean {
  return (
    config.rowMode === undefined &&
    config.types === undefined &&
    config.rows === undefined &&
    config.binary === undefined &&
    config.portal === undefined
  );
}

/**
 * Makes a foreign submittable (a cursor, a stream, a COPY) enter its scope first, and reports when
 * it has ended. Its methods are shadowed on the object, which can be submitted only once anyway.
 *
 * What pages through a portal, and a plain `pg.Query`, take the same message as their statement.
 * Everything else is written after the scope was entered: COPY streams read the raw socket, and
 * would take the answer to the first statement for theirs.
 */
export function scopeSubmittable(target: Target, query: Submittable, onEnd: () => void): void {
  const { client, scope, state } = target;
  const original = {
    commandComplete: query.handleCommandComplete.bind(query),
    dataRow: query.handleDataRow?.bind(query),
    error: query.handleError.bind(query),
    readyForQuery: query.handleReadyForQuery.bind(query),
    submit: query.submit.bind(query),
  };
  const isFused = "handlePortalSuspended" in query;
  let isEntering = false;
  let refusal: Error | undefined;

  query.submit = (wire) => {
    if (!mustEnter(client.getTransactionStatus(), state)) return original.submit(wire);
    isEntering = true;
    wire.stream.cork();
    try {
      writeEnter(wire, scope, state);
      if (!isFused) {
        wire.flush();
        return undefined;
      }
      // A refusal must not reach `pg`: the server still has to answer what was written.
      refusal = original.submit(wire) ?? undefined;
      if (refusal !== undefined) wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return undefined;
  };
  query.handleDataRow = (message) => {
    if (!isEntering) original.dataRow?.(message);
  };
  query.handleCommandComplete = (message, wire) => {
    if (!isEntering) return original.commandComplete(message, wire);
    isEntering = false;
    state.isScoped = true;
    // Not in this call: the parser is still at work on the chunk that a COPY will detach it from.
    if (!isFused) process.nextTick(original.submit, wire);
  };
  query.handleReadyForQuery = (wire) => {
    onEnd();
    if (refusal === undefined) original.readyForQuery(wire);
    else original.error(refusal, wire);
  };
  query.handleError = (error, wire) => {
    const said = isEntering ? enterError(error, scope) : error;
    // Nothing has asked the server yet to end the message that failed.
    if (isEntering && !isFused) wire.sync();
    isEntering = false;
    onEnd();
    original.error(said, wire);
  };
}

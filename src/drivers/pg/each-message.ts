import type { QueryResult } from "../../core/driver.ts";
import {
  type CommandCompleteMessage,
  isStatementError,
  type Submittable,
  type Wire,
} from "./peer.ts";
import type { ScopedQuery, Target } from "./scoped-query.ts";

/** One statement of an {@link EachMessage}. */
export interface EachQuery {
  /** Where it runs. */
  readonly target: Target;
  /** What reads its rows. */
  readonly query: ScopedQuery;
  /** Name that it is prepared under, if it is. */
  readonly name: string | undefined;
  /** What its name is remembered by. */
  readonly key: string;
}

/**
 * Makes the transaction read-only. The server lets nobody take it back in the same transaction.
 *
 * @see https://www.postgresql.org/docs/current/sql-set-transaction.html
 */
const READ_ONLY_TEXT = "select pg_catalog.set_config('transaction_read_only', 'on', true)";

/**
 * Many statements in one message, each behind what enters its scope, in one implicit transaction that
 * only reads.
 *
 * The server answers in the order in which it was asked, and after an error nothing more: all that
 * comes before the end of the first statement is the first scope's, and so on. `pg` takes the message
 * for one query, with one Sync at its end.
 *
 * States: −1 (made read-only) → 0 → 1 … → all answered, or the one that failed.
 */
export class EachMessage implements Submittable {
  /** Results so far, in the order of the statements. */
  readonly answered: PromiseSettledResult<QueryResult>[] = [];
  /** `pg` calls it when its own timer has run out, and stops that timer around it. */
  callback: (error?: Error | null) => void;
  /** `pg` puts the pool's own parsers of values here. */
  readonly _result: { _types: unknown } = { _types: undefined };
  /** Where `pg` puts whether the pool wants binary values. */
  binary: boolean | undefined;
  readonly #queries: readonly EachQuery[];
  readonly #onEnd: (failure: Error | undefined) => void;
  #at = -1;
  #refusal: Error | undefined;
  #isDone = false;

  /** @param onEnd - called once, with why the statement after those answered failed */
  constructor(queries: readonly EachQuery[], onEnd: (failure: Error | undefined) => void) {
    this.#queries = queries;
    this.#onEnd = onEnd;
    this.callback = (error) => this.#end(error ?? undefined);
  }

  /** The statement that is being answered: `pg` notes by its name that it is prepared. */
  get name(): string | undefined {
    return this.#queries[this.#at]?.name;
  }

  /** Its text, for the same purpose. */
  get text(): string | undefined {
    return this.#queries[this.#at]?.query.text;
  }

  submit(wire: Wire): undefined {
    const { stream } = wire;
    const parts: Buffer[] = [];
    // One write: a socket takes longer over hundreds of small ones than the server over their answers.
    stream.write = (bytes) => parts.push(bytes) > 0;
    // One Sync for all: each of them would end the transaction, and begin one that may write.
    wire.sync = () => undefined;
    try {
      wire.parse({ text: READ_ONLY_TEXT });
      wire.bind({ values: [] });
      wire.execute({});
      for (const [index, each] of this.#queries.entries()) {
        this.#write(index, each, wire);
        // All of the message fails with one that could only be written by half.
        if (this.#refusal !== undefined) break;
      }
    } finally {
      // What was shadowed is the prototype's.
      Reflect.deleteProperty(wire, "sync");
      wire.sync();
      Reflect.deleteProperty(stream, "write");
      stream.write(Buffer.concat(parts));
    }
    return undefined;
  }

  handleRowDescription(message: unknown): void {
    this.#current?.handleRowDescription(message);
  }

  handleDataRow(message: unknown): void {
    this.#current?.handleDataRow(message);
  }

  handleCommandComplete(message: CommandCompleteMessage, wire: Wire): void {
    const query = this.#current;
    query?.handleCommandComplete(message, wire);
    // The first completion of each is that of what enters its scope.
    if (query === undefined || query.completed > 0) this.#next(wire);
  }

  /** A text without a statement ends so. */
  handleEmptyQuery(wire: Wire): void {
    this.#next(wire);
  }

  /** COPY to the client: its rows are no rows of a result. */
  handleCopyData(): void {}

  handleReadyForQuery(): void {
    this.callback(this.#refusal);
  }

  handleError(error: Error, wire: Wire): void {
    const query = this.#current;
    let said = error;
    if (query !== undefined) {
      query.callback = (failure) => (said = failure ?? error);
      query.handleError(error, wire);
    }
    // What the server has not parsed is not prepared.
    if (isStatementError(error)) this.#forgetUnparsed(wire);
    this.callback(said);
  }

  get #current(): ScopedQuery | undefined {
    return this.#queries[this.#at]?.query;
  }

  #write(index: number, { query }: EachQuery, wire: Wire): void {
    Object.assign(query, { binary: this.binary });
    Object.assign((query as unknown as { _result: object })._result, this._result);
    query.callback = (error) => {
      if (error) this.#refusal ??= error;
    };
    const refusal = query.submit(wire);
    if (refusal) this.#refusal ??= refusal;
    query.callback = (error, result) => {
      this.answered[index] = error
        ? { reason: error, status: "rejected" }
        : { status: "fulfilled", value: result as QueryResult };
    };
  }

  #next(wire: Wire): void {
    // Only now: a parser of values that throws is heard of here.
    this.#current?.handleReadyForQuery(wire);
    this.#at += 1;
  }

  #forgetUnparsed({ submittedNamedStatements }: Wire): void {
    for (const { name } of this.#queries.slice(this.#at)) {
      if (name !== undefined) delete submittedNamedStatements[name];
    }
  }

  #end(failure: Error | undefined): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#onEnd(failure);
  }
}

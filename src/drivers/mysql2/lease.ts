import { TenancyError } from "../../errors/tenancy-error.ts";
import { checkCharset } from "../mysql/charset.ts";
import { bindCallback, bindEvents, refuse } from "./answer.ts";
import { resetConnection } from "./clean-connection.ts";
import { forgetDatabase, lost } from "./connection-state.ts";
import type { Holding } from "./holding.ts";
import {
  type Callback,
  type ClientModule,
  type Command,
  isExecution,
  isHarmless,
  type PreparedStatement,
  type RawConnection,
  type StatementCache,
} from "./peer.ts";
import { mayHoldSql, noText, Run } from "./run.ts";
import { addTo, executeOn, prepareOn, queryOn, toExecution } from "./statements.ts";

/** What leases need of their pool, beside what is held. */
export interface LeaseSettings {
  /** `mysql2`'s own reading of the arguments of `query`. */
  readonly createQuery: ClientModule["createQuery"];
  /** Whether something is a query that was made already. */
  isQuery(value: unknown): value is Command;
  /** SQL that sets a session as it was when it was opened, if that is known. */
  readonly restoreText: string | undefined;
}

const leases = new WeakMap<object, Lease>();

/** Returns the lease that a connection stands for, if it is one that a pool has handed out. */
export function leaseOf(connection: unknown): Lease | undefined {
  return typeof connection === "object" && connection !== null ? leases.get(connection) : undefined;
}

/** Methods that may be called after the release, as they reach nothing. */
const LASTING: ReadonlySet<PropertyKey> = new Set([
  "escape",
  "escapeId",
  "format",
  "listenerCount",
  "listeners",
  "off",
  "promise",
  "raw",
  "removeListener",
]);

/** The part of the connection's cache that is shown. */
type ShownStatements = Pick<StatementCache, "delete" | "get">;

const NO_STATEMENTS: ShownStatements = { delete: () => false, get: () => undefined };

/**
 * One checkout of a connection for one scope.
 *
 * The caller gets a proxy of the connection: every statement enters the scope. Its release is
 * idempotent, and ends it: whatever still holds the proxy, or a statement that was prepared on it,
 * cannot reach the connection's next holder. Properties set on it stay with it.
 */
export class Lease {
  /** What the caller gets in place of the connection. */
  readonly connection: RawConnection;
  readonly #holding: Holding;
  readonly #settings: LeaseSettings;
  readonly #overlay = new Map<PropertyKey, unknown>();
  readonly #listeners: (readonly [event: string | symbol, listener: () => void])[] = [];

  constructor(holding: Holding, settings: LeaseSettings) {
    this.#holding = holding;
    this.#settings = settings;
    const own: Readonly<Record<string, (...args: never[]) => unknown>> = {
      addCommand: (command: Command) => this.#addCommand(command),
      changeUser: (...args: unknown[]) => this.#changeUser(args),
      close: () => this.release(true),
      destroy: () => this.release(true),
      end: (callback?: () => void) => this.#end(callback),
      execute: (...args: [unknown, unknown?, unknown?]) => this.#execute(...args),
      prepare: (sql: unknown, callback?: Callback) => this.#prepare(sql, callback),
      query: (...args: [unknown, unknown?, unknown?]) => this.#query(...args),
      release: () => this.release(false),
      removeAllListeners: (event?: string | symbol) => this.#removeAllListeners(event),
      reset: (callback?: Callback) => this.#reset(callback),
    };
    for (const [name, method] of Object.entries(own)) this.#overlay.set(name, method);
    for (const name of ["addListener", "on", "once", "prependListener", "prependOnceListener"]) {
      const listen = (event: string | symbol, listener: () => void): RawConnection =>
        this.#listen(name, event, listener);
      this.#overlay.set(name, listen);
    }
    this.connection = this.#proxy();
    leases.set(this.connection, this);
  }

  /**
   * Gives the connection back; later calls do nothing.
   *
   * @param destroy - whether to close it instead
   */
  release(destroy: boolean): void {
    if (this.#holding.isReleased) return;
    this.#removeAllListeners();
    this.#holding.release(destroy);
  }

  #query(sql: unknown, values?: unknown, callback?: unknown): Command {
    if (sql === null || sql === undefined) {
      throw new TypeError("The connection was passed a null or undefined query");
    }
    const { connection } = this.#holding;
    const command = this.#settings.isQuery(sql)
      ? sql
      : this.#settings.createQuery(sql, values, callback, connection.config);
    const isFormatted = connection.config.queryFormat !== undefined;
    const run = this.#newRun(command.sql, isFormatted || mayHoldSql(command.values));
    bind(command, run);
    const refusal = this.#refusalOf(command.sql, run);
    if (refusal === undefined) queryOn(this.#holding, command, run);
    else refuse(command, refusal);
    return command;
  }

  #execute(sql: unknown, values?: unknown, callback?: unknown): Command {
    const execution = toExecution(sql, values, callback);
    const { options } = execution;
    const answer = execution.callback && bindCallback(execution.callback);
    const run = this.#newRun(options.sql, false);
    const refusal = this.#refusalOf(options.sql, run);
    if (refusal !== undefined) return this.#refused(refusal, run, answer);
    const command = executeOn(this.#holding, options, run, answer);
    bindEvents(command, run);
    return command;
  }

  #prepare(sql: unknown, callback?: Callback): Command {
    const { options } = toExecution(sql, undefined, undefined);
    const answer = bindCallback(callback ?? (() => undefined));
    const run = this.#newRun(options.sql, false);
    const refusal = this.#refusalOf(options.sql, run);
    if (refusal !== undefined) return this.#refused(refusal, run, answer);
    const command: Command = prepareOn(this.#holding, options, run, (error, statement) => {
      if (error || statement === undefined) answer(error);
      else
        answer(
          null,
          this.#statement(statement, () => command.key),
        );
    });
    bindEvents(command, run);
    return command;
  }

  /** The statement, for as long as the lease lasts. */
  #statement(statement: PreparedStatement, keyOf: () => string | undefined): PreparedStatement {
    const close = (): void => {
      if (this.#holding.isReleased) return;
      const { _statements } = this.#holding.connection;
      const key = keyOf();
      const isKept = key !== undefined && _statements?.get(key) === statement;
      // It would be found again, and is closed when it is forgotten.
      if (isKept) _statements.delete(key);
      else statement.close();
    };
    return Object.create(statement, {
      // ISOLATION: it would reach the connection's next holder. leak/mysql2-lease.test.ts
      _connection: { value: this.connection },
      close: { value: close },
    }) as PreparedStatement;
  }

  /** Takes what the methods of `mysql2` make, and prepared statements. */
  #addCommand(command: Command): Command {
    const { connection, database, state } = this.#holding;
    const text = command.statement?.query.replace(database.tag, "");
    const run = this.#newRun(text ?? "", false);
    bind(command, run);
    const refusal = this.#refusalOf(text ?? "", run);
    if (refusal !== undefined) refuse(command, refusal);
    else if (isExecution(command)) addTo(this.#holding, command, run);
    else {
      state.adopting(
        (added) => {
          if (!isHarmless(added)) forgetDatabase(added, state);
          this.#holding.follow(added);
        },
        () => connection.addCommand(command),
      );
    }
    return command;
  }

  #changeUser(args: readonly unknown[]): unknown {
    const { connection, isReleased, state } = this.#holding;
    if (isReleased) return failCall(args);
    checkCharset(
      (args[0] as { readonly charset?: unknown } | undefined)?.charset,
      "charset",
      "mysql2",
    );
    // ISOLATION: the session's rights would be those of another user. leak/mysql2-lease.test.ts
    state.leave("destroy");
    const changeUser = Reflect.get(connection, "changeUser") as () => void;
    return Reflect.apply(changeUser, this.connection, args);
  }

  #reset(callback: Callback = () => undefined): void {
    const { connection, isReleased, state } = this.#holding;
    const { restoreText } = this.#settings;
    const answer = bindCallback(callback);
    if (isReleased) return process.nextTick(answer, ended());
    state.leave(restoreText === undefined ? "destroy" : "reset");
    const done = this.#holding.begin();
    resetConnection(connection, state, restoreText ?? "do 0")
      .then(
        () => answer(null),
        (error: Error) => {
          this.#holding.break();
          answer(error);
        },
      )
      .finally(done);
  }

  #end(callback?: () => void): void {
    this.release(this.#holding.connection.config.gracefulEnd === true);
    if (typeof callback === "function") process.nextTick(callback);
  }

  #listen(name: string, event: string | symbol, listener: () => void): RawConnection {
    const { connection, isReleased } = this.#holding;
    if (isReleased) return this.connection;
    this.#listeners.push([event, listener]);
    connection[name as "on"](event, listener);
    return this.connection;
  }

  #removeAllListeners(event?: string | symbol): RawConnection {
    const { connection } = this.#holding;
    // ISOLATION: they would hear what happens to the next holder. leak/mysql2-async-context.test.ts
    for (const [name, listener] of this.#listeners) {
      if (event === undefined || event === name) connection.removeListener(name, listener);
    }
    return this.connection;
  }

  #newRun(sql: unknown, hasHiddenText: boolean): Run {
    const { host, infos } = this.#holding.owner;
    const text = typeof sql === "string" ? sql : "";
    return new Run(text, infos.of(text), hasHiddenText, (error) =>
      host.logger.warn({ err: error }, "nobody listens to the error of a query"),
    );
  }

  #refusalOf(sql: unknown, run: Run): Error | undefined {
    // ISOLATION: the connection may be another's by now. leak/mysql2-lease.test.ts
    if (this.#holding.isReleased) return ended();
    if (this.#holding.state.isLost) return lost();
    if (typeof sql !== "string") return noText();
    return this.#holding.refusalOf(run.info);
  }

  #refused(refusal: Error, run: Run, answer: Callback | undefined): Command {
    const command = this.#settings.createQuery("", undefined, answer, {});
    bindEvents(command, run);
    refuse(command, refusal);
    return command;
  }

  /** The connection's prepared statements, as if their texts had no tag. */
  #statements(): ShownStatements {
    const { connection, database, isReleased } = this.#holding;
    const statements = connection._statements;
    if (statements === undefined || isReleased) return NO_STATEMENTS;
    const tagged = (key: string): string =>
      key.replace(/^[a-z]+\/[^]*?\/(?:true|false|undefined)/, (head) => head + database.tag);
    return {
      delete: (key) => statements.delete(tagged(key)),
      get: (key) => statements.get(tagged(key)),
    };
  }

  #proxy(): RawConnection {
    const overlay = this.#overlay;
    const holding = this.#holding;
    const proxy: RawConnection = new Proxy(holding.connection, {
      get: (connection, property) => {
        if (overlay.has(property)) return overlay.get(property);
        if (property === "_statements") return this.#statements();
        // What is written there reaches the next holder's server session.
        if (property === "stream" && holding.isReleased) throw ended();
        const value: unknown = Reflect.get(connection, property, connection);
        if (typeof value !== "function" || property === "constructor") return value;
        const method = (...args: unknown[]): unknown => {
          if (holding.isReleased && !LASTING.has(property)) return failCall(args);
          return Reflect.apply(value, proxy, args);
        };
        overlay.set(property, method);
        return method;
      },
      has: (connection, property) => overlay.has(property) || property in connection,
      set: (connection, property, value) => {
        // What `mysql2`'s own methods set is the connection's; anything else is the caller's.
        const isOwn = property === "_closing" || Object.hasOwn(connection, property);
        if (overlay.has(property) || !isOwn) overlay.set(property, value);
        else if (!holding.isReleased) Reflect.set(connection, property, value, connection);
        return true;
      },
    });
    return proxy;
  }
}

function bind(command: Command, run: Run): void {
  bindEvents(command, run);
  if (command.onResult) command.onResult = bindCallback(command.onResult);
}

/** Says by callback, if there is one, that the lease has ended. */
function failCall(args: readonly unknown[]): undefined {
  const callback = args.findLast((value) => typeof value === "function");
  if (callback === undefined) throw ended();
  process.nextTick(callback, ended());
  return undefined;
}

function ended(): TenancyError {
  return new TenancyError("LEASE_ENDED", "A database connection was used after its release.");
}

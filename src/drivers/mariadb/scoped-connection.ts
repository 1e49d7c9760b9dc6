import type { PoolConnection } from "mariadb";
import type { DriverHost } from "../../core/driver.ts";
import { errnoOf } from "../../dialects/mysql/errno.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { isBeyondAscii, isUtf8 } from "../mysql/charset.ts";
import {
  enterError,
  mayBeMissing,
  refuseStatement,
  type ScopeDatabase,
} from "../mysql/connection-database.ts";
import { isDeniedAndMissing } from "../mysql/denied-database.ts";
import { explainRefusal, maySplit } from "../mysql/statement-check.ts";
import type { StatementInfo, StatementInfos } from "../mysql/statement-info.ts";
import type { ConnectionState, ConnectionStates } from "./connection-state.ts";
import { charsetOf, isFatal, type Request, withText } from "./peer.ts";
import type { Prepared } from "./prepared-statements.ts";
import { PLAIN_OPTIONS, toQueryResult, withoutFirst } from "./results.ts";
import { readSettings, restoreSettings } from "./session-settings.ts";

/** What every statement of one pool has in common. */
export interface Execution {
  /** The tenancy. */
  readonly host: DriverHost;
  /** What is known of texts. */
  readonly infos: StatementInfos;
  /** What is known of connections. */
  readonly states: ConnectionStates;
  /** Whether one text may hold several statements unasked. */
  readonly allowMultipleStatements: boolean;
  /** Whether rows come with their columns in one array, unless a query says otherwise. */
  readonly hasMeta: boolean;
}

/** Which of what was left in the session the caller's own statements have left there. */
export interface MayRead {
  readonly insertId: boolean;
  readonly diagnostics: boolean;
}

/** `ER_UNSUPPORTED_PS`: the server has read all of the text, and found one statement. */
const ER_UNSUPPORTED_PS = 1295;
/** `ER_MAX_PREPARED_STMT_COUNT_REACHED` */
const ER_MAX_PREPARED_STMT_COUNT_REACHED = 1461;

/** Statements that are worth keeping prepared: they read or change rows, and nothing else. */
const KEEPABLE = /^\s*\(*\s*(?:select|insert|replace|update|delete|with)\b/i;
const IS_EMPTY = /^[\s;]*$/;
/** The library tells the file that the server asks for from the text's beginning. */
const LOADS_FILE = /\bload\b[^;]{0,100}\blocal\b/i;

/**
 * A physical connection that its holder uses in scopes. One call at a time: what two calls at once
 * would do to the session's database is nobody's guess.
 */
export class ScopedConnection {
  /** The connection itself; what is sent on it enters no scope. */
  readonly raw: PoolConnection;
  readonly #execution: Execution;

  constructor(raw: PoolConnection, execution: Execution) {
    this.raw = raw;
    this.#execution = execution;
  }

  /** What is known of its session. */
  get state(): ConnectionState {
    return this.#execution.states.of(this.raw);
  }

  /** Returns what is known of a request's text. */
  infoOf({ sql }: Request): StatementInfo {
    return this.#execution.infos.of(sql);
  }

  /** Runs one query as text. */
  async query(database: ScopeDatabase, request: Request, mayRead: MayRead): Promise<unknown> {
    const info = await this.#admit(database, request, mayRead);
    const { raw, state } = this;
    if (state.isIn(raw, database.schemaName) || !isFusable(request)) {
      await this.enter(database);
      this.state.session.note(info);
      return await this.#explained(
        database,
        raw.query(withText(request, request.sql), request.values),
      );
    }
    state.session.note(info);
    // ISOLATION: one message, so that the query does not run when the scope cannot be entered; two
    // that are sent at once both run. leak/mariadb-session.test.ts
    const text = `${database.useText}; ${request.sql}`;
    // ISOLATION: nobody knows how far a message got that failed. leak/mariadb-statements.test.ts
    state.session.current = undefined;
    const answers = await this.#explained(
      database,
      raw.query<unknown>(withText(request, text), request.values),
    );
    if (!info.mayMove) state.noteEntered(raw, database.schemaName);
    const { metaAsArray = this.#execution.hasMeta } = request.options ?? {};
    return withoutFirst(answers, metaAsArray);
  }

  /** Runs one query as a prepared statement. */
  async execute(database: ScopeDatabase, request: Request, mayRead: MayRead): Promise<unknown> {
    const info = this.#look(database, request, mayRead);
    const { state } = this;
    const { options, sql, values } = request;
    const key = isKeepable(info, sql) ? keyOf(database, request) : undefined;
    const known = key === undefined ? undefined : state.statements.get(key);
    // It stays in the database that it was prepared in: there is none to enter.
    if (known !== undefined) return await this.#explained(database, known.execute(values, options));
    await this.#beforeTrace(info);
    const prepared = await this.#prepareIn(database, request);
    const isKept = key !== undefined && state.statements.keep(key, prepared);
    this.state.session.note(info);
    try {
      return await this.#explained(database, prepared.execute(values, options));
    } finally {
      if (!isKept) prepared.close();
    }
  }

  /** Runs one query for many sets of values. */
  async batch(database: ScopeDatabase, request: Request, mayRead: MayRead): Promise<unknown> {
    const info = this.#look(database, request, mayRead);
    const { sql, values } = request;
    // The library never comes to an end with none.
    if (Array.isArray(values) && values.length === 0) return undefined;
    await this.enter(database);
    await this.#beforeTrace(info);
    this.state.session.note(info);
    return await this.#explained(database, this.raw.batch(withText(request, sql), values));
  }

  /** Prepares a statement that the caller keeps, and closes. */
  async prepare(database: ScopeDatabase, request: Request, mayRead: MayRead): Promise<Prepared> {
    const info = this.#look(database, request, mayRead);
    await this.#beforeTrace(info);
    const prepared = await this.#prepareIn(database, request);
    this.state.session.note(info);
    return prepared;
  }

  /** Makes ready for a query that is sent on the connection itself right afterwards. */
  async enterFor(database: ScopeDatabase, request: Request, mayRead: MayRead): Promise<void> {
    const info = await this.#admit(database, request, mayRead);
    await this.enter(database);
    this.state.session.note(info);
  }

  /**
   * Brings the session into a database, and waits until it is there.
   *
   * @throws TenancyError `SCHEMA_NOT_FOUND`
   */
  async enter(database: ScopeDatabase): Promise<void> {
    const { raw, state } = this;
    if (state.isIn(raw, database.schemaName)) return;
    // Until the server has said so, nobody knows.
    state.session.current = undefined;
    try {
      await raw.query(database.useText);
    } catch (error) {
      throw await this.#explainEntering(error as Error, database);
    }
    this.state.noteEntered(raw, database.schemaName);
  }

  /** Ends what the session holds, so that it is as when it was opened, but for its database. */
  async reset(): Promise<void> {
    const { raw, state } = this;
    await raw.reset();
    state.statements.forget();
    if (state.settings !== undefined) await restoreSettings(raw, state.settings);
    state.session.noteReset();
  }

  /** Returns what to tell the user about an error of a statement. */
  async explain(failure: Error, database: ScopeDatabase): Promise<Error> {
    const mayBeGone = mayBeMissing(failure) && !isFatal(failure) && this.raw.isValid();
    if (!mayBeGone) return await this.#explainDenied(failure, database);
    this.state.session.current = undefined;
    // Only the server can tell whether it was the scope's own database.
    return await this.enter(database).then(
      () => failure,
      (reason: Error) => reason,
    );
  }

  /** Looks at a text, and refuses what must not be sent. */
  #look(database: ScopeDatabase, request: Request, mayRead: MayRead): StatementInfo {
    const info = this.#execution.infos.of(request.sql);
    const refusal = refuseStatement(info, database, mayRead);
    if (refusal !== undefined) throw refusal;
    const { sql, values } = request;
    // ISOLATION: what the library writes in place of a character may end a string, and a value then be
    // a second statement. leak/mariadb-statements.test.ts
    if (!isUtf8(charsetOf(this.raw)) && isBeyondAscii([sql, values, database.schemaName])) {
      throw notUtf8(database);
    }
    return info;
  }

  /** As `look`, for text that the server would take for several statements without a word. */
  async #admit(
    database: ScopeDatabase,
    request: Request,
    mayRead: MayRead,
  ): Promise<StatementInfo> {
    const info = this.#look(database, request, mayRead);
    await this.#beforeTrace(info);
    if (this.#execution.allowMultipleStatements || !maySplit(request.sql)) return info;
    // ISOLATION: an injected `; use …` would run in another tenant's database. leak/mariadb-statements.test.ts
    await this.enter(database);
    try {
      (await this.raw.prepare(withText(request, request.sql))).close();
    } catch (error) {
      if (errnoOf(error) === ER_UNSUPPORTED_PS) return info;
      throw await this.explain(explainRefusal(error as Error, request.sql), database);
    }
    return info;
  }

  /** Notes how the session is set before a statement that may make a reset necessary. */
  async #beforeTrace(info: StatementInfo): Promise<void> {
    const { raw, state } = this;
    if (state.settings !== undefined || (info.trace === "none" && !info.setsNextTransaction))
      return;
    state.settings = await readSettings(raw);
  }

  /**
   * Prepares a statement in a database. The library's own `execute` is never used: it sends the
   * preparing and the executing at once, and the server then executes the statement that was prepared
   * last, whosesoever it is, when it can prepare no more.
   */
  async #prepareIn(database: ScopeDatabase, request: Request): Promise<Prepared> {
    const { raw, state } = this;
    const text = withText(request, request.sql);
    const prepare = (): Promise<Prepared> => raw.prepare(text) as Promise<Prepared>;
    // Both at once: to prepare in a wrong database changes nothing there.
    const [entered, prepared] = await Promise.allSettled([this.enter(database), prepare()]);
    if (entered.status === "rejected") {
      // ISOLATION: it is in the database before. leak/mariadb-session.test.ts
      if (prepared.status === "fulfilled") prepared.value.close();
      throw entered.reason;
    }
    if (prepared.status === "fulfilled") return prepared.value;
    if (errnoOf(prepared.reason) !== ER_MAX_PREPARED_STMT_COUNT_REACHED) {
      throw await this.explain(prepared.reason as Error, database);
    }
    // Those that are kept are many, and all but one can do without.
    state.statements.close();
    return await this.#explained(database, prepare());
  }

  async #explained<T>(database: ScopeDatabase, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw await this.explain(error as Error, database);
    }
  }

  async #explainEntering(error: Error, database: ScopeDatabase): Promise<Error> {
    const said = enterError(error, database);
    if (said === error) return await this.#explainDenied(error, database);
    this.#execution.host.onSchemaMissing(database.schemaName);
    return said;
  }

  async #explainDenied(failure: Error, database: ScopeDatabase): Promise<Error> {
    const isMissing = await isDeniedAndMissing(failure, database.schemaName, async (sql, params) =>
      toQueryResult(await this.raw.query<unknown>({ ...PLAIN_OPTIONS, sql }, params)),
    ).catch(() => false);
    if (!isMissing) return failure;
    this.#execution.host.onSchemaMissing(database.schemaName);
    return enterError(failure, database, true);
  }
}

/** Whether the statement that enters a scope can be put before a query. */
function isFusable({ options, sql }: Request): boolean {
  // With a time limit the library makes the text a part of another statement. An empty one has no answer.
  return !options?.timeout && !LOADS_FILE.test(sql) && !IS_EMPTY.test(sql);
}

function isKeepable(info: StatementInfo, sql: string): boolean {
  return info.trace === "none" && !info.mayMove && KEEPABLE.test(sql);
}

// ISOLATION: a statement without its database in its key would be found by another tenant, and stays
// in the database that it was prepared in. leak/mariadb-statements.test.ts
function keyOf({ schemaName }: ScopeDatabase, { options, sql }: Request): string {
  const { namedPlaceholders, rowsAsArray } = options ?? {};
  return JSON.stringify([schemaName, namedPlaceholders, rowsAsArray, sql]);
}

function notUtf8({ tenant }: ScopeDatabase): TenancyError {
  return new TenancyError(
    "INVALID_QUERY",
    "A query with characters beyond ASCII was not sent: its session was set to another character set than UTF-8.",
    {
      remedy: "Leave out `set names`: the server converts to the character sets of your tables.",
      tenant,
    },
  );
}

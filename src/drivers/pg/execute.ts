import { createHash } from "node:crypto";
import type { QueryConfig as PgQueryConfig } from "pg";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { enterSession, lostSession } from "./enter.ts";
import {
  type Aftermath,
  type ExecuteCallback,
  isStatementError,
  type QueryConfig,
} from "./peer.ts";
import type { ScopedQuery, ScopedQueryClass, Target } from "./scoped-query.ts";
import type { ScopePath } from "./search-path.ts";
import type { StatementInfo, StatementInfos } from "./statement-info.ts";

/** What every statement of one pool has in common. */
export interface Execution {
  /** The application's `pg.Query`, scoped. */
  readonly Query: ScopedQueryClass;
  /** What is known of texts. */
  readonly infos: StatementInfos;
  /** Whether one text may hold several statements unasked. */
  readonly allowMultipleStatements: boolean;
  /** Whether a transaction pooler stands between. */
  readonly isPooled: boolean;
  /** Whether connections go from one tenant to the next without a reset of their session. */
  readonly isShared: boolean;
  /** Called when a tenant's schema turned out to be missing. */
  onSchemaMissing(schemaName: string): void;
}

/**
 * Runs one statement on a connection that the caller holds, and calls back once. The connection
 * may not be ready yet when that is with an error; see `whenReady`.
 */
export function execute(
  execution: Execution,
  target: Target,
  config: QueryConfig,
  callback: ExecuteCallback,
): void {
  const info = typeof config.text === "string" ? execution.infos.of(config.text) : undefined;
  const refusal = refuse(config, info, execution, target);
  if (refusal !== undefined || info === undefined) {
    process.nextTick(callback, refusal, undefined, "ready");
    return;
  }
  const key = `${target.scope.key} ${info.key}`;
  const name =
    config.queryMode === "simple"
      ? undefined
      : nameOf(target, info, key, config.name !== undefined);
  target.state.leave(info.trace);
  const query = newQuery(execution, target, config, name);
  query.leavesEntering = info.opensTransaction;
  query.callback = once((error, result) => {
    if (!error) return callback(null, result, "ready");
    if ((error as { code?: unknown }).code === "SCHEMA_NOT_FOUND") {
      execution.onSchemaMissing(target.scope.schemaName);
    }
    const isUnfit = name !== undefined && isStatementError(error) && isStale(error);
    // In a transaction it cannot be tried once more, and the next one must not find it.
    if (isUnfit) target.state.dropName(key);
    if (!isStatementError(error) || !query.hasEntered || query.completed > 0) {
      return callback(explain(error), undefined, aftermathOf(error));
    }
    if (isUnfit) {
      // The server refused before it ran anything: the tables changed since it was prepared.
      return whenReady(target, () => submit(newQuery(execution, target, config, undefined)));
    }
    if (error.routine === "PreventInTransactionBlock") {
      return whenReady(target, () => runInSession(execution, target, config, error, callback));
    }
    // Our names mean one statement each: one that is there already was made for somebody else.
    const said = name !== undefined && error.code === "42P05" ? lostSession(error) : explain(error);
    callback(said, undefined, aftermathOf(error));
  });
  target.client.query(query as never);

  function submit(again: ScopedQuery): void {
    again.callback = once((error, result) => {
      callback(error && explain(error), result, error ? aftermathOf(error) : "ready");
    });
    target.client.query(again as never);
  }
}

function aftermathOf(error: Error): Aftermath {
  return isStatementError(error) || isStatementError(error.cause) ? "failing" : "broken";
}

/**
 * Calls `fn` when the server has ended the message that failed: the status of the transaction,
 * and whether the connection can be given on, are only known then.
 */
export function whenReady(target: Target, fn: () => void): void {
  const { client } = target;
  const { connection } = client;
  // A parser of values that throws is heard of when the server is ready already.
  if (client.readyForQuery) return fn();
  const done = (): void => {
    connection.removeListener("readyForQuery", done);
    client.removeListener("end", done);
    fn();
  };
  connection.once("readyForQuery", done);
  client.once("end", done);
}

/** Makes what is submitted for one statement. */
export function newQuery(
  execution: Execution,
  target: Target,
  config: QueryConfig,
  name: string | undefined,
): ScopedQuery {
  const query = new execution.Query(target, config);
  query.name = name;
  query.queryMode = config.queryMode;
  // Several statements in one text exist only in the simple protocol.
  // ISOLATION: an injected `; set search_path …` is refused by the server. leak/statements.test.ts
  if (config.queryMode !== "simple" && !execution.allowMultipleStatements) {
    query.queryMode = "extended";
  }
  // `pg` looks for it on whatever is submitted.
  if (config.query_timeout !== undefined) query.query_timeout = config.query_timeout;
  return query;
}

/** Returns the name that a statement is prepared under, or `undefined` to send it without one. */
export function nameOf(
  target: Target,
  info: StatementInfo,
  key: string,
  isNamed: boolean,
): string | undefined {
  // ISOLATION: one name for two tenants' tables fails, or worse, reads the other's. leak/statements.test.ts
  if (!isNamed && !info.isPreparable) return undefined;
  return target.state.nameOf(key, isNamed, () => statementName(target.scope, info.text));
}

function statementName(scope: ScopePath, text: string): string {
  return `kirayedar_${createHash("sha256").update(`${scope.schemaVersion}\0${text}`).digest("base64url")}`;
}

/**
 * Refuses what must not reach the server: what `pg` would find out only after the scope has been
 * written, and what would stay in a pooler's session for whoever gets it next.
 */
export function refuse(
  config: QueryConfig,
  info: StatementInfo | undefined,
  execution: Execution,
  target: Target,
): TenancyError | undefined {
  if (info === undefined) return new TenancyError("INVALID_QUERY", "A query has no text.");
  const refusal = refuseText(info, execution, target);
  if (refusal !== undefined) return refusal;
  if (config.values !== undefined && config.values !== null && !Array.isArray(config.values)) {
    return new TenancyError("INVALID_QUERY", "The values of a query are not an array.");
  }
  return undefined;
}

/** Refuses what depends on a session that is other tenants' too. */
export function refuseText(
  info: StatementInfo,
  execution: Execution,
  target: Target,
): TenancyError | undefined {
  // ISOLATION: behind a transaction pooler the session is another tenant's a moment later. leak/pgbouncer.test.ts
  if (execution.isPooled && info.trace !== "none") return needsSession(target);
  // ISOLATION: the last number of the session may be one of another tenant. leak/session-traces.test.ts
  if (!execution.isShared || !info.readsSession) return undefined;
  return new TenancyError("INVALID_QUERY", "`lastval()` may tell the number of another tenant.", {
    remedy: "Use `returning`, or `currval` with the sequence's name.",
    tenant: target.scope.tenant,
  });
}

/** Whether a prepared statement no longer fits its tables, or is gone. */
export function isStale(error: { readonly code: string; readonly routine?: string }): boolean {
  return error.routine === "RevalidateCachedQuery" || error.code === "26000";
}

/** Returns what to tell the user about an error of the server. */
export function explain(error: Error): Error {
  const isMultiple =
    isStatementError(error) && error.code === "42601" && error.routine === "exec_parse_message";
  if (!isMultiple) return error;
  return new TenancyError("MULTIPLE_STATEMENTS", "One query text holds several statements.", {
    cause: error,
  });
}

/**
 * Runs what refuses a transaction block (`vacuum`, `create index concurrently`) with the scope in
 * the session, and takes it out again; if that fails, the connection is not used again.
 */
function runInSession(
  execution: Execution,
  target: Target,
  config: QueryConfig,
  refusal: Error,
  callback: ExecuteCallback,
): void {
  const { client, state } = target;
  if (execution.isPooled) {
    callback(needsSession(target, refusal), undefined, "ready");
    return;
  }
  state.leave("reset");
  const steps = async (): Promise<unknown> => {
    await enterSession(target);
    const { text, values } = config;
    const whole = { ...config, rows: undefined, text, values: values && [...values] };
    return await client.query(whole as PgQueryConfig);
  };
  steps().then(
    (result) => callback(null, result, "ready"),
    (error: Error) => callback(error, undefined, aftermathOf(error)),
  );
}

/** What to tell the user about a statement that a transaction pooler makes impossible. */
export function needsSession(target: Target, cause?: Error): TenancyError {
  return new TenancyError(
    "STATEMENT_NEEDS_SESSION",
    "A statement that needs a session of its own was sent through a transaction pooler.",
    { cause, tenant: target.scope.tenant },
  );
}

function once(
  callback: (error: Error | null | undefined, result?: unknown) => void,
): (error: Error | null | undefined, result?: unknown) => void {
  let isDone = false;
  return (error, result) => {
    if (isDone) return;
    isDone = true;
    callback(error, result);
  };
}

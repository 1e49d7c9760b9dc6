import { AsyncResource } from "node:async_hooks";
import { readFile } from "node:fs/promises";
import { outsideScope, type Scope } from "../../core/scope.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { checkText } from "./check-text.ts";
import { holdOutcome, type Outcome } from "./outcome.ts";
import { type PostgresMaker, type QueryLike, textOf } from "./peer.ts";
import { type ScopeEntries, send } from "./scope-entry.ts";

/** What queries are sent with. */
export interface Sending {
  readonly entries: ScopeEntries;
  readonly sql: PostgresMaker;
}

/** Checks a query that is about to be sent, and has its callbacks run where it was executed. */
// ISOLATION: callbacks would run in the async context of whoever opened the connection.
// integration/orm/postgres-js/tenant-sql.test.ts
export function readyQuery(query: QueryLike): void {
  if (query.cursorFn) query.cursorFn = AsyncResource.bind(query.cursorFn);
  if (query.forEachFn) query.forEachFn = AsyncResource.bind(query.forEachFn);
  checkText(textOf(query));
}

/** Reads a query's text from its file, as postgres.js itself would: it is to be checked. */
export async function readText(query: QueryLike, path: string): Promise<void> {
  query.strings = [await readFile(path, "utf8")];
}

/**
 * Sends a query in a transaction of its own, which is entered by the message before it. The connection is
 * postgres.js's own again when the server says that no transaction is open; what was entered ends with it.
 */
export async function sendScoped(
  { entries, sql }: Sending,
  query: QueryLike,
  scope: Scope | undefined,
  path?: string,
): Promise<void> {
  const outcome = holdOutcome(query);
  try {
    if (scope === undefined) throw scopeMissing();
    if (query.streaming === true) throw noCopy();
    if (path !== undefined) await readText(query, path);
    readyQuery(query);
    const enter = await entries.prepare(scope);
    const value = await inTransaction(sql, query, outcome, enter).catch((error: unknown) => {
      if (!isStale(error)) throw error;
      renew(query, outcome);
      return inTransaction(sql, query, outcome, enter);
    });
    outcome.deliver(value);
  } catch (error) {
    outcome.fail(error);
  }
}

type Enter = Awaited<ReturnType<ScopeEntries["prepare"]>>;

function inTransaction(
  sql: PostgresMaker,
  query: QueryLike,
  outcome: Outcome,
  enter: Enter,
): Promise<unknown> {
  return outsideScope(() =>
    sql.begin("", async (tx) => {
      // postgres.js has answered it already, and would wait for an answer of the server.
      if (query.cancelled) return outcome.settled;
      const entering = enter(tx);
      // ISOLATION: in the transaction that is open by now: if the switch fails, so does the query.
      // integration/orm/postgres-js/tenant-sql.test.ts
      send(query, tx.unsafe(""));
      await entering;
      return outcome.settled;
    }),
  );
}

/** Readies a query to be sent once more; nothing of it was run, and nothing of it was told. */
function renew(query: QueryLike, outcome: Outcome): void {
  outcome.renew();
  // What it was given is made into text when it is sent.
  Object.assign(query, { active: false, parameters: undefined, retried: undefined });
}

/**
 * Whether a statement that this connection has prepared has other columns in this tenant. postgres.js
 * forgets it, and sends the query again, which in a transaction is too late.
 */
function isStale(error: unknown): boolean {
  const { code, routine } = error as { readonly code?: unknown; readonly routine?: unknown };
  return code === "0A000" && routine === "RevalidateCachedQuery";
}

/** A query, or a transaction, in no scope. */
export function scopeMissing(): TenancyError {
  return new TenancyError("TENANT_REQUIRED", "A query was written in no tenant's scope.");
}

function noCopy(): TenancyError {
  return new TenancyError("INVALID_QUERY", "A COPY needs a transaction around it.", {
    remedy: "Call `readable()` or `writable()` of a query in `sql.begin`.",
  });
}

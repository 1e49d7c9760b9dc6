import type { QueryResult } from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { isTenancyError, TenancyError } from "../../errors/tenancy-error.ts";
import { EachMessage, type EachQuery } from "./each-message.ts";
import { explain, isStale, nameOf, newQuery, refuse, whenReady } from "./execute.ts";
import { isStatementError } from "./peer.ts";
import type { StatementInfo } from "./statement-info.ts";
import type { Borrowed } from "./tenant-pool.ts";

/** One statement, and the scopes that it is to be run in. */
export interface EachRequest {
  readonly scopes: readonly Scope[];
  readonly text: string;
  readonly values: readonly unknown[] | undefined;
}

type Outcome = PromiseSettledResult<QueryResult>;

/**
 * Runs one statement in each of several scopes on one connection, in read-only transactions: one
 * message for all of them, and one more for each scope in which it fails.
 *
 * What a message has answered before its failure stays good, as nothing of it was a change. After a
 * failure the messages are short again, so that a statement that fails everywhere is not sent for all
 * of the rest each time.
 *
 * @throws TenancyError `INVALID_QUERY`; the driver's error when the connection is lost
 */
export async function queryEach(borrowed: Borrowed, request: EachRequest): Promise<Outcome[]> {
  const { execution } = borrowed;
  const info = execution.infos.of(request.text);
  const outcomes: Outcome[] = [];
  let size = request.scopes.length;
  let isUnnamed = false;
  while (outcomes.length < request.scopes.length) {
    const scopes = request.scopes.slice(outcomes.length, outcomes.length + size);
    const queries = scopes.map((scope, index) =>
      toQuery(borrowed, request, info, scope, isUnnamed && index === 0),
    );
    const { answered, failure } = await send(borrowed, queries);
    outcomes.push(...answered);
    const failed = queries[answered.length];
    isUnnamed = false;
    if (failure === undefined || failed === undefined) {
      size *= 2;
      continue;
    }
    size = 1;
    if (failed.name !== undefined && isStatementError(failure) && isStale(failure)) {
      // The server refused before it ran anything: the tables changed since it was prepared.
      failed.target.state.dropName(failed.key);
      isUnnamed = true;
      continue;
    }
    if (isTenancyError(failure, "SCHEMA_NOT_FOUND")) {
      execution.onSchemaMissing(failed.target.scope.schemaName);
    }
    outcomes.push({ reason: explain(failure), status: "rejected" });
  }
  return outcomes;
}

function toQuery(
  borrowed: Borrowed,
  { text, values }: EachRequest,
  info: StatementInfo,
  scope: Scope,
  isUnnamed: boolean,
): EachQuery {
  const { execution } = borrowed;
  const target = borrowed.at(scope);
  const config = { text, values };
  const refusal = refuse(config, info, execution, target) ?? refuseTrace(info);
  if (refusal !== undefined) throw refusal;
  const key = `${target.scope.key} ${info.key}`;
  const name = isUnnamed ? undefined : nameOf(target, info, key, false);
  return { key, name, query: newQuery(execution, target, config, name), target };
}

// ISOLATION: what one tenant's statement leaves in the session, the next one's would find.
// integration/reports/query-all.test.ts
function refuseTrace({ trace }: StatementInfo): TenancyError | undefined {
  if (trace === "none") return undefined;
  return new TenancyError(
    "INVALID_QUERY",
    "A report's text would leave something in the session.",
    {
      remedy: "Run it tenant by tenant, with `forEachTenant`.",
    },
  );
}

/** Sends one message; resolves when the connection is ready for the next one. */
function send({ client }: Borrowed, queries: readonly EachQuery[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const message = new EachMessage(queries, (failure) => {
      const target = queries[0]?.target;
      const isAlive = failure === undefined || isStatementError(failure.cause ?? failure);
      if (failure !== undefined && !isAlive) return reject(failure);
      if (target === undefined) return resolve({ answered: [], failure });
      whenReady(target, () => {
        // ISOLATION: in a transaction that is open, the next message would enter no scope. leak/reports.test.ts
        if (client.getTransactionStatus() === "I") resolve({ answered: message.answered, failure });
        else reject(leftOpen());
      });
    });
    client.query(message as never);
  });
}

/** What the server said to one message. */
interface Answer {
  /** Results of the first statements. */
  readonly answered: readonly PromiseSettledResult<QueryResult>[];
  /** Why the one after them failed. */
  readonly failure: Error | undefined;
}

function leftOpen(): TenancyError {
  return new TenancyError("TRANSACTION_LEFT_OPEN", "A report's text left a transaction open.", {
    remedy: "Leave it out: each tenant is read in a transaction of its own.",
  });
}

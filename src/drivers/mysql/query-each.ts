import type { DriverHost, QueryResult } from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { isTenancyError, TenancyError } from "../../errors/tenancy-error.ts";
import { explainConnectionFailure } from "../../internal/connection-failure.ts";
import type { Wire } from "./client-library.ts";
import { refuseStatement, ScopeDatabases } from "./connection-database.ts";
import { MysqlSession } from "./session.ts";
import { StatementInfos } from "./statement-info.ts";

/** One statement, and the scopes that it is to be run in. */
export interface EachRequest {
  readonly scopes: readonly Scope[];
  readonly text: string;
  readonly params: readonly unknown[] | undefined;
}

/** Nothing that others have left in the session is there to be read. */
const NOTHING = { diagnostics: false, insertId: false } as const;

/** What texts may do to a session. Only one statement is let through by the connections. */
const infos = new StatementInfos(false);

/**
 * Runs one statement in each of several scopes on one connection, in one transaction that only reads. A
 * statement that fails does not end it.
 *
 * @throws TenancyError `INVALID_QUERY`, `DATABASE_UNAVAILABLE`
 */
export async function queryEach<Row>(
  wire: Wire,
  host: DriverHost,
  { params, scopes, text }: EachRequest,
): Promise<PromiseSettledResult<QueryResult<Row>>[]> {
  const session = new MysqlSession(wire, host);
  const outcomes: PromiseSettledResult<QueryResult<Row>>[] = [];
  // For the session too: DDL commits, and would then run in a transaction that is begun for it.
  await wire.query("set session transaction read only");
  await wire.query("start transaction read only");
  for (const scope of scopes) {
    try {
      const value = await session.query<Row>(scope, text, params);
      outcomes.push({ status: "fulfilled", value });
    } catch (error) {
      const reason = explainConnectionFailure(error);
      if (isTenancyError(reason, "DATABASE_UNAVAILABLE")) throw reason;
      outcomes.push({ reason, status: "rejected" });
    }
  }
  return outcomes;
}

/**
 * Refuses a text that would leave something in its session.
 *
 * @throws TenancyError `INVALID_QUERY`
 */
export function checkEach(host: DriverHost, { scopes, text }: EachRequest): void {
  if (typeof text !== "string") throw new TenancyError("INVALID_QUERY", "A query has no text.");
  const info = infos.of(text);
  const [first] = scopes;
  const database = first && new ScopeDatabases(host).of(first);
  const refusal = database && refuseStatement(info, database, NOTHING);
  if (refusal !== undefined) throw refusal;
  // ISOLATION: what one tenant's statement leaves in the session, the next one's would find.
  // integration/reports/query-all.test.ts
  if (info.mayMove || info.setsNextTransaction || info.trace !== "none") {
    throw new TenancyError(
      "INVALID_QUERY",
      "A report's text would leave something in the session.",
      { remedy: "Run it tenant by tenant, with `forEachTenant`." },
    );
  }
}

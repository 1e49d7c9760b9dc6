import type { DriverHost, QueryResult } from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { isTenancyError, TenancyError } from "../../errors/tenancy-error.ts";
import { explainConnectionFailure } from "../../internal/connection-failure.ts";
import type { Wire, Wires } from "./client-library.ts";
import { refuseStatement, ScopeDatabases } from "./connection-database.ts";
import { giveBack } from "./give-back.ts";
import { BatchText } from "./query-batch.ts";
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

/** Connections of one shard. */
export interface EachWires {
  /** Takes several statements in one text. */
  readonly batch: Wires;
  /** Takes one: for what cannot be run with others. */
  readonly single: Wires;
}

type Outcome<Row> = PromiseSettledResult<QueryResult<Row>>;

/**
 * Runs one statement in each of several scopes, in transactions that only read. All of them travel in
 * one text; when it fails in any of them the text is halved, until each of those has one of its own.
 *
 * @throws TenancyError `DATABASE_UNAVAILABLE`
 */
export async function queryEach<Row>(
  wires: EachWires,
  host: DriverHost,
  request: EachRequest,
): Promise<Outcome<Row>[]> {
  const answered = new Map<Scope, QueryResult<Row>>();
  const wire = await wires.batch.acquire();
  try {
    await runBatches(wire, host, request, answered);
  } finally {
    await giveBack(wire);
  }
  const left = request.scopes.filter((scope) => !answered.has(scope));
  const singly =
    left.length === 0
      ? new Map<Scope, Outcome<Row>>()
      : await runSingly<Row>(wires.single, host, { ...request, scopes: left });
  return request.scopes.map((scope) => {
    const value = answered.get(scope);
    if (value !== undefined) return { status: "fulfilled", value };
    return singly.get(scope) ?? { reason: new Error("Not answered."), status: "rejected" };
  });
}

/** Answers the scopes that can be answered in batches. */
async function runBatches<Row>(
  wire: Wire,
  host: DriverHost,
  { params, scopes, text }: EachRequest,
  answered: Map<Scope, QueryResult<Row>>,
): Promise<void> {
  const databases = new ScopeDatabases(host);
  const batch = await BatchText.begin(wire, text, params);
  const waiting = batch === undefined ? [] : [scopes];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    try {
      const results = await batch?.run(part.map((scope) => databases.of(scope)));
      for (const [index, scope] of part.entries()) {
        answered.set(scope, results?.[index] as QueryResult<Row>);
      }
    } catch (error) {
      const reason = explainConnectionFailure(error);
      if (isTenancyError(reason, "DATABASE_UNAVAILABLE")) throw reason;
      await batch?.rollBack();
      if (part.length === 1) continue;
      const half = Math.ceil(part.length / 2);
      waiting.push(part.slice(half), part.slice(0, half));
    }
  }
}

/** Runs the statement in one scope after the other. One that fails does not end the transaction. */
async function runSingly<Row>(
  wires: Wires,
  host: DriverHost,
  { params, scopes, text }: EachRequest,
): Promise<Map<Scope, Outcome<Row>>> {
  const outcomes = new Map<Scope, Outcome<Row>>();
  const wire = await wires.acquire();
  try {
    const session = new MysqlSession(wire, host);
    await wire.query("set session transaction read only");
    await wire.query("start transaction read only");
    for (const scope of scopes) {
      try {
        const value = await session.query<Row>(scope, text, params);
        outcomes.set(scope, { status: "fulfilled", value });
      } catch (error) {
        const reason = explainConnectionFailure(error);
        if (isTenancyError(reason, "DATABASE_UNAVAILABLE")) throw reason;
        outcomes.set(scope, { reason, status: "rejected" });
      }
    }
    return outcomes;
  } finally {
    await giveBack(wire);
  }
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

import type { Driver, QueryResult } from "../core/driver.ts";
import type { ReportItem, ReportOptions } from "../core/reports.ts";
import { scopeOf } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { badOption, checkCount, checkSignal } from "../internal/call-options.ts";

const DEFAULT_CONCURRENCY = 4;
const MAX_CONCURRENCY = 16;
const DEFAULT_BATCH = 50;
const MAX_BATCH = 1_000;

/** What a report works with. */
export interface ReportDeps {
  /** The database. */
  readonly driver: Pick<Driver, "queryEach">;
  /** The tenants. */
  readonly tenants: ReportTenants;
  /** Runs what must end before the connections do, unless the tenancy is closed. */
  track<T>(fn: () => Promise<T>): Promise<T>;
}

/** The tenants that a report is about. */
export interface ReportTenants {
  /** Reads them, as they are needed. */
  read(): AsyncGenerator<Tenant, void, undefined>;
  /** Says why one of them is not to be asked, if it is not. */
  refusal(tenant: Tenant): Error | undefined;
  /** Reads one of them again; `undefined` when it is none of them any more. */
  readAgain(tenant: Tenant): Promise<Tenant | undefined>;
}

/** A report that was checked, and not begun. */
interface Report {
  readonly batchSize: number;
  readonly concurrency: number;
  readonly params: readonly unknown[] | undefined;
  readonly signal: AbortSignal | undefined;
  readonly text: string;
}

/**
 * Asks all tenants the same, and returns their rows by slug, as they are read.
 *
 * Batches of tenants go to the connections in turn, each to the same one in every report as long as
 * the tenants are the same: what a connection has learned of their tables is used again. A batch is sent
 * when the one before it on its connection is handed out, so that a slow reader holds the report up,
 * and never more is in memory than one batch for each connection, and the one that is being read.
 *
 * @throws TenancyError `INVALID_QUERY` before anything is sent
 */
export function queryAll<Row>(
  deps: ReportDeps,
  text: string,
  params: readonly unknown[] | undefined,
  options: Omit<ReportOptions, "where"> = {},
): AsyncGenerator<ReportItem<Row>, void, undefined> {
  if (typeof text !== "string" || text.trim() === "") {
    throw new TenancyError("INVALID_QUERY", "A report has no text.");
  }
  if (params !== undefined && !Array.isArray(params)) throw badOption("params", "is not an array");
  checkSignal(options.signal);
  return run(deps, {
    batchSize: checkCount("batchSize", options.batchSize, {
      fallback: DEFAULT_BATCH,
      max: MAX_BATCH,
    }),
    concurrency: checkCount("concurrency", options.concurrency, {
      fallback: DEFAULT_CONCURRENCY,
      max: MAX_CONCURRENCY,
    }),
    params,
    signal: options.signal,
    text,
  });
}

async function* run<Row>(
  deps: ReportDeps,
  report: Report,
): AsyncGenerator<ReportItem<Row>, void, undefined> {
  const batches = inBatches(deps.tenants.read(), report.batchSize);
  const sent: Promise<ReportItem<Row>[]>[] = [];
  let shard = 0;
  const sendNext = async (): Promise<void> => {
    report.signal?.throwIfAborted();
    const next = await deps.track(() => batches.next());
    if (next.done === true) return;
    const at = shard++ % report.concurrency;
    const answer = deps.track(() => ask<Row>(deps, report, next.value, at));
    // It is awaited below, unless the reader has had enough before.
    answer.catch(() => undefined);
    sent.push(answer);
  };
  try {
    while (sent.length < report.concurrency) {
      const before = sent.length;
      await sendNext();
      if (sent.length === before) break;
    }
    for (let answer = sent.shift(); answer !== undefined; answer = sent.shift()) {
      const items = await answer;
      await sendNext();
      yield* items;
    }
  } finally {
    // What was sent is answered before the report is over, whoever ended it.
    await Promise.allSettled(sent);
    await batches.return();
  }
}

async function* inBatches(
  tenants: AsyncGenerator<Tenant, void, undefined>,
  size: number,
): AsyncGenerator<Tenant[], void, undefined> {
  let batch: Tenant[] = [];
  for await (const tenant of tenants) {
    batch.push(tenant);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function ask<Row>(
  deps: ReportDeps,
  report: Report,
  batch: readonly Tenant[],
  shard: number,
): Promise<ReportItem<Row>[]> {
  const open = batch.filter((tenant) => deps.tenants.refusal(tenant) === undefined);
  const answers = await send<Row>(deps, report, open, shard);
  const items: ReportItem<Row>[] = [];
  for (const tenant of batch) {
    const answer = answers.get(tenant);
    if (answer?.status === "fulfilled") append(items, tenant, answer.value);
    else items.push(...(await askAgain<Row>(deps, report, tenant, shard, answer?.reason)));
  }
  return items;
}

async function send<Row>(
  { driver }: ReportDeps,
  { params, text }: Report,
  tenants: readonly Tenant[],
  shard: number,
): Promise<ReadonlyMap<Tenant, PromiseSettledResult<QueryResult<Row>>>> {
  if (tenants.length === 0) return new Map();
  const answers = await driver.queryEach<Row>(tenants.map(scopeOf), text, params, { shard });
  // ISOLATION: the driver answers in the order of the scopes; one too many or too few, and every row is
  // another tenant's. unit/reports/query-all.test.ts
  if (answers.length !== tenants.length) throw new Error("The driver has not answered each scope.");
  return new Map(tenants.map((tenant, index) => [tenant, answers[index] as never]));
}

function append<Row>(items: ReportItem<Row>[], { slug }: Tenant, { rows }: QueryResult<Row>): void {
  for (const row of rows) items.push({ ok: true, row, tenant: slug });
}

/** Leaves a tenant out that is gone meanwhile, finds one that was renamed, and reports any other. */
async function askAgain<Row>(
  deps: ReportDeps,
  report: Report,
  tenant: Tenant,
  shard: number,
  reason: unknown,
): Promise<ReportItem<Row>[]> {
  const refusal = deps.tenants.refusal(tenant);
  if (refusal !== undefined) return [failureOf(tenant, refusal)];
  const current = await deps.tenants.readAgain(tenant);
  if (current === undefined) return [];
  if (current.schemaName === tenant.schemaName) return [failureOf(tenant, reason)];
  const answer = (await send<Row>(deps, report, [current], shard)).get(current);
  if (answer?.status !== "fulfilled") return [failureOf(current, answer?.reason)];
  const items: ReportItem<Row>[] = [];
  append(items, current, answer.value);
  return items;
}

function failureOf({ slug }: Tenant, reason: unknown): ReportItem<never> {
  const error = reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
  return { error, ok: false, tenant: slug };
}

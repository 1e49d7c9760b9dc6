import type { QueryResult } from "../core/driver.ts";
import type { ForEachItem } from "../core/reports.ts";
import { EXIT_FAILED, EXIT_OK } from "./context.ts";
import { summarizeError } from "./error-report.ts";
import { printFailures, printNotReached, showProgress } from "./every-tenant.ts";
import { toJsonError } from "./json.ts";
import type { OpenDriver } from "./open-driver.ts";
import { count, duration, type Style } from "./output.ts";
import { createProgress } from "./progress.ts";
import { CsvRows, formatRows, type TenantRow } from "./row-output.ts";
import type { SqlRun } from "./sql-run.ts";
import { formatTable } from "./table.ts";
import { usageError } from "./usage-error.ts";

/** Runs SQL that may change something, tenant by tenant; resolves with the exit code. */
export async function writeWithSql({ driver, tenancy }: OpenDriver, run: SqlRun): Promise<number> {
  const { options, output } = run;
  const statements = driver.dialect.script.split(run.text).map(({ text }) => text);
  const [only] = statements;
  if (only === undefined) throw usageError("The SQL holds no statement.");
  const items: ForEachItem<QueryResult>[] = [];
  const progress = createProgress(output, "Running");
  // One statement is sent as it is: some refuse a transaction.
  const work = (): Promise<QueryResult> =>
    statements.length === 1
      ? tenancy.query(only)
      : tenancy.transaction(async (tx) => {
          let last: QueryResult = { rowCount: null, rows: [] };
          for (const statement of statements) last = await tx.query(statement);
          return last;
        });
  const result = await tenancy.forEachTenant(work, {
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    onError: options.stopOnError === true ? "stop" : "continue",
    onProgress: (step) => {
      items.push(step.last);
      showProgress(progress, step);
    },
    signal: run.signal,
    where: run.where,
  });
  progress.end();
  const sorted = items.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1));
  const { done, durationMs, failed, notReached, ok } = result;
  const summary = `${count(done, "tenant")}, ${failed.length} failed (${duration(durationMs)}).`;
  if (options.csv === true) {
    writeCsv(sorted);
    output.note(summary);
  } else {
    const document = { durationMs, notReached, ok, results: sorted.map(toDocument) };
    output.result(document, () => `${formatResults(sorted, output.style)}\n\n${summary}`);
  }
  printFailures(failed, output, { verbose: options.verbose === true });
  printNotReached(notReached, output);
  return ok ? EXIT_OK : EXIT_FAILED;
}

function toDocument(item: ForEachItem<QueryResult>): object {
  const { durationMs, ok, tenant } = item;
  if (!item.ok) return { durationMs, error: toJsonError(item.error), ok, tenant };
  const { rowCount, rows } = item.value;
  return { durationMs, ok, rowCount, rows, tenant };
}

function rowsOf(items: readonly ForEachItem<QueryResult>[]): TenantRow[] {
  return items.flatMap((item) =>
    item.ok ? item.value.rows.map((row) => ({ row, tenant: item.tenant })) : [],
  );
}

/** Rows if there are any (`returning`), and how many rows were changed otherwise. */
function writeCsv(items: readonly ForEachItem<QueryResult>[]): void {
  const rows = rowsOf(items);
  const csv = new CsvRows(process.stdout);
  const counts = items.map((item) => ({
    row: { row_count: item.ok ? item.value.rowCount : null },
    tenant: item.tenant,
  }));
  for (const row of rows.length > 0 ? rows : counts) csv.write(row);
}

function formatResults(items: readonly ForEachItem<QueryResult>[], style: Style): string {
  const rows = rowsOf(items);
  const table = formatTable(
    items,
    [
      { cell: ({ tenant }) => tenant, title: "TENANT" },
      {
        cell: ({ ok }) => (ok ? "done" : "failed"),
        style: (text, { ok }) => (ok ? style.green(text) : style.red(text)),
        title: "RESULT",
      },
      { align: "right", cell: (item) => (item.ok ? item.value.rowCount : null), title: "ROWS" },
      { align: "right", cell: ({ durationMs }) => duration(durationMs), title: "TIME" },
      { cell: (item) => (item.ok ? null : summarizeError(item.error)), title: "DETAILS" },
    ],
    { heading: style.bold },
  );
  return rows.length === 0 ? table : `${formatRows(rows, style)}\n\n${table}`;
}

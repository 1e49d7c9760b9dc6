import { EXIT_FAILED, EXIT_OK } from "./context.ts";
import { printFailures } from "./every-tenant.ts";
import { toJsonError } from "./json.ts";
import type { OpenDriver } from "./open-driver.ts";
import { count, duration } from "./output.ts";
import { CsvRows, formatRows, type TenantRow } from "./row-output.ts";
import type { SqlFailure, SqlRun } from "./sql-run.ts";

/** Connections of a report, at most. */
const MAX_CONNECTIONS = 16;

/** Reads from tenants, and prints their rows; resolves with the exit code. */
export async function readWithSql({ tenancy }: OpenDriver, run: SqlRun): Promise<number> {
  const { options, output, signal, text, where } = run;
  const report = new ReadReport(options.csv === true ? new CsvRows(process.stdout) : undefined);
  const startedAt = performance.now();
  let isStopped = false;
  try {
    for await (const item of tenancy.queryAll(text, undefined, {
      ...(options.concurrency !== undefined && {
        concurrency: Math.min(options.concurrency, MAX_CONNECTIONS),
      }),
      signal,
      where,
    })) {
      if (item.ok) report.add(item);
      else report.fail(item);
      isStopped = !item.ok && options.stopOnError === true;
      if (isStopped) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    isStopped = true;
  }
  const { failed, rows, rowCount, tenants } = report;
  const durationMs = performance.now() - startedAt;
  const ok = failed.length === 0 && !isStopped;
  const summary =
    `${count(rowCount, "row")} from ${count(tenants.size, "tenant")}, ` +
    `${failed.length} failed (${duration(durationMs)}).`;
  if (options.csv === true) output.note(summary);
  else {
    const document = {
      durationMs,
      failed: failed.map(({ error, tenant }) => ({ error: toJsonError(error), tenant })),
      ok,
      rows,
    };
    output.result(document, () => {
      const table = rows.length === 0 ? "" : `${formatRows(rows, output.style)}\n\n`;
      return table + summary;
    });
  }
  printFailures(failed, output, { verbose: options.verbose === true });
  if (isStopped) output.note(output.noteStyle.yellow("\nStopped: other tenants were not asked."));
  return ok ? EXIT_OK : EXIT_FAILED;
}

/** What was read so far. With CSV no rows are kept. */
class ReadReport {
  readonly failed: SqlFailure[] = [];
  readonly rows: TenantRow[] = [];
  /** Tenants with rows. */
  readonly tenants: Set<string> = new Set<string>();
  rowCount = 0;
  readonly #csv: CsvRows | undefined;

  constructor(csv: CsvRows | undefined) {
    this.#csv = csv;
  }

  add({ row, tenant }: TenantRow): void {
    const failure = this.#csv?.write({ row, tenant });
    if (failure !== undefined) return this.fail({ error: failure, tenant });
    this.tenants.add(tenant);
    this.rowCount += 1;
    if (this.#csv === undefined) this.rows.push({ row, tenant });
  }

  /** The rows of a tenant that does not fit the others are one failure together. */
  fail({ error, tenant }: SqlFailure): void {
    if (this.failed.at(-1)?.tenant !== tenant) this.failed.push({ error, tenant });
  }
}

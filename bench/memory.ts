import { readFileSync } from "node:fs";
import type { PgOptions } from "kirayedar/pg";
import { kirayedar, POINT, type QueryContender } from "./contenders.ts";
import type { Bench } from "./group.ts";
import { interleave } from "./interleave.ts";
import { wholeBelow } from "./random.ts";
import type { Row } from "./row.ts";
import { TABLES } from "./world.ts";

/** More than there ever are: connections then live on. */
const UNLIMITED = 1_000_000;
const SAMPLE_EVERY = 25;

/**
 * What one backend grows to by serving tenants, with the default bound and without one, after
 * touching every table of so many tenants; and what closing connections costs in time.
 */
export async function* memoryRows(bench: Bench): AsyncGenerator<Row> {
  for (const tenants of bench.isQuick ? [50, 300] : [50, 500, 2_000]) {
    const name = `memory/backend/${tenants}`;
    if (bench.wants(name)) yield await backendRow(bench, name, tenants);
  }
  const name = "memory/recycling";
  if (bench.wants(name) && !bench.isQuick) yield await recyclingRow(bench, name);
}

async function backendRow(bench: Bench, name: string, tenants: number): Promise<Row> {
  const bounded = await peakMb(bench, tenants, {});
  const unprepared = await peakMb(bench, tenants, { preparedStatements: false });
  const unbounded = await peakMb(bench, tenants, { maxTenantsPerConnection: UNLIMITED });
  return {
    figures: {
      peakMb: bounded.peak,
      peakMbUnprepared: unprepared.peak,
      peakMbUnbounded: unbounded.peak,
      freshMb: unbounded.first,
      kbPerTableUnbounded: ((unbounded.peak - unbounded.first) * 1_024) / (tenants * TABLES.length),
    },
    name,
  };
}

/** Touches every table of so many tenants twice, on one connection, and returns its largest size. */
async function peakMb(
  bench: Bench,
  tenants: number,
  options: PgOptions,
): Promise<{ readonly first: number; readonly peak: number }> {
  const contender = kirayedar("", { ...bench.world.connection("loopback"), max: 1, ...options });
  try {
    const first = await backendMb(contender);
    let peak = first;
    for (let tenant = 0; tenant < tenants; tenant += 1) {
      for (const table of [...TABLES, ...TABLES]) {
        await contender.query(tenant, POINT.replace("note", table), 1);
      }
      if (tenant % SAMPLE_EVERY === SAMPLE_EVERY - 1) {
        peak = Math.max(peak, await backendMb(contender));
      }
    }
    return { first, peak };
  } finally {
    await contender.end();
  }
}

async function backendMb(contender: QueryContender): Promise<number> {
  const [row] = (await contender.query(0, "select pg_backend_pid() as pid, $1::int as one", 1)) as {
    pid: number;
  }[];
  const status = statusOf(row?.pid ?? 0);
  const kb = /^RssAnon:\s+(\d+) kB$/m.exec(status ?? "")?.[1];
  if (kb !== undefined) return Number(kb) / 1_024;
  // Not Linux, or another machine: what the server believes that it uses.
  const [sum] = (await contender.query(
    0,
    "select sum(total_bytes)::float8 as bytes, $1::int as one from pg_backend_memory_contexts",
    1,
  )) as { bytes: number }[];
  return (sum?.bytes ?? Number.NaN) / 2 ** 20;
}

function statusOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return undefined;
  }
}

/** Time of a query when connections are closed by the default bound, to when they never are. */
async function recyclingRow(bench: Bench, name: string): Promise<Row> {
  const connection = { ...bench.world.connection("loopback"), max: 1 };
  const contenders = [
    kirayedar("bounded", connection),
    kirayedar("unbounded", { ...connection, maxTenantsPerConnection: UNLIMITED }),
  ];
  const { tenants } = bench.world;
  try {
    for (let tenant = 0; tenant < tenants; tenant += 1) {
      for (const contender of contenders) await contender.query(tenant, POINT, 1);
    }
    const jobs = 200;
    const timings = await interleave<readonly number[]>(
      bench.random,
      40,
      contenders.map((contender) => ({
        name: contender.name,
        run: async (work) => {
          for (const tenant of work) await contender.query(tenant, POINT, 1);
        },
      })),
      () => Array.from({ length: jobs }, () => wholeBelow(bench.random, tenants)),
    );
    return { figures: { ratio: timings.ratio("bounded", "unbounded"), tenants }, name };
  } finally {
    await Promise.all(contenders.map((contender) => contender.end()));
  }
}

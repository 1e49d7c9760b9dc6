import type { QueryContender } from "./contenders.ts";
import type { Bench, Cell } from "./group.ts";
import { interleave, type Timings } from "./interleave.ts";
import { wholeBelow } from "./random.ts";
import { NOTES, type Network, type World } from "./world.ts";

/** One query to run. */
interface Job {
  readonly tenant: number;
  readonly id: number;
}

/** How much is run. */
export interface Size {
  /** Queries of one round. */
  readonly jobs: number;
  /** Queries in flight. */
  readonly lanes: number;
  readonly rounds: number;
  /** How often each tenant's statement is run before it is measured, at least. */
  readonly touches?: number;
}

const IN_FLIGHT = 32;
const POOL_SIZE = 4;

/** Returns the size of a measurement of latency: one query after the other, each awaited. */
export function latencySize({ isQuick }: Pick<Bench, "isQuick">, network: Network): Size {
  const isSlow = network === "1ms";
  return { jobs: isSlow ? 20 : 60, lanes: 1, rounds: roundsOf(isSlow ? 12 : 40, isQuick) };
}

/** Returns the size of a measurement of throughput: so many queries in flight over a pool. */
export function throughputSize({ isQuick }: Pick<Bench, "isQuick">, network: Network): Size {
  const isSlow = network === "1ms";
  // Long rounds: between two of them the others have had the processor's caches to themselves,
  // which costs whoever serves many schemas more than whoever serves one.
  return { jobs: isSlow ? 150 : 1_000, lanes: IN_FLIGHT, rounds: roundsOf(8, isQuick) };
}

function roundsOf(rounds: number, isQuick: boolean): number {
  return isQuick ? Math.ceil(rounds / 4) : rounds;
}

/** Returns how many connections each contender gets. */
export function poolSizeOf({ lanes }: Size): number {
  return lanes === 1 ? 1 : POOL_SIZE;
}

/** Runs one statement for random tenants with every contender, and ends the contenders. */
export async function measureQueries(
  bench: Pick<Bench<Pick<World, "networks">>, "random">,
  { network, tenants, text }: Cell & { readonly text: string },
  size: Size,
  contenders: readonly QueryContender[],
): Promise<Timings> {
  const max = poolSizeOf(size);
  try {
    const touches = Math.max(size.touches ?? 0, network === "1ms" ? Math.min(max, 2) : 2 * max);
    // A backend takes longer over the first queries of a tenant, until it knows its tables.
    for (const contender of contenders) {
      await runAll(contender, text, warmUp(contender.isPlain ? 1 : tenants, touches), max);
    }
    const timings = await interleave<readonly Job[]>(
      bench.random,
      size.rounds,
      contenders.map((one) => ({
        name: one.name,
        run: (jobs) => runAll(one, text, jobs, size.lanes),
      })),
      () => randomJobs(bench, tenants, size.jobs),
    );
    return {
      ms: (name) => timings.ms(name) / size.jobs,
      ratio: (name, baseline) => timings.ratio(name, baseline),
    };
  } finally {
    await Promise.all(contenders.map((contender) => contender.end()));
  }
}

function warmUp(tenants: number, touches: number): Job[] {
  const atLeast = 40;
  const length = Math.max(tenants * touches, atLeast);
  return Array.from({ length }, (_, index) => ({ id: 1, tenant: index % tenants }));
}

function randomJobs({ random }: Pick<Bench, "random">, tenants: number, length: number): Job[] {
  return Array.from({ length }, () => ({
    id: 1 + wholeBelow(random, NOTES),
    tenant: wholeBelow(random, tenants),
  }));
}

async function runAll(
  contender: QueryContender,
  text: string,
  jobs: readonly Job[],
  lanes: number,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
      const rows = await contender.query(job.tenant, text, job.id);
      if (rows.length !== 1) throw new Error(`${contender.name} found ${rows.length} rows, not 1.`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

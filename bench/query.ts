import type pg from "pg";
import {
  kirayedar,
  PAGE,
  plain,
  plainNamed,
  POINT,
  type QueryContender,
  setEach,
  transactionEach,
} from "./contenders.ts";
import { type Bench, cellsOf } from "./group.ts";
import { interleave, type Timings } from "./interleave.ts";
import { wholeBelow } from "./random.ts";
import type { Row } from "./row.ts";
import { NOTES, type Network } from "./world.ts";

/** One query to run. */
interface Job {
  readonly tenant: number;
  readonly id: number;
}

const IN_FLIGHT = 32;
const POOL_SIZE = 4;

/**
 * Latency: one query after the other, each awaited, for a random tenant. `ratio` is the time of a
 * query with the toolkit's defaults divided by that of a plain pool on one schema.
 */
export async function* queryRows(bench: Bench): AsyncGenerator<Row> {
  for (const { name, network, tenants, text } of queriesOf(bench, "query", POINT, {
    page: PAGE,
  })) {
    const timings = await measure(bench, network, tenants, latencySize(bench, network), text);
    yield { figures: figuresOf(timings, (x) => timings.ratio(x, "plain")), name };
  }
}

/**
 * Throughput: 32 queries in flight over 4 connections, each for a random tenant. `ratio` is the
 * queries per second with the toolkit's defaults divided by those of a plain pool on one schema.
 */
export async function* throughputRows(bench: Bench): AsyncGenerator<Row> {
  for (const { name, network, tenants, text } of queriesOf(bench, "throughput", PAGE, {
    point: POINT,
  })) {
    const timings = await measure(bench, network, tenants, throughputSize(bench, network), text);
    yield { figures: figuresOf(timings, (x) => 1 / timings.ratio(x, "plain")), name };
  }
}

interface Cell {
  readonly name: string;
  readonly network: Network;
  readonly tenants: number;
  readonly text: string;
}

/** One statement everywhere, and the others beside it where the server is nearest. */
function queriesOf(
  bench: Bench,
  kind: string,
  text: string,
  others: Readonly<Record<string, string>>,
): Cell[] {
  const network: Network = "local";
  const beside = bench.world.networks.includes(network) ? Object.entries(others) : [];
  return [
    ...cellsOf(bench, kind).map((cell) => ({ ...cell, text })),
    ...beside
      .map(([name, other]) => ({
        name: `${kind}/${network}/100/${name}`,
        network,
        tenants: 100,
        text: other,
      }))
      .filter(({ name }) => bench.wants(name)),
  ];
}

/** How much is run. */
interface Size {
  /** Queries of one round. */
  readonly jobs: number;
  /** Queries in flight. */
  readonly lanes: number;
  readonly rounds: number;
}

function latencySize({ isQuick }: Bench, network: Network): Size {
  const isSlow = network === "1ms";
  return { jobs: isSlow ? 20 : 60, lanes: 1, rounds: roundsOf(isSlow ? 12 : 40, isQuick) };
}

function throughputSize({ isQuick }: Bench, network: Network): Size {
  const isSlow = network === "1ms";
  // Long rounds: between two of them the others have had the processor's caches to themselves,
  // which costs whoever serves many schemas more than whoever serves one.
  return { jobs: isSlow ? 150 : 1_000, lanes: IN_FLIGHT, rounds: roundsOf(8, isQuick) };
}

function roundsOf(rounds: number, isQuick: boolean): number {
  return isQuick ? Math.ceil(rounds / 4) : rounds;
}

function figuresOf(timings: Timings, ratio: (name: string) => number): Row["figures"] {
  return {
    ratio: ratio("default"),
    ratioUnprepared: ratio("unprepared"),
    ratioSet: ratio("set"),
    ratioTransaction: ratio("transaction"),
    ratioPlainNamed: ratio("plainNamed"),
    plainUs: timings.ms("plain") * 1_000,
  };
}

async function measure(
  bench: Bench,
  network: Network,
  tenants: number,
  size: Size,
  text: string,
): Promise<Timings> {
  const max = size.lanes === 1 ? 1 : POOL_SIZE;
  const contenders = contendersOn({ ...bench.world.connection(network), max });
  try {
    const touches = network === "1ms" ? Math.min(max, 2) : 2 * max;
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

function contendersOn(connection: pg.PoolConfig): QueryContender[] {
  return [
    plain("plain", connection),
    plainNamed("plainNamed", connection),
    kirayedar("default", connection),
    kirayedar("unprepared", { ...connection, preparedStatements: false }),
    setEach("set", connection),
    transactionEach("transaction", connection),
  ];
}

function warmUp(tenants: number, touches: number): Job[] {
  const atLeast = 40;
  const length = Math.max(tenants * touches, atLeast);
  return Array.from({ length }, (_, index) => ({ id: 1, tenant: index % tenants }));
}

function randomJobs({ random }: Bench, tenants: number, length: number): Job[] {
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

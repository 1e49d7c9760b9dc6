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
import { type Bench, type Cell, cellsOf } from "./group.ts";
import type { Timings } from "./interleave.ts";
import { latencySize, measureQueries, poolSizeOf, type Size, throughputSize } from "./jobs.ts";
import type { Row } from "./row.ts";
import type { Network } from "./world.ts";

/**
 * Latency: one query after the other, each awaited, for a random tenant. `ratio` is the time of a
 * query with the toolkit's defaults divided by that of a plain pool on one schema.
 */
export async function* queryRows(bench: Bench): AsyncGenerator<Row> {
  for (const cell of queriesOf(bench, "query", POINT, { page: PAGE })) {
    const timings = await measure(bench, cell, latencySize(bench, cell.network));
    yield { figures: figuresOf(timings, (x) => timings.ratio(x, "plain")), name: cell.name };
  }
}

/**
 * Throughput: 32 queries in flight over 4 connections, each for a random tenant. `ratio` is the
 * queries per second with the toolkit's defaults divided by those of a plain pool on one schema.
 */
export async function* throughputRows(bench: Bench): AsyncGenerator<Row> {
  for (const cell of queriesOf(bench, "throughput", PAGE, { point: POINT })) {
    const timings = await measure(bench, cell, throughputSize(bench, cell.network));
    yield { figures: figuresOf(timings, (x) => 1 / timings.ratio(x, "plain")), name: cell.name };
  }
}

type QueryCell = Cell & { readonly text: string };

/** One statement everywhere, and the others beside it where the server is nearest. */
function queriesOf(
  bench: Bench,
  kind: string,
  text: string,
  others: Readonly<Record<string, string>>,
): QueryCell[] {
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

async function measure(bench: Bench, cell: QueryCell, size: Size): Promise<Timings> {
  const connection = { ...bench.world.connection(cell.network), max: poolSizeOf(size) };
  return await measureQueries(bench, cell, size, contendersOn(connection));
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

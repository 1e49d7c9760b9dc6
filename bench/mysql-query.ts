import { type Bench, type Cell, cellsOf } from "./group.ts";
import type { Timings } from "./interleave.ts";
import { latencySize, measureQueries, poolSizeOf, type Size, throughputSize } from "./jobs.ts";
import {
  CONTENDERS,
  LIBRARIES,
  type Library,
  type Method,
  METHODS,
  MYSQL_PAGE,
  MYSQL_POINT,
} from "./mysql-contenders.ts";
import type { MysqlWorld } from "./mysql-world.ts";
import type { Row } from "./row.ts";
import type { Network } from "./world.ts";

/** What the figure of a contender is called; the plain pool is what the others are compared with. */
const FIGURES: Readonly<Record<string, string>> = {
  changeUser: "ratioChangeUser",
  default: "ratio",
  pipelined: "ratioPipelined",
  use: "ratioUse",
};

/** By then every contender has prepared what it keeps prepared. */
const PREPARED_AFTER = 2;

/** What one row is about. */
type MysqlCell = Cell & {
  readonly library: Library;
  readonly method: Method;
  readonly text: string;
};

/**
 * Latency: one query after the other, each awaited, for a random tenant. `ratio` is the time of a
 * query on the toolkit's pool divided by that of a plain pool of the same library on one database.
 */
export async function* mysqlQueryRows(bench: Bench<MysqlWorld>): AsyncGenerator<Row> {
  for (const library of LIBRARIES) {
    for (const method of METHODS) {
      const about = { library, method, text: MYSQL_POINT };
      for (const cell of cellsOf(bench, `${library}/${method}`, networksOf(bench))) {
        yield await queryRow(bench, { ...about, ...cell });
      }
    }
  }
}

/** Throughput: 32 queries in flight over 4 connections, each for a random tenant. */
export async function* mysqlThroughputRows(bench: Bench<MysqlWorld>): AsyncGenerator<Row> {
  const [network = "loopback"] = networksOf(bench);
  for (const library of LIBRARIES) {
    const kind = `${library}/throughput/${network}/100`;
    const about = { library, method: "query", network, tenants: 100 } as const;
    const texts = [
      [kind, MYSQL_PAGE],
      [`${kind}/point`, MYSQL_POINT],
    ] as const;
    for (const [name, text] of texts) {
      if (bench.wants(name)) yield await throughputRow(bench, { ...about, name, text });
    }
  }
}

/** The nearest network, on which the client's own work weighs most, and a real one. */
function networksOf({ world }: Bench<MysqlWorld>): Network[] {
  return [world.networks.includes("local") ? "local" : "loopback", "1ms"];
}

async function queryRow(bench: Bench<MysqlWorld>, cell: MysqlCell): Promise<Row> {
  const size = { ...latencySize(bench, cell.network), touches: PREPARED_AFTER };
  const { names, timings } = await measure(bench, cell, size);
  const figures = figuresOf(names, timings, (name) => timings.ratio(name, "plain"));
  return { figures, name: cell.name };
}

async function throughputRow(bench: Bench<MysqlWorld>, cell: MysqlCell): Promise<Row> {
  const { names, timings } = await measure(bench, cell, throughputSize(bench, cell.network));
  const figures = figuresOf(names, timings, (name) => 1 / timings.ratio(name, "plain"));
  return { figures, name: cell.name };
}

async function measure(
  bench: Bench<MysqlWorld>,
  cell: MysqlCell,
  size: Size,
): Promise<{ readonly names: readonly string[]; readonly timings: Timings }> {
  const { library, method, network } = cell;
  const address = bench.world.address(network);
  const target = { address, max: poolSizeOf(size), method, world: bench.world };
  const contenders = CONTENDERS[library](target);
  const timings = await measureQueries(bench, cell, size, contenders);
  return { names: contenders.map(({ name }) => name), timings };
}

function figuresOf(
  names: readonly string[],
  timings: Timings,
  ratio: (name: string) => number,
): Row["figures"] {
  const ratios = names.flatMap((name) => {
    const figure = FIGURES[name];
    return figure === undefined ? [] : [[figure, ratio(name)] as const];
  });
  return { ...Object.fromEntries(ratios), plainUs: timings.ms("plain") * 1_000 };
}

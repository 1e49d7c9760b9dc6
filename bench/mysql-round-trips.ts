import type { QueryContender } from "./contenders.ts";
import type { Bench } from "./group.ts";
import { CONTENDERS, LIBRARIES, METHODS, MYSQL_POINT } from "./mysql-contenders.ts";
import type { MysqlWorld } from "./mysql-world.ts";
import type { Row } from "./row.ts";

const QUERIES = 30;
const TENANTS = 10;

/**
 * Counts, on the wire, how often the program waits for the server in one query on the pool, when the
 * tenant is another one each time. Figures end in `Execute` for prepared statements; `First` is a
 * tenant's first use of one on a connection, where it takes more.
 */
export async function* mysqlRoundTripRows(bench: Bench<MysqlWorld>): AsyncGenerator<Row> {
  const { world } = bench;
  for (const library of LIBRARIES) {
    const name = `${library}/roundTrips/one-shot`;
    if (!bench.wants(name)) continue;
    const figures: Record<string, number> = {};
    for (const method of METHODS) {
      const target = { address: world.address("1ms"), max: 1, method, world };
      for (const contender of CONTENDERS[library](target)) {
        const { first, later } = await count(bench, contender);
        const figure = figureOf(contender.name, method);
        figures[figure] = later;
        if (contender.name === "default" && first !== later) figures[`${figure}First`] = first;
      }
    }
    yield { figures, name };
  }
}

function figureOf(contender: string, method: string): string {
  const parts = [contender, method].filter((part) => part !== "default" && part !== "query");
  return `roundTrips${parts.map((part) => part.slice(0, 1).toUpperCase() + part.slice(1)).join("")}`;
}

/** Returns the round trips of each tenant's first query on a connection, and of those after it. */
async function count(
  { world }: Bench<MysqlWorld>,
  contender: QueryContender,
): Promise<{ readonly first: number; readonly later: number }> {
  const run = async (queries: number): Promise<number> => {
    world.proxy.resetCounts();
    for (let query = 0; query < queries; query += 1) {
      await contender.query(query % TENANTS, MYSQL_POINT, 1);
    }
    return world.proxy.counts().roundTrips / queries;
  };
  try {
    // Connecting takes round trips of its own.
    await contender.query(TENANTS, MYSQL_POINT, 1);
    return { first: await run(TENANTS), later: await run(QUERIES) };
  } finally {
    await contender.end();
  }
}

import {
  kirayedar,
  plain,
  POINT,
  type QueryContender,
  setEach,
  transactionEach,
} from "./contenders.ts";
import type { Bench } from "./group.ts";
import type { Row } from "./row.ts";

const QUERIES = 30;
const TENANTS = 10;

/** Counts, on the wire, how often the program waits for the server in one query on the pool. */
export async function* roundTripRows(bench: Bench): AsyncGenerator<Row> {
  const name = "roundTrips/one-shot";
  if (!bench.wants(name)) return;
  const connection = { ...bench.world.connection("1ms"), max: 1 };
  const contenders = {
    roundTrips: kirayedar("default", connection),
    roundTripsUnprepared: kirayedar("unprepared", { ...connection, preparedStatements: false }),
    roundTripsPlain: plain("plain", connection),
    roundTripsSet: setEach("set", connection),
    roundTripsTransaction: transactionEach("transaction", connection),
  };
  const figures: Record<string, number> = {};
  for (const [figure, contender] of Object.entries(contenders)) {
    figures[figure] = await count(bench, contender);
  }
  yield { figures, name };
}

async function count(bench: Bench, contender: QueryContender): Promise<number> {
  const { proxy } = bench.world;
  try {
    // Connecting takes round trips of its own.
    await contender.query(0, POINT, 1);
    proxy.resetCounts();
    for (let query = 0; query < QUERIES; query += 1) {
      await contender.query(query % TENANTS, POINT, 1);
    }
    return proxy.counts().roundTrips / QUERIES;
  } finally {
    await contender.end();
  }
}

import pg from "pg";
import type { FleetBench, FleetGroup } from "./fleet-bench.ts";
import { createMakers, type Makers } from "./fleet-makers.ts";
import { type Contender, interleave, type Timings } from "./interleave.ts";
import type { Row } from "./row.ts";
import { TABLES } from "./fleet-tables.ts";

/** Makes tenants beside those that there are, and removes them. */
export const createGroup: FleetGroup = {
  kinds: ["fleet/create", "fleet/create-one-by-one", "fleet/drop"],
  rows: async function* (bench) {
    const kinds = createGroup.kinds.map((kind) => `${kind}/${bench.world.tenants}`);
    if (!kinds.some((name) => bench.wants(name))) return;
    const makers = await createMakers(bench);
    try {
      for await (const row of createRows(bench, makers)) if (bench.wants(row.name)) yield row;
    } finally {
      await makers.close();
    }
  },
};

async function* createRows(bench: FleetBench, makers: Makers): AsyncGenerator<Row> {
  const { tenants, url } = bench.world;
  const rounds = Array.from({ length: bench.isQuick ? 4 : 15 }, (_, index) => `${index}`);
  const contenders = (step: "make" | "unmake"): Contender<string>[] =>
    Object.entries(makers.all).map(([name, maker]) => ({ name, run: maker[step] }));
  // The first time, connections are opened, plans are made and packages are loaded.
  for (const maker of Object.values(makers.all)) {
    await maker.make("warm");
    await maker.unmake("warm");
  }
  const made = await interleave(bench.random, rounds.length, contenders("make"), taker(rounds));
  await checkMade(url, rounds.length * Object.keys(makers.all).length);
  yield { figures: createFigures(bench, made), name: `fleet/create/${tenants}` };
  yield {
    figures: {
      ms: made.ms("oneByOne"),
      ratioToPrepared: made.ratio("oneByOne", "toolkit"),
      ...psqlFigures(bench, made, "oneByOne"),
    },
    name: `fleet/create-one-by-one/${tenants}`,
  };
  const gone = await interleave(bench.random, rounds.length, contenders("unmake"), taker(rounds));
  await checkMade(url, 0);
  yield {
    figures: {
      ms: gone.ms("toolkit"),
      ...psqlFigures(bench, gone, "toolkit"),
      ratioToHand: gone.ratio("toolkit", "hand"),
    },
    name: `fleet/drop/${tenants}`,
  };
}

function createFigures(bench: FleetBench, timings: Timings): Row["figures"] {
  const ratios = bench.peers.map(
    ({ figure }) => [`ratioTo${figure}`, timings.ratio("toolkit", figure)] as const,
  );
  return {
    ms: timings.ms("toolkit"),
    ...psqlFigures(bench, timings, "toolkit"),
    ...(bench.world.psql && { ratioToPsqlAtOnce: timings.ratio("toolkit", "psqlAtOnce") }),
    ratioToHand: timings.ratio("toolkit", "hand"),
    ...Object.fromEntries(ratios),
  };
}

function psqlFigures({ world }: FleetBench, timings: Timings, name: string): Row["figures"] {
  if (world.psql === undefined) return {};
  return { msPsql: timings.ms("psql"), ratioToPsql: timings.ratio(name, "psql") };
}

/** Returns one after the other. */
function taker(items: readonly string[]): () => string {
  let next = 0;
  return () => items[next++] ?? "";
}

/** Checks that so many new tenants are there, each with all of its tables. */
async function checkMade(url: string, expected: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ found: number }>(
      "select count(*)::int as found from pg_namespace n where nspname ~ '^tenant_new_' and " +
        "(select count(*) from pg_class c where c.relnamespace = n.oid and relname ~ '^item_\\d+$') = $1",
      [TABLES],
    );
    if (rows[0]?.found !== expected) throw new Error(`${rows[0]?.found} new tenants were found.`);
  } finally {
    await client.end();
  }
}

import type { Tenancy } from "kirayedar";
import pg from "pg";
import { type FleetBench, type FleetGroup, peerTenants } from "./fleet-bench.ts";
import { preparePeers } from "./fleet-changes.ts";
import { peerFigures } from "./fleet-migrate.ts";
import { interleave } from "./interleave.ts";
import type { Row } from "./row.ts";

/** `migrateAll` with nothing to do: what each deployment pays that changes no table. */
export const noopGroup: FleetGroup = {
  kinds: ["fleet/noop"],
  rows: async function* (bench) {
    const name = `fleet/noop/${bench.world.tenants}`;
    if (bench.wants(name)) yield await noopRow(bench, name);
  },
};

async function noopRow(bench: FleetBench, name: string): Promise<Row> {
  const { rounds, url } = bench.world;
  const sample = bench.world.schemas(peerTenants(bench));
  const peers = await preparePeers(bench, rounds);
  for (const peer of peers.values()) await peer.migrate(url, sample);
  const timings = await interleave<Unused>(
    bench.random,
    bench.isQuick ? 3 : 5,
    [
      { name: "toolkit", run: ({ known }) => findNothing(bench, known, false) },
      { name: "verify", run: ({ verified }) => findNothing(bench, verified, true) },
      { name: "registryRead", run: () => readRegistry(bench) },
      ...[...peers].map(([figure, peer]) => ({
        name: figure,
        run: () => peer.migrate(url, sample),
      })),
    ],
    () => ({ known: bench.world.open(rounds), verified: bench.world.open(rounds) }),
  );
  for (const peer of peers.values()) await peer.close();
  return {
    figures: {
      ms: timings.ms("toolkit"),
      msVerify: timings.ms("verify"),
      msRegistryRead: timings.ms("registryRead"),
      ratioToRegistryRead: timings.ratio("toolkit", "registryRead"),
      ...peerFigures(bench, timings),
    },
    name,
  };
}

/** Tenancies that were not used yet: they connect, and know no tenant. */
interface Unused {
  readonly known: Tenancy;
  readonly verified: Tenancy;
}

async function findNothing(
  { world }: FleetBench,
  tenancy: Tenancy,
  verify: boolean,
): Promise<void> {
  try {
    const { counts, failed } = await tenancy.migrateAll({ verify });
    if (counts.unchanged === world.tenants) return;
    throw new Error(`${counts.unchanged} tenants had nothing to do.`, { cause: failed[0]?.error });
  } finally {
    await tenancy.close();
  }
}

/** Reads all tenants, as who does not know which of them are behind would have to at least. */
async function readRegistry({ world }: FleetBench): Promise<void> {
  const client = new pg.Client({ connectionString: world.url });
  await client.connect();
  try {
    const { rows } = await client.query("select * from tenants order by slug");
    if (rows.length !== world.tenants) throw new Error(`${rows.length} tenants were read.`);
  } finally {
    await client.end();
  }
}

import { type FleetBench, type FleetGroup, peerTenants, slowName } from "./fleet-bench.ts";
import {
  beginRound,
  changeByHand,
  type ChangeRound,
  checkRound,
  migrateFleet,
  preparePeers,
  psqlScript,
} from "./fleet-changes.ts";
import { type Contender, interleave, type Timings } from "./interleave.ts";
import type { Row } from "./row.ts";

/** One `alter table` and one `create index` for every tenant, as two migrations that are pending. */
export const migrateGroup: FleetGroup = {
  kinds: ["fleet/migrate", "fleet/migrate/1ms"],
  rows: async function* (bench) {
    const { slowUrl, tenants, url } = bench.world;
    const name = `fleet/migrate/${tenants}`;
    const slow = slowName(bench, "fleet/migrate");
    if (!bench.wants(name) && slow === undefined) return;
    await applyBefore(bench);
    if (bench.wants(name)) yield await migrateRow(bench, name, url, bench.isQuick ? 2 : 5);
    if (slow) yield await migrateRow(bench, slow, slowUrl, bench.isQuick ? 1 : 3);
  },
};

/** Has peers apply what the toolkit has applied before, as they are compared over the same changes. */
async function applyBefore(bench: FleetBench): Promise<void> {
  const { rounds, schemas, url } = bench.world;
  for (const peer of (await preparePeers(bench, rounds)).values()) {
    await peer.migrate(url, schemas(peerTenants(bench)));
    await peer.close();
  }
}

async function migrateRow(
  bench: FleetBench,
  name: string,
  url: string,
  rounds: number,
): Promise<Row> {
  const { tenants } = bench.world;
  const used: ChangeRound[] = [];
  const timings = await interleave(bench.random, rounds, contendersOn(bench, url), async () => {
    const round = await beginRound(bench, url);
    used.push(round);
    return round;
  });
  for (const { peers, round } of used) {
    await checkRound(bench, round);
    for (const peer of peers.values()) await peer.close();
  }
  const ms = timings.ms("toolkit");
  return {
    figures: {
      ms,
      msPerTenant: ms / tenants,
      ...(bench.world.psql && {
        msPerTenantPsql: timings.ms("psql") / tenants,
        ratioToPsql: timings.ratio("toolkit", "psql"),
      }),
      ratioToHand: timings.ratio("toolkit", "hand"),
      ...peerFigures(bench, timings),
    },
    name,
  };
}

function contendersOn(bench: FleetBench, url: string): Contender<ChangeRound>[] {
  const { peers, world } = bench;
  const { psql } = world;
  const sample = world.schemas(peerTenants(bench));
  return [
    { name: "toolkit", run: ({ tenancy }) => migrateFleet(bench, tenancy) },
    { name: "hand", run: ({ round }) => changeByHand(bench, url, round) },
    ...(psql ? [{ name: "psql", run: psqlRun(bench, psql, url) }] : []),
    ...peers.map(({ figure }) => ({
      name: figure,
      run: (round: ChangeRound) => round.peers.get(figure)?.migrate(url, sample),
    })),
  ];
}

function psqlRun(
  bench: FleetBench,
  psql: NonNullable<FleetBench["world"]["psql"]>,
  url: string,
): Contender<ChangeRound>["run"] {
  return ({ round }) => psql.run(url, psqlScript(bench, round));
}

/**
 * Returns the time of a tenant divided by that with each peer; and for how many tenants peers were
 * run, as they are slow, and take as long for one tenant however many there are.
 */
export function peerFigures(bench: FleetBench, timings: Timings): Row["figures"] {
  const { peers, world } = bench;
  if (peers.length === 0) return {};
  const tenants = peerTenants(bench);
  const ratio = (figure: string): number =>
    (timings.ratio("toolkit", figure) * tenants) / world.tenants;
  return {
    ...Object.fromEntries(peers.map(({ figure }) => [`ratioTo${figure}`, ratio(figure)])),
    ...Object.fromEntries(
      peers.map(({ figure }) => [`msPerTenant${figure}`, timings.ms(figure) / tenants]),
    ),
    peerTenants: tenants,
  };
}

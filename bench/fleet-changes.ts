import type { Tenancy } from "kirayedar";
import pg from "pg";
import { type FleetBench, peerTenants } from "./fleet-bench.ts";
import { changeMigrations, type FleetMigration, tableMigrations } from "./fleet-tables.ts";
import type { PreparedPeer } from "./peers/peer.ts";

/** One round of changes to all tenants, with what each contender needs for it. */
export interface ChangeRound {
  /** Number of the round, from 1. */
  readonly round: number;
  /** A tenancy that has not been used yet. */
  readonly tenancy: Tenancy;
  /** Peers, by the end of their figures' names. */
  readonly peers: ReadonlyMap<string, PreparedPeer>;
}

/** Tables that contenders of a round change: see `changeMigrations`. */
const SEATS = { hand: 2, peer: 3, psql: 1 } as const;

/** Connections of the one who does it by hand: as many as the toolkit works with. */
const CONNECTIONS = 4;

/** Begins a round of changes over the database at this address. */
export async function beginRound(bench: FleetBench, url: string): Promise<ChangeRound> {
  const round = bench.world.nextRound();
  return {
    peers: await preparePeers(bench, round),
    round,
    tenancy: bench.world.open(round, { url }),
  };
}

/** Makes the peers ready with all changes up to a round; their tables count as made before. */
export async function preparePeers(
  { peers }: FleetBench,
  rounds: number,
): Promise<Map<string, PreparedPeer>> {
  const before = tableMigrations().map((migration) => ({
    ...migration,
    statements: () => ["select 1;"],
  }));
  const prepared = new Map<string, PreparedPeer>();
  for (const { figure, prepare } of peers) {
    const changes = Array.from({ length: rounds }, (_, index) =>
      changeMigrations(figure.toLowerCase(), index + 1, SEATS.peer),
    );
    prepared.set(figure, await prepare([...before, ...changes.flat()]));
  }
  return prepared;
}

/** Applies a round with the toolkit, and checks that it came to all tenants. */
export async function migrateFleet({ world }: FleetBench, tenancy: Tenancy): Promise<void> {
  try {
    const { counts, failed, ok } = await tenancy.migrateAll();
    if (ok && counts.changed === world.tenants) return;
    throw new Error(`${counts.changed} tenants were migrated.`, { cause: failed[0]?.error });
  } finally {
    await tenancy.close();
  }
}

/** Returns what `psql` is given for a round: one file for all tenants. */
export function psqlScript({ world }: FleetBench, round: number): string {
  const text = textOf(changeMigrations("psql", round, SEATS.psql));
  return world
    .schemas()
    .map((schema) => `set search_path = ${schema};\n${text}\n`)
    .join("");
}

/**
 * Changes all tenants as somebody would by hand who knows what is fast: some connections, one
 * message for a tenant, which is a transaction; no history, no lock, no registry.
 */
export async function changeByHand(
  { world }: FleetBench,
  url: string,
  round: number,
): Promise<void> {
  const text = textOf(changeMigrations("hand", round, SEATS.hand));
  const schemas = world.schemas().values();
  const lane = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      for (const schema of schemas) {
        await client.query(`set local search_path = ${schema};\n${text}`);
      }
    } finally {
      await client.end();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
}

/** Checks, in the server's catalog, that everybody who took part in a round has done all of it. */
export async function checkRound(bench: FleetBench, round: number): Promise<void> {
  const { peers, world } = bench;
  const expected = new Map<string, number>([
    [`toolkit_${round}`, world.tenants],
    [`hand_${round}`, world.tenants],
    ...(world.psql ? [[`psql_${round}`, world.tenants] as const] : []),
    ...peers.map(({ figure }) => [`${figure.toLowerCase()}_${round}`, peerTenants(bench)] as const),
  ]);
  const client = new pg.Client({ connectionString: world.url });
  await client.connect();
  try {
    for (const [column, count] of expected) {
      // Of the table and of its index: two for each tenant.
      const { rows } = await client.query<{ found: number }>(
        "select count(*)::int as found from pg_attribute where attname = $1",
        [column],
      );
      const found = rows[0]?.found;
      if (found !== count * 2) throw new Error(`${column} was found ${found} times.`);
    }
  } finally {
    await client.end();
  }
}

function textOf(migrations: readonly FleetMigration[]): string {
  return migrations.flatMap(({ statements }) => statements("")).join("\n");
}

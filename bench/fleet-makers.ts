import { createTenancy, type Tenancy } from "kirayedar";
import { pg as pgDriver } from "kirayedar/pg";
import pg from "pg";
import type { FleetBench } from "./fleet-bench.ts";
import type { Psql } from "./fleet-psql.ts";
import { creationStatements, tableMigrations } from "./fleet-tables.ts";
import type { PreparedPeer } from "./peers/peer.ts";

/** One way to make a tenant and to remove it, by the name of a round. */
interface Maker {
  readonly make: (round: string) => Promise<unknown>;
  readonly unmake: (round: string) => Promise<unknown>;
}

/** All ways to make a tenant, by the names of their figures. */
export interface Makers {
  readonly all: Readonly<Record<string, Maker>>;
  /** Ends their connections. */
  close(): Promise<void>;
}

/** Opens what is needed to make tenants in every way there is. */
export async function createMakers(bench: FleetBench): Promise<Makers> {
  const { psql, url } = bench.world;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const toolkit = bench.world.open(0);
  const oneByOne = openOneByOne(url);
  const peers = await peerMakers(bench, client);
  return {
    all: {
      hand: byHand("hand", client, (schema) => client.query(creationText(schema))),
      oneByOne: byToolkit("steps", oneByOne),
      toolkit: byToolkit("toolkit", toolkit),
      ...(psql && psqlMakers(psql, url)),
      ...peers.all,
    },
    close: async () => {
      await Promise.all([toolkit.close(), oneByOne.close(), client.end(), peers.close()]);
    },
  };
}

/** Functions, of which nobody knows beforehand what they will send: they run one after the other. */
function openOneByOne(url: string): Tenancy {
  return createTenancy({
    database: pgDriver({ connectionString: url }),
    migrations: {
      global: [],
      tenant: tableMigrations().map(({ name, statements, version }) => ({
        name,
        up: (db) => db.script(statements("").join("\n")),
        version,
      })),
    },
  });
}

function byToolkit(name: string, tenancy: Tenancy): Maker {
  return {
    make: (round) => tenancy.create(`new-${name}-${round}`),
    unmake: (round) => tenancy.drop(`new-${name}-${round}`),
  };
}

function byHand(
  name: string,
  client: pg.Client,
  make: (schema: string) => Promise<unknown>,
): Maker {
  return {
    make: (round) => make(schemaOf(name, round)),
    unmake: (round) => client.query(dropText(schemaOf(name, round))),
  };
}

/** The script as it is, each statement a transaction; and all of it as one. */
function psqlMakers(psql: Psql, url: string): Record<string, Maker> {
  const maker = (name: string, options: readonly string[]): Maker => ({
    make: (round) => psql.run(url, creationText(schemaOf(name, round)), options),
    unmake: (round) => psql.run(url, dropText(schemaOf(name, round)), options),
  });
  return { psql: maker("psql", []), psqlAtOnce: maker("psqlone", ["--single-transaction"]) };
}

/** None of them removes a schema: that is done by hand. */
async function peerMakers(
  { peers, world }: FleetBench,
  client: pg.Client,
): Promise<{ readonly all: Record<string, Maker>; close(): Promise<void> }> {
  const all: Record<string, Maker> = {};
  const prepared: PreparedPeer[] = [];
  for (const { figure, prepare } of peers) {
    const peer = await prepare(tableMigrations());
    prepared.push(peer);
    all[figure] = byHand(figure.toLowerCase(), client, (schema) =>
      peer.migrate(world.url, [schema], { create: true }),
    );
  }
  return {
    all,
    close: async () => {
      for (const peer of prepared) await peer.close();
    },
  };
}

function schemaOf(name: string, round: string): string {
  return `tenant_new_${name}_${round}`;
}

function creationText(schema: string): string {
  return creationStatements(schema).join("\n");
}

function dropText(schema: string): string {
  return `set client_min_messages = warning; drop schema ${schema} cascade;`;
}

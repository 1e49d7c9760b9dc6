import { createTenancy, type Tenancy } from "kirayedar";
import { pg as pgDriver } from "kirayedar/pg";
import pg from "pg";
import type { QueryContender } from "./contenders.ts";
import type { Bench } from "./group.ts";
import { latencySize, measureQueries } from "./jobs.ts";
import { type OrmContender, ORMS } from "./orm-contenders.ts";
import type { Row } from "./row.ts";
import { type Network, schemaOf, type World } from "./world.ts";

const TENANTS = 100;

/**
 * One record by its key through an ORM, one after the other, each awaited, for a random tenant of 100.
 * `ratio` is its time over a tenancy divided by that of the same ORM over a pool that knows no tenants.
 */
export async function* ormRows(bench: Bench): AsyncGenerator<Row> {
  const networks: readonly Network[] = ["local", "1ms"];
  for (const orm of ORMS) {
    for (const network of networks.filter((one) => bench.world.networks.includes(one))) {
      const name = `orm/${orm.name}/${network}`;
      if (bench.wants(name)) yield await measure(bench, orm, { name, network });
    }
  }
}

async function measure(
  bench: Bench,
  orm: OrmContender,
  { name, network }: { readonly name: string; readonly network: Network },
): Promise<Row> {
  const connection = { ...bench.world.connection(network), max: 1 };
  const contenders = await Promise.all([
    plain(orm, connection),
    tenants(orm, connection, bench.world),
  ]);
  const cell = { name, network, tenants: TENANTS, text: "" };
  const timings = await measureQueries(bench, cell, latencySize(bench, network), contenders);
  return {
    figures: { ratio: timings.ratio("tenants", "plain"), plainUs: timings.ms("plain") * 1_000 },
    name,
  };
}

async function plain(orm: OrmContender, connection: pg.PoolConfig): Promise<QueryContender> {
  const config = { ...connection, options: `-c search_path=${schemaOf(0)}` };
  const pool = new pg.Pool(config);
  const find = await orm.plain(pool, config);
  return {
    end: () => pool.end(),
    isPlain: true,
    name: "plain",
    query: async (_tenant, _text, id) => found(await find(id)),
  };
}

async function tenants(
  orm: OrmContender,
  connection: pg.PoolConfig,
  world: World,
): Promise<QueryContender> {
  const tenancy = createTenancy({
    database: pgDriver(connection),
    migrations: { global: [], tenant: [] },
  });
  await register(tenancy, world);
  const find = await orm.tenants(tenancy);
  return {
    end: () => tenancy.close(),
    isPlain: false,
    name: "tenants",
    query: async (tenant, _text, id) =>
      found(await tenancy.withTenant(schemaOf(tenant).replace("_", "-"), () => find(id))),
  };
}

/** Writes the world's tenants, which are schemas alone, into the registry. */
async function register(tenancy: Tenancy<pg.Pool>, world: World): Promise<void> {
  await tenancy.migrateGlobal();
  const schemas = Array.from({ length: Math.min(TENANTS, world.tenants) }, (_, n) => schemaOf(n));
  const insert =
    "insert into tenants (slug, schema_name, state) select replace(s, '_', '-'), s, 'active' " +
    "from unnest($1::text[]) s on conflict do nothing";
  await tenancy.scopeGlobal(() => tenancy.query(insert, [schemas]));
}

function found(record: unknown): readonly unknown[] {
  return record === undefined || record === null ? [] : [record];
}

import { createTenancy, type Migration } from "kirayedar";
import { mysql2 } from "kirayedar/mysql2";
import type { Bench } from "./group.ts";
import { type Contender, interleave, type Timings } from "./interleave.ts";
import { createLifecycleWorld, type LifecycleWorld } from "./mysql-lifecycle-world.ts";
import type { MysqlWorld } from "./mysql-world.ts";
import type { Row } from "./row.ts";

const TABLES = 20;
const FLEET = 100;
const CONCURRENCY = 4;

type Tenancy = ReturnType<typeof createTenancy>;

/**
 * What making, migrating and removing a tenant costs on a server that waits for its disk, beside the
 * same statements through the server's own client and through a connection of the client library.
 */
export async function* mysqlLifecycleRows(bench: Bench<MysqlWorld>): AsyncGenerator<Row> {
  const names = { create: "mysql/create/20", drop: "mysql/drop/20", migrate: "mysql/migrate/100" };
  const isWanted = (...some: string[]): boolean => some.some((name) => bench.wants(name));
  if (!isWanted(...Object.values(names))) return;
  const world = await createLifecycleWorld();
  if ("unavailable" in world) {
    console.log(`mysql/create, drop and migrate: no new server. ${world.unavailable}`);
    return;
  }
  try {
    if (isWanted(names.create, names.drop)) {
      for await (const row of createRows(bench, world)) if (bench.wants(row.name)) yield row;
    }
    if (isWanted(names.migrate)) yield await migrateRow(bench, world, names.migrate);
  } finally {
    await world.close();
  }
}

async function* createRows(bench: Bench<MysqlWorld>, world: LifecycleWorld): AsyncGenerator<Row> {
  const tables = Array.from({ length: TABLES }, (_, index) => tableText(index + 1));
  const perTable = tables.map((up, index) => migration(index + 1, up));
  const perFile = await openTenancy(world, perTable);
  const atOnce = await openTenancy(world, [migration(1, tables.join(""))]);
  const rounds = Array.from({ length: bench.isQuick ? 5 : 15 }, (_, index) => `shop${index}`);
  const { prefix } = await world.database();
  const { client, plain } = world;
  const makers: Record<string, readonly [make: Work, unmake: Work]> = {
    atOnce: [(slug) => atOnce.create(slug), (slug) => atOnce.drop(slug)],
    perFile: [(slug) => perFile.create(slug), (slug) => perFile.drop(slug)],
    plain: [
      async (slug) => {
        for (const text of createTexts(`${prefix}plain_${slug}`, tables)) await plain.query(text);
      },
      (slug) => plain.query(`drop database ${prefix}plain_${slug}`),
    ],
    ...(client !== undefined && {
      client: [
        (slug) => client.run(createTexts(`${prefix}client_${slug}`, tables).join("")),
        (slug) => client.run(`drop database ${prefix}client_${slug};`),
      ],
    }),
  };
  try {
    for (const maker of Object.values(makers)) for (const work of maker) await work("warm");
    const contenders = (step: 0 | 1): Contender<string>[] =>
      Object.entries(makers).map(([name, maker]) => ({ name, run: maker[step] }));
    const created = await interleave(bench.random, rounds.length, contenders(0), taker(rounds));
    yield { figures: figuresOf(created, client !== undefined), name: "mysql/create/20" };
    const dropped = await interleave(bench.random, rounds.length, contenders(1), taker(rounds));
    yield { figures: figuresOf(dropped, client !== undefined), name: "mysql/drop/20" };
  } finally {
    await Promise.all([perFile.close(), atOnce.close()]);
  }
}

type Work = (slug: string) => Promise<unknown>;

/** Returns one after the other. */
function taker(items: readonly string[]): () => string {
  let next = 0;
  return () => items[next++] ?? "";
}

function figuresOf(timings: Timings, hasClient: boolean): Row["figures"] {
  return {
    ...(hasClient && { ratioClient: timings.ratio("perFile", "client") }),
    ratioPlain: timings.ratio("perFile", "plain"),
    ...(hasClient && { ratioClientOneFile: timings.ratio("atOnce", "client") }),
    ratioPlainOneFile: timings.ratio("atOnce", "plain"),
    ms: timings.ms("perFile"),
    msOneFile: timings.ms("atOnce"),
    ...(hasClient && { msClient: timings.ms("client") }),
    msPlain: timings.ms("plain"),
  };
}

/** One `alter table` for every tenant of a fleet, some at a time, beside the same without tenants. */
async function migrateRow(
  bench: Bench<MysqlWorld>,
  world: LifecycleWorld,
  name: string,
): Promise<Row> {
  const base = migration(1, tableText(1));
  const rounds = bench.isQuick ? 3 : 7;
  const alter = (round: number): string => `alter table item_1 add column extra_${round} integer;`;
  const { prefix, url } = await world.database();
  const databases = Array.from({ length: FLEET }, (_, index) => `${prefix}plain_${index}`);
  const connections = await Promise.all(Array.from({ length: CONCURRENCY }, () => world.connect()));
  const open = (count: number): Tenancy =>
    tenancyOn(url, prefix, [
      base,
      ...Array.from({ length: count }, (_, index) => migration(index + 2, alter(index + 1))),
    ]);
  try {
    const first = open(0);
    await first.migrateGlobal();
    for (let index = 0; index < FLEET; index += 1) await first.create(`shop${index}`);
    await first.close();
    for (const database of databases) {
      for (const text of createTexts(database, [base.up])) await world.plain.query(text);
    }
    let round = 0;
    const timings = await interleave<{ readonly round: number; readonly tenancy: Tenancy }>(
      bench.random,
      rounds,
      [
        { name: "toolkit", run: ({ tenancy }) => migrateFleet(tenancy) },
        { name: "plain", run: (now) => alterAll(connections, databases, alter(now.round)) },
      ],
      () => {
        round += 1;
        return { round, tenancy: open(round) };
      },
    );
    return {
      figures: {
        ratioPlain: timings.ratio("toolkit", "plain"),
        msPerTenant: timings.ms("toolkit") / FLEET,
        msPerTenantPlain: timings.ms("plain") / FLEET,
      },
      name,
    };
  } finally {
    await Promise.all(connections.map((connection) => connection.end()));
  }
}

async function migrateFleet(tenancy: Tenancy): Promise<void> {
  const { failed, ok, results } = await tenancy.migrateAll({ concurrency: CONCURRENCY });
  await tenancy.close();
  if (!ok || results.length !== FLEET) {
    throw new Error(`${results.length} tenants were migrated.`, { cause: failed[0]?.error });
  }
}

async function alterAll(
  connections: Awaited<ReturnType<LifecycleWorld["connect"]>>[],
  databases: readonly string[],
  text: string,
): Promise<void> {
  let next = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (let name = databases[next++]; name !== undefined; name = databases[next++]) {
        await connection.query(`use ${name}`);
        await connection.query(text);
      }
    }),
  );
}

async function openTenancy(
  world: LifecycleWorld,
  migrations: readonly Migration[],
): Promise<Tenancy> {
  const { prefix, url } = await world.database();
  const tenancy = tenancyOn(url, prefix, migrations);
  await tenancy.migrateGlobal();
  return tenancy;
}

function tenancyOn(uri: string, tenantPrefix: string, tenant: readonly Migration[]): Tenancy {
  return createTenancy({
    database: mysql2({ uri }),
    migrations: { global: [], tenant },
    tenantPrefix,
  });
}

function migration(number: number, up: string): Migration & { readonly up: string } {
  return { name: `step_${number}`, up, version: `2026010100${String(number).padStart(4, "0")}` };
}

function createTexts(database: string, tables: readonly string[]): string[] {
  return [`create database ${database};`, `use ${database};`, ...tables];
}

/** A table as applications have them: a key, two indexes, and for every fourth a reference. */
function tableText(number: number): string {
  const references =
    number % 4 === 0
      ? `, constraint item_${number}_parent foreign key (parent_id) references item_${number - 1} (id)`
      : "";
  return (
    `create table item_${number} (` +
    "id bigint unsigned not null auto_increment primary key, parent_id bigint unsigned, " +
    "name varchar(120) not null, code varchar(32) not null, amount decimal(12, 2) not null default 0, " +
    "created_at datetime(6) not null default current_timestamp(6), " +
    `key item_${number}_name (name), unique key item_${number}_code (code)${references});\n`
  );
}

// `npm run bench`: what the toolkit costs beside a plain pool, as ratios. See docs/guide/performance.md.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type BenchArguments, parseArguments, USAGE } from "./arguments.ts";
import { fleetRows } from "./fleet.ts";
import { createFleetWorld } from "./fleet-world.ts";
import type { Bench, Group } from "./group.ts";
import { listRows, mysqlListRows } from "./lists.ts";
import { memoryRows } from "./memory.ts";
import { mysqlLifecycleRows } from "./mysql-lifecycle.ts";
import { mysqlQueryRows, mysqlThroughputRows } from "./mysql-query.ts";
import { mysqlRoundTripRows } from "./mysql-round-trips.ts";
import { createMysqlWorld, type MysqlWorld } from "./mysql-world.ts";
import { ormRows } from "./orm.ts";
import { installPeers } from "./peers/install.ts";
import { queryRows, throughputRows } from "./query.ts";
import { createRandom } from "./random.ts";
import { lineOf, toJson } from "./report.ts";
import { roundTripRows } from "./round-trips.ts";
import type { Row } from "./row.ts";
import { tenancyRows } from "./tenancy.ts";
import { createWorld, type World } from "./world.ts";

const POSTGRES_GROUPS: readonly Group[] = [
  roundTripRows,
  queryRows,
  throughputRows,
  ormRows,
  tenancyRows,
  listRows,
  memoryRows,
];

const MYSQL_GROUPS: readonly Group<MysqlWorld>[] = [
  mysqlRoundTripRows,
  mysqlQueryRows,
  mysqlThroughputRows,
  mysqlListRows,
  mysqlLifecycleRows,
];

const options = readArguments();
if (options !== undefined) await run(options);

function readArguments(): BenchArguments | undefined {
  try {
    const parsed = parseArguments(process.argv.slice(2));
    if (parsed === undefined) console.log(USAGE);
    return parsed;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function run(options: BenchArguments): Promise<void> {
  const startedAt = performance.now();
  const rows: Row[] = [];
  const { engine, isFleet, json } = options;
  if (isFleet) await runFleet(options, rows);
  if (!isFleet && engine !== "mysql") await runPostgres(options, rows);
  if (!isFleet && engine !== "postgres") await runMysql(options, rows);
  if (json !== undefined) writeFileSync(json, toJson(rows));
  console.log(`${rows.length} rows in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
}

async function runFleet(options: BenchArguments, rows: Row[]): Promise<void> {
  const peers = installPeers();
  if ("unavailable" in peers) console.log(`Other packages are left out. ${peers.unavailable}`);
  const world = await createFleetWorld();
  if (world.psql === undefined) console.log("psql is not installed, and left out.");
  describe(`PostgreSQL ${world.version}`, undefined, options);
  const found = "unavailable" in peers ? [] : peers;
  const bench = { ...benchOf(options), peers: found, world };
  try {
    for await (const row of fleetRows(bench)) add(row, rows);
  } finally {
    await world.close();
  }
}

async function runPostgres(options: BenchArguments, rows: Row[]): Promise<void> {
  const world = await createWorld(options.isQuick ? 300 : 2_000);
  const tenantCounts = options.isQuick ? [1, 100] : [1, 10, 100, 1_000];
  describe(`PostgreSQL ${world.version}`, world.tenants, options);
  await runGroups(POSTGRES_GROUPS, { ...benchOf(options), tenantCounts, world }, rows);
}

async function runMysql(options: BenchArguments, rows: Row[]): Promise<void> {
  const tenantCounts = options.isQuick ? [1, 100] : [1, 10, 100];
  const tenants = Math.max(...tenantCounts);
  const world = await createMysqlWorld(tenants);
  if ("unavailable" in world) {
    console.log(`Nothing of MySQL or MariaDB is measured. ${world.unavailable}`);
    return;
  }
  describe(world.version, tenants, options);
  await runGroups(MYSQL_GROUPS, { ...benchOf(options), tenantCounts, world }, rows);
}

function describe(server: string, tenants: number | undefined, { isQuick }: BenchArguments): void {
  const cores = `${availableParallelism()} cores`;
  const fleet = tenants === undefined ? "" : `, ${tenants} tenants`;
  const quick = isQuick ? ", quick" : "";
  console.log(`Node.js ${process.versions.node}, ${server}, ${cores}${fleet}${quick}`);
}

function add(row: Row, rows: Row[]): void {
  rows.push(row);
  console.log(lineOf(row));
}

function benchOf({ isQuick, only }: BenchArguments): Pick<Bench, "isQuick" | "random" | "wants"> {
  return {
    isQuick,
    random: createRandom(20_260_101),
    wants: (name) => only === undefined || only.test(name),
  };
}

async function runGroups<SomeWorld extends Pick<World, "close" | "networks">>(
  groups: readonly Group<SomeWorld>[],
  bench: Bench<SomeWorld>,
  rows: Row[],
): Promise<void> {
  try {
    for (const group of groups) {
      for await (const row of group(bench)) add(row, rows);
    }
  } finally {
    await bench.world.close();
  }
}

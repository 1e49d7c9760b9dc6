import type { Tenancy } from "kirayedar";
import pg from "pg";
import { type FleetBench, type FleetGroup, slowName } from "./fleet-bench.ts";
import { REPORT_ROWS } from "./fleet-tables.ts";
import { slugOf } from "./fleet-world.ts";
import { interleave, type Timings } from "./interleave.ts";
import type { Row } from "./row.ts";

const TEXT = "select count(*)::int as items, sum(amount)::int as amount from item_1";

/** What each tenant answers. */
interface Answer {
  readonly items: number;
  readonly amount: number;
}

/** The same question to all tenants, at once or one after the other. */
export const reportGroup: FleetGroup = {
  kinds: ["fleet/report", "fleet/report/1ms"],
  rows: async function* (bench) {
    const { slowUrl, tenants, url } = bench.world;
    const name = `fleet/report/${tenants}`;
    const slow = slowName(bench, "fleet/report");
    if (bench.wants(name)) yield await reportRow(bench, name, url);
    if (slow) yield await reportRow(bench, slow, slowUrl);
  },
};

async function reportRow(bench: FleetBench, name: string, url: string): Promise<Row> {
  const rounds = bench.isQuick ? 3 : 9;
  const kept = await openContenders(bench, url);
  // On connections that are open, the first report is one of those that nobody has asked before.
  await askAll(bench, kept);
  const warm = await measure(bench, rounds, async () => kept);
  await closeContenders(kept);
  const used: Contenders[] = [];
  const cold = await measure(bench, Math.ceil(rounds / 2), async () => {
    const opened = await openContenders(bench, url);
    used.push(opened);
    return opened;
  });
  for (const contenders of used) await closeContenders(contenders);
  return {
    figures: {
      ms: warm.ms("toolkit"),
      msOneByOne: warm.ms("oneByOne"),
      ratioToOneByOne: warm.ratio("toolkit", "oneByOne"),
      ratioToHand: warm.ratio("toolkit", "hand"),
      msCold: cold.ms("toolkit"),
      ratioToOneByOneCold: cold.ratio("toolkit", "oneByOne"),
      ratioToHandCold: cold.ratio("toolkit", "hand"),
    },
    name,
  };
}

interface Contenders {
  readonly tenancy: Tenancy;
  /** With a cache of its own, and a pool. */
  readonly oneByOne: Tenancy;
  readonly client: pg.Client;
}

async function openContenders({ world }: FleetBench, url: string): Promise<Contenders> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const open = (): Tenancy => world.open(world.rounds, { url });
  return { client, oneByOne: open(), tenancy: open() };
}

async function closeContenders({ client, oneByOne, tenancy }: Contenders): Promise<void> {
  await Promise.all([client.end(), oneByOne.close(), tenancy.close()]);
}

async function measure(
  bench: FleetBench,
  rounds: number,
  prepare: () => Promise<Contenders>,
): Promise<Timings> {
  return await interleave<Contenders>(
    bench.random,
    rounds,
    [
      { name: "toolkit", run: ({ tenancy }) => askAtOnce(bench, tenancy) },
      { name: "oneByOne", run: ({ oneByOne }) => askOneByOne(bench, oneByOne) },
      { name: "hand", run: ({ client }) => askByHand(bench, client) },
    ],
    prepare,
  );
}

async function askAll(bench: FleetBench, { client, oneByOne, tenancy }: Contenders): Promise<void> {
  await askAtOnce(bench, tenancy);
  await askOneByOne(bench, oneByOne);
  await askByHand(bench, client);
}

async function askAtOnce(bench: FleetBench, tenancy: Tenancy): Promise<void> {
  const answers: Answer[] = [];
  for await (const item of tenancy.queryAll<Answer>(TEXT)) {
    if (!item.ok) throw item.error;
    answers.push(item.row);
  }
  check(bench, answers);
}

async function askOneByOne(bench: FleetBench, tenancy: Tenancy): Promise<void> {
  const answers: Answer[] = [];
  for (let tenant = 0; tenant < bench.world.tenants; tenant += 1) {
    const query = (): Promise<{ readonly rows: Answer[] }> => tenancy.query<Answer>(TEXT);
    const { rows } = await tenancy.withTenant(slugOf(tenant), query);
    answers.push(...rows);
  }
  check(bench, answers);
}

/** As most people write it: enter the schema, ask, go on. */
async function askByHand(bench: FleetBench, client: pg.Client): Promise<void> {
  const answers: Answer[] = [];
  for (const schema of bench.world.schemas()) {
    await client.query(`set search_path = ${schema}`);
    answers.push(...(await client.query<Answer>(TEXT)).rows);
  }
  check(bench, answers);
}

function check({ world }: FleetBench, answers: readonly Answer[]): void {
  const isRight = answers.every(
    ({ amount, items }) => items === REPORT_ROWS && amount === REPORT_ROWS,
  );
  if (isRight && answers.length === world.tenants) return;
  throw new Error(`${answers.length} tenants have answered, or not all of them rightly.`);
}

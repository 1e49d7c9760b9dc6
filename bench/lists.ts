import { createTenancy, type ListOptions, type Tenancy } from "kirayedar";
import { mariadb } from "kirayedar/mariadb";
import { pg } from "kirayedar/pg";
import { createDatabase } from "../test/support/create-database.ts";
import type { Bench } from "./group.ts";
import { interleave } from "./interleave.ts";
import type { MysqlWorld } from "./mysql-world.ts";
import type { Row } from "./row.ts";

const PAGE = 50;
/** Tenants that are written by one statement. */
const BATCH = 1_000;

/** Pages in the middle of a long list, in each order, and what has to read all of it. */
export async function* listRows(bench: Bench): AsyncGenerator<Row> {
  const tenants = tenantsOf(bench);
  const name = `lists/${tenants}`;
  if (!bench.wants(name)) return;
  const database = await createDatabase(bench.world.url);
  const tenancy = createTenancy({
    database: pg({ connectionString: database.url }),
    migrations: { global: [], tenant: [] },
  });
  try {
    await tenancy.migrateGlobal();
    await fill(tenancy, tenants, postgresBatch);
    yield await listRow(bench, tenancy, name, tenants);
  } finally {
    await tenancy.close();
    await database.drop();
  }
}

/** The same on MySQL or MariaDB. */
export async function* mysqlListRows(bench: Bench<MysqlWorld>): AsyncGenerator<Row> {
  const tenants = tenantsOf(bench);
  const name = `mysql-lists/${tenants}`;
  if (!bench.wants(name)) return;
  const { world } = bench;
  const tenancy = createTenancy({
    database: mariadb({ ...world.address("loopback"), database: world.globalSchema }),
    migrations: { global: [], tenant: [] },
  });
  try {
    await tenancy.migrateGlobal();
    await fill(tenancy, tenants, mysqlBatch);
    yield await listRow(bench, tenancy, name, tenants);
  } finally {
    await tenancy.close();
  }
}

function tenantsOf({ isQuick }: Pick<Bench, "isQuick">): number {
  return isQuick ? 5_000 : 50_000;
}

async function listRow(
  bench: Pick<Bench, "isQuick" | "random">,
  tenancy: Tenancy,
  name: string,
  tenants: number,
): Promise<Row> {
  const pages = new Map<string, ListOptions>();
  for (const sort of ["slug", "name", "createdAt", "updatedAt"] as const) {
    pages.set(sort, await middle(tenancy, { sort }, tenants));
    pages.set(`${sort}Down`, await middle(tenancy, { descending: true, sort }, tenants));
  }
  const work = [
    ...[...pages].map(([key, page]) => ({ name: key, run: () => tenancy.list(page) })),
    { name: "search", run: () => tenancy.list({ limit: PAGE, search: "nobody is called so" }) },
    { name: "rareState", run: () => tenancy.list({ limit: PAGE, state: "failed" }) },
    { name: "count", run: () => tenancy.count({ state: "suspended" }) },
    { name: "insight", run: () => tenancy.insight({ largest: 0 }) },
  ];
  const rounds = bench.isQuick ? 3 : 15;
  const timings = await interleave<undefined>(bench.random, rounds, work, () => undefined);
  return {
    figures: Object.fromEntries(work.map(({ name: key }) => [`${key}Ms`, timings.ms(key)])),
    name,
  };
}

async function middle(tenancy: Tenancy, order: ListOptions, tenants: number): Promise<ListOptions> {
  let cursor: string | undefined;
  for (let read = 0; read < tenants / 2; read += BATCH) {
    const page = await tenancy.list({ ...order, limit: BATCH, ...(cursor && { cursor }) });
    cursor = page.nextCursor;
  }
  return { ...order, limit: PAGE, ...(cursor && { cursor }) };
}

/** Rows alone, without schemas: nothing that is measured looks into one. */
async function fill(
  tenancy: Tenancy,
  tenants: number,
  batch: (first: number) => { readonly text: string; readonly values?: readonly unknown[] },
): Promise<void> {
  await tenancy.scopeGlobal(async () => {
    for (let first = 0; first < tenants; first += BATCH) {
      const { text, values } = batch(first);
      await tenancy.query(text, values);
    }
    await tenancy.query(batch === mysqlBatch ? "analyze table tenants" : "analyze tenants");
  });
}

function postgresBatch(first: number): { text: string; values: readonly unknown[] } {
  return {
    text: `insert into tenants (slug, schema_name, state, name, created_at)
select 't-' || n, 'tenant_t_' || n,
  case when n % 5000 = 7 then 'failed' when n % 100 = 3 then 'suspended' else 'active' end,
  case when n % 10 > 0 then 'Customer ' || (n * 31) % 9973 end, now() - n * interval '1 minute'
from generate_series($1::integer, $2::integer) n`,
    values: [first, first + BATCH - 1],
  };
}

/** MySQL has no series: the numbers are written out. */
function mysqlBatch(first: number): { text: string } {
  const rows = Array.from({ length: BATCH }, (_, index) => {
    const n = first + index;
    const state = n % 5000 === 7 ? "failed" : n % 100 === 3 ? "suspended" : "active";
    const name = n % 10 > 0 ? `'Customer ${(n * 31) % 9973}'` : "null";
    return `('t-${n}', 'tenant_t_${n}', '${state}', ${name}, now() - interval ${n} minute)`;
  });
  return {
    text: `insert into tenants (slug, schema_name, state, name, created_at) values ${rows.join(", ")}`,
  };
}

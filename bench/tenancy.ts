import { AsyncLocalStorage } from "node:async_hooks";
import { createTenancy } from "kirayedar";
import { pg } from "kirayedar/pg";
import { createDatabase } from "../test/support/create-database.ts";
import type { Bench } from "./group.ts";
import { interleave } from "./interleave.ts";
import { shuffled } from "./random.ts";
import type { Row } from "./row.ts";

const TENANTS = 50;
const CALLS = 20_000;

/** What is paid where no database is asked: finding the tenant of a request, and entering its scope. */
export async function* tenancyRows(bench: Bench): AsyncGenerator<Row> {
  const rows = ["resolver/hit", "scope/withTenant"].filter((name) => bench.wants(name));
  if (rows.length === 0) return;
  const database = await createDatabase(bench.world.url);
  const tenancy = createTenancy({
    database: pg({ connectionString: database.url }),
    migrations: { global: [], tenant: [] },
    primaryDomain: "example.com",
  });
  try {
    await tenancy.migrateGlobal();
    const slugs = Array.from({ length: TENANTS }, (_, index) => `bench_${index}`);
    for (const slug of slugs) await tenancy.create(slug, { domains: [`${slug}.test`] });
    if (rows.includes("resolver/hit")) yield await resolverRow(bench, tenancy, slugs);
    if (rows.includes("scope/withTenant")) yield await scopeRow(bench, tenancy, slugs);
  } finally {
    await tenancy.close();
    await database.drop();
  }
}

type Tenancy = ReturnType<typeof createTenancy>;

/** A request's host to its tenant, from memory, to a `Map` that needs no care for ages or names. */
async function resolverRow(bench: Bench, tenancy: Tenancy, slugs: readonly string[]): Promise<Row> {
  const hosts = slugs.flatMap((slug) => [`${slug}.test`, `${slug.replace("_", "-")}.example.com`]);
  for (const host of hosts) {
    const { kind } = await tenancy.resolve({ host });
    if (kind !== "tenant") throw new Error(`${host} resolved to ${kind}.`);
  }
  const map = new Map(hosts.map((host) => [host, { kind: "tenant" }]));
  const calls = CALLS * 10;
  const timings = await interleave<readonly string[]>(
    bench.random,
    bench.isQuick ? 10 : 40,
    [
      { name: "resolve", run: (some) => hit(some, calls, (host) => tenancy.resolve({ host })) },
      { name: "map", run: (some) => hit(some, calls, (host) => map.get(host)) },
    ],
    () => shuffled(bench.random, hosts),
  );
  return {
    figures: {
      millionPerSecond: calls / timings.ms("resolve") / 1_000,
      ratio: timings.ratio("resolve", "map"),
    },
    name: "resolver/hit",
  };
}

function hit(hosts: readonly string[], calls: number, find: (host: string) => unknown): void {
  let found = 0;
  for (let call = 0; call < calls; call += 1) {
    const answer = find(hosts[call % hosts.length] ?? "");
    if ((answer as { kind?: unknown } | undefined)?.kind === "tenant") found += 1;
  }
  if (found !== calls) throw new Error(`${calls - found} lookups were not answered at once.`);
}

/** Entering a tenant's scope by its slug, to entering a storage that knows nothing of tenants. */
async function scopeRow(bench: Bench, tenancy: Tenancy, slugs: readonly string[]): Promise<Row> {
  const storage = new AsyncLocalStorage<string>();
  const work = async (): Promise<number> => await Promise.resolve(1);
  const timings = await interleave<readonly string[]>(
    bench.random,
    bench.isQuick ? 10 : 40,
    [
      { name: "withTenant", run: (some) => enter(some, (slug) => tenancy.withTenant(slug, work)) },
      {
        name: "run",
        run: (some) => enter(some, (slug) => storage.run(slug, async () => await work())),
      },
    ],
    () => shuffled(bench.random, slugs),
  );
  const ns = (name: string): number => (timings.ms(name) / CALLS) * 1e6;
  return {
    figures: {
      nsOverRun: ns("withTenant") - ns("run"),
      nsWithTenant: ns("withTenant"),
      ratio: timings.ratio("withTenant", "run"),
    },
    name: "scope/withTenant",
  };
}

async function enter(
  slugs: readonly string[],
  run: (slug: string) => Promise<unknown>,
): Promise<void> {
  for (let call = 0; call < CALLS; call += 1) await run(slugs[call % slugs.length] ?? "");
}

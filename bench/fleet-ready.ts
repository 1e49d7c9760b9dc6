import type { Tenancy } from "kirayedar";
import type { FleetBench, FleetGroup } from "./fleet-bench.ts";
import { interleave, median } from "./interleave.ts";
import type { Row } from "./row.ts";

/** Schemas that are kept ready. */
const READY = 10;

/** Tenants that take a schema which was made before, beside tenants that are made by migrations. */
export const readyGroup: FleetGroup = {
  kinds: ["fleet/create-ready"],
  rows: async function* (bench) {
    const name = `fleet/create-ready/${bench.world.tenants}`;
    if (!bench.wants(name)) return;
    const tenancies = {
      migrations: bench.world.open(0),
      ready: bench.world.open(0, { config: { provisioning: { ready: READY } } }),
    };
    try {
      yield await readyRow(bench, tenancies, name);
    } finally {
      await tenancies.ready.close();
      // One that wants none of them removes those that are there.
      await tenancies.migrations.provision();
      await tenancies.migrations.close();
    }
  },
};

interface Tenancies {
  readonly migrations: Tenancy;
  readonly ready: Tenancy;
}

async function readyRow(
  bench: FleetBench,
  { migrations, ready }: Tenancies,
  name: string,
): Promise<Row> {
  const made: string[] = [];
  const create = (tenancy: Tenancy, how: string, round: number): Promise<unknown> => {
    const slug = `new-${how}-${round}`;
    made.push(slug);
    return tenancy.create(slug);
  };
  let round = 0;
  const fill = (): Promise<void> => fillUp(ready);
  await fill();
  await Promise.all([create(ready, "ready", round), create(migrations, "plain", round)]);
  const timings = await interleave<number>(
    bench.random,
    bench.isQuick ? 4 : 15,
    [
      // What is made in the background after a tenant would be counted as the next one's time.
      { name: "ready", run: (now) => create(ready, "ready", now), settle: fill },
      { name: "migrations", run: (now) => create(migrations, "plain", now), settle: fill },
    ],
    () => (round += 1),
  );
  await fill();
  const burst: number[] = [];
  for (let next = 1; next <= READY; next += 1) {
    const startedAt = performance.now();
    await create(ready, "ready", round + next);
    burst.push(performance.now() - startedAt);
  }
  await fill();
  for (const slug of made) await migrations.drop(slug);
  return {
    figures: {
      ms: timings.ms("ready"),
      // One after the other, while others are made in the background.
      msInBurst: median(burst),
      msMigrations: timings.ms("migrations"),
      ratioToMigrations: timings.ratio("ready", "migrations"),
    },
    name,
  };
}

/** Waits until all schemas are ready that shall be, whoever makes them. */
async function fillUp(tenancy: Tenancy): Promise<void> {
  for (;;) {
    const filled = await tenancy.provision();
    if (filled?.ready === READY) return;
    // The tenancy itself is at it, in the background.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

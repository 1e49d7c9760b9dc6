import type { FleetBench, FleetGroup } from "./fleet-bench.ts";
import { createGroup } from "./fleet-create.ts";
import { growthOf } from "./fleet-growth.ts";
import { memoryGroup } from "./fleet-memory.ts";
import { migrateGroup } from "./fleet-migrate.ts";
import { noopGroup } from "./fleet-noop.ts";
import { readyGroup } from "./fleet-ready.ts";
import { reportGroup } from "./fleet-report.ts";
import type { Row } from "./row.ts";

const GROUPS: readonly FleetGroup[] = [
  noopGroup,
  migrateGroup,
  reportGroup,
  createGroup,
  readyGroup,
  memoryGroup,
];

/** Returns the sizes of the fleet to measure: up to the largest that a row was asked for. */
export function fleetSizes({ isQuick, wants }: Pick<FleetBench, "isQuick" | "wants">): number[] {
  const sizes = isQuick ? [100, 300] : [100, 1_000, 5_000];
  const kinds = GROUPS.flatMap((group) => group.kinds);
  const last = sizes.findLastIndex((size) => kinds.some((kind) => wants(`${kind}/${size}`)));
  return sizes.slice(0, last + 1);
}

/** Lets the fleet grow, and measures everything at each size. */
export async function* fleetRows(bench: FleetBench): AsyncGenerator<Row> {
  const smallest = new Map<string, Row>();
  for (const size of fleetSizes(bench)) {
    const startedAt = performance.now();
    await bench.world.growTo(size);
    console.log(`${size} tenants after ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    for (const group of GROUPS) {
      for await (const row of group.rows(bench)) {
        const kind = row.name.slice(0, row.name.lastIndexOf("/"));
        const first = smallest.get(kind) ?? row;
        smallest.set(kind, first);
        yield { ...row, figures: { ...row.figures, ...growthOf(first, row) } };
      }
    }
  }
}

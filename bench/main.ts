// `npm run bench`: what the toolkit costs beside a plain pool, as ratios. See docs/guide/performance.md.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type BenchArguments, parseArguments, USAGE } from "./arguments.ts";
import type { Bench, Group } from "./group.ts";
import { memoryRows } from "./memory.ts";
import { queryRows, throughputRows } from "./query.ts";
import { createRandom } from "./random.ts";
import { lineOf, toJson } from "./report.ts";
import { roundTripRows } from "./round-trips.ts";
import type { Row } from "./row.ts";
import { tenancyRows } from "./tenancy.ts";
import { createWorld } from "./world.ts";

const GROUPS: readonly Group[] = [
  roundTripRows,
  queryRows,
  throughputRows,
  tenancyRows,
  memoryRows,
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

async function run({ isQuick, json, only }: BenchArguments): Promise<void> {
  const startedAt = performance.now();
  const world = await createWorld(isQuick ? 300 : 2_000);
  const rows: Row[] = [];
  try {
    const bench: Bench = {
      isQuick,
      random: createRandom(20_260_101),
      tenantCounts: isQuick ? [1, 100] : [1, 10, 100, 1_000],
      wants: (name) => only === undefined || only.test(name),
      world,
    };
    console.log(
      `Node.js ${process.versions.node}, PostgreSQL ${world.version}, ` +
        `${availableParallelism()} cores, ${world.tenants} tenants${isQuick ? ", quick" : ""}`,
    );
    for (const group of GROUPS) {
      for await (const row of group(bench)) {
        rows.push(row);
        console.log(lineOf(row));
      }
    }
  } finally {
    await world.close();
  }
  if (json !== undefined) writeFileSync(json, toJson(rows));
  console.log(`${rows.length} rows in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
}

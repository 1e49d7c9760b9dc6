import { describe, expect, it } from "vitest";
import { postgres } from "../../../src/dialects/postgres/index.ts";
import type { KnownMigration } from "../../../src/migrate/discover.ts";
import { planMigrate, planStatus } from "../../../src/migrate/plan.ts";

const own = (number: number): KnownMigration => ({
  checksum: `kirayedar_registry_${number}`,
  file: "kirayedar",
  isRepeatable: true,
  name: "kirayedar_registry",
  phase: "expand",
  transaction: true,
  up: "",
  version: "0",
});

describe("the toolkit's own migration", () => {
  it.each([
    [9, "pending", 1],
    [10, "applied", 0],
    // A process that is deployed already was first; the older one would only undo what it noted.
    [11, "applied", 0],
  ] as const)("as the number %d, is %s where the number 10 is known", (number, state, count) => {
    const { checksum, name, version } = own(number);
    const row = {
      appliedAt: new Date(0),
      checksum,
      direction: "up",
      doneChecksum: null,
      durationMs: 1,
      error: null,
      isFinished: true,
      name,
      statementsDone: 0,
      version,
    } as const;
    const known = [own(10)];
    expect(planStatus(known, [row], postgres)).toMatchObject([{ state }]);
    expect(planMigrate(known, [row], {})).toHaveLength(count);
  });
});

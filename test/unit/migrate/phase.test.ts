import { describe, expect, it } from "vitest";
import { postgres } from "../../../src/dialects/postgres/index.ts";
import type { JournalRow } from "../../../src/core/journal-sql.ts";
import type { MigrateOptions, MigrationPhase } from "../../../src/core/migrator.ts";
import type { KnownMigration } from "../../../src/migrate/discover.ts";
import { overtakenBy } from "../../../src/migrate/phase-order.ts";
import { planMigrate, planRollback, planStatus } from "../../../src/migrate/plan.ts";

/** Migrations 1, 2, … of these phases: `e` expands, `c` contracts. */
function set(phases: string): KnownMigration[] {
  return phases.split("").map((letter, index) => ({
    checksum: `sum ${index + 1}`,
    down: "",
    file: `${index + 1}.sql`,
    name: `m${index + 1}`,
    phase: letter === "c" ? "contract" : "expand",
    transaction: true,
    up: "",
    version: String(index + 1),
  }));
}

function applied(known: readonly KnownMigration[], ...versions: string[]): JournalRow[] {
  return known
    .filter(({ version }) => versions.includes(version))
    .map(({ checksum, name, version }) => ({
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
    }));
}

const versions = (plan: readonly KnownMigration[]): string => plan.map((one) => one.version).join();

describe("a plan", () => {
  const known = set("ececc");

  it.each<[MigrateOptions, string[], string]>([
    [{}, [], "1,2,3,4,5"],
    [{ phase: "expand" }, [], "1,3"],
    [{ phase: "expand" }, ["1", "3"], ""],
    [{ phase: "expand", steps: 1 }, ["1"], "3"],
    [{ phase: "expand", to: "2" }, [], "1"],
    [{ phase: "contract" }, ["1", "3"], "2,4,5"],
    [{ phase: "contract" }, ["1", "2", "3", "4", "5"], ""],
    [{ phase: "contract", steps: 2 }, ["1", "3"], "2,4"],
    [{ phase: "contract", toExclusive: "5" }, ["1", "3"], "2,4"],
    // What expands and is newer than all that is chosen is in nobody's way.
    [{ phase: "contract", to: "2" }, ["1"], "2"],
    [{ phase: "contract", steps: 1 }, ["1"], "2"],
    [{}, ["1", "3"], "2,4,5"],
  ])("of %j, when %j are applied, is %j", (options, before, expected) => {
    expect(versions(planMigrate(known, applied(known, ...before), options))).toBe(expected);
  });

  it("contracts nothing before what is older has expanded, and says what that is", () => {
    const plan = (...before: string[]): unknown =>
      planMigrate(known, applied(known, ...before), { phase: "contract" });
    expect(() => plan()).toThrow(/5\.sql contracts, .*pending: 1\.sql, 3\.sql\. .*--phase expand/);
    expect(() => plan("1")).toThrow(/pending: 3\.sql\./);
    expect(() => plan("1")).toThrow("MIGRATION_OUT_OF_ORDER");
  });

  it("knows no other phase", () => {
    const phase = "Expand" as MigrationPhase;
    expect(() => planMigrate(known, [], { phase })).toThrow("INVALID_QUERY");
  });

  it("does not change for what is rolled back: the newest comes first", () => {
    expect(versions(planRollback(known, applied(known, "1", "2", "3"), { steps: 2 }))).toBe("3,2");
  });

  it("tells the phase of every line but of those whose file is missing", () => {
    const lines = planStatus(known.slice(0, 2), applied(known, "1", "3"), postgres);
    expect(lines.map(({ phase, state, version }) => [version, state, phase])).toEqual([
      ["1", "applied", "expand"],
      ["2", "pending", "contract"],
      ["3", "missing", null],
    ]);
  });
});

describe("a pending migration", () => {
  const overtaken = (phases: string, version: number, ...done: string[]): string | null => {
    const known = set(phases);
    const [migration] = known.slice(version - 1);
    if (migration === undefined) throw new Error("There is no such migration.");
    return overtakenBy(migration, known, done);
  };

  it("is out of order behind any newer one if it expands", () => {
    expect(overtaken("eee", 2, "1", "3")).toBe("3");
    expect(overtaken("eec", 2, "1", "3")).toBe("3");
    expect(overtaken("eee", 3, "1", "2")).toBeNull();
    expect(overtaken("ee", 2, "1", "9", "10")).toBe("10");
  });

  it("waits for its phase if it contracts, and is out of order behind that phase alone", () => {
    expect(overtaken("ecee", 2, "1", "3", "4")).toBeNull();
    expect(overtaken("ecec", 2, "1", "3", "4")).toBe("4");
    // Of a file that is missing nobody knows the phase.
    expect(overtaken("ec", 2, "1", "9")).toBeNull();
  });
});

describe("whatever the phases are and whatever is applied", () => {
  /** Every set of up to five migrations, and everything that may be applied of it. */
  const cases = [1, 2, 3, 4, 5].flatMap((size) =>
    Array.from({ length: 2 ** size }, (_, bits) =>
      Array.from({ length: 2 ** size }, (_each, done) => {
        const known = set(
          Array.from({ length: size }, (_one, at) => ((bits >> at) & 1 ? "c" : "e")).join(""),
        );
        return {
          known,
          rows: known.filter((_one, at) => (done >> at) & 1).map((one) => one.version),
        };
      }),
    ).flat(),
  );

  it("the two phases one after the other apply what both at once do", () => {
    expect(cases).toHaveLength(4 + 16 + 64 + 256 + 1024);
    for (const { known, rows } of cases) {
      const both = planMigrate(known, applied(known, ...rows), {}).map(({ version }) => version);
      const expand = planMigrate(known, applied(known, ...rows), { phase: "expand" });
      const between = [...rows, ...expand.map(({ version }) => version)];
      const contract = planMigrate(known, applied(known, ...between), { phase: "contract" });
      expect(expand.every(({ phase }) => phase === "expand")).toBe(true);
      expect(contract.every(({ phase }) => phase === "contract")).toBe(true);
      expect([...expand, ...contract].map(({ version }) => version).toSorted()).toEqual(both);
    }
  });

  it("and to an empty schema apply nothing out of order", () => {
    for (const { known } of cases.filter(({ rows }) => rows.length === 0)) {
      const expand = known.filter(({ phase }) => phase === "expand").map((one) => one.version);
      const late = known.filter(
        (one) => one.phase === "contract" && overtakenBy(one, known, expand) !== null,
      );
      expect(late).toEqual([]);
    }
  });

  it("nothing contracts while something older has not expanded", () => {
    for (const { known, rows } of cases) {
      const pending = known.filter(({ version }) => !rows.includes(version));
      const last = pending.filter(({ phase }) => phase === "contract").at(-1)?.version ?? "";
      const isEarly = pending.some(({ phase, version }) => phase === "expand" && version < last);
      let isRefused = false;
      try {
        planMigrate(known, applied(known, ...rows), { phase: "contract" });
      } catch {
        isRefused = true;
      }
      expect(isRefused).toBe(isEarly);
    }
  });
});

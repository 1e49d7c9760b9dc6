import { describe, expect, it } from "vitest";
import { formatReport, printFleetReport } from "../../../src/cli/fleet-report.ts";
import { createOutput, styleOf } from "../../../src/cli/output.ts";
import { shortList } from "../../../src/cli/short-list.ts";
import type { FleetItem, FleetResult } from "../../../src/core/fleet.ts";
import { TenancyError } from "../../../src/errors/tenancy-error.ts";

const style = styleOf({ write: () => undefined });

function done(tenant: string, ...versions: string[]): FleetItem {
  return { durationMs: 12, ok: true, schemaName: `tenant_${tenant}`, tenant, versions };
}

function failed(tenant: string): Extract<FleetItem, { ok: false }> {
  const error = new TenancyError("MIGRATION_FAILED", `Tenant ${tenant} failed.`, {
    cause: new Error("division by zero"),
    tenant,
  });
  return { durationMs: 5, error, ok: false, schemaName: `tenant_${tenant}`, tenant };
}

function fleet(items: FleetItem[], notReached: string[] = []): FleetResult {
  const bad = items.filter((item) => !item.ok);
  const results = items.filter((item) => !item.ok || item.versions.length > 0);
  const counts = {
    changed: results.length - bad.length,
    failed: bad.length,
    notReached: notReached.length,
    unchanged: items.length - results.length,
  };
  const ok = bad.length === 0 && notReached.length === 0;
  const stopped = notReached.length > 0 ? "signal" : undefined;
  return { counts, durationMs: 100, failed: bad, notReached, ok, results, stopped };
}

const run = { done: "migrated", dryRun: false, global: undefined };

describe("formatReport", () => {
  it("lists what was changed, then what failed, and sums up", () => {
    const result = fleet([done("d", "2"), failed("b"), done("c"), done("a", "1", "2")]);
    expect(formatReport({ ...run, fleet: result }, style)).toBe(
      [
        "TENANT  RESULT     TIME  DETAILS",
        "a       migrated  12 ms  1, 2",
        "d       migrated  12 ms  2",
        "b       failed     5 ms  MIGRATION_FAILED: division by zero",
        "",
        "4 tenants: 2 migrated, 1 with nothing to do, 1 failed (100 ms).",
      ].join("\n"),
    );
  });

  it("has no table when there was nothing to do", () => {
    expect(formatReport({ ...run, fleet: fleet([done("a")]) }, style)).toBe(
      "1 tenant: 0 migrated, 1 with nothing to do, 0 failed (100 ms).",
    );
  });

  it("groups a dry run by what would be done, and shows each migration once", () => {
    const from = (item: FleetItem, fromVersion: string | null): FleetItem => ({
      ...item,
      fromVersion,
    });
    const many = Array.from({ length: 7 }, (_, index) => from(done(`t${index}`, "1", "2"), null));
    const result: FleetResult = {
      ...fleet([from(done("z", "2"), "1"), ...many, from(done("y"), "2")]),
      pending: [
        { file: "1_one.sql", name: "one", up: "\ncreate table one (id int);\n", version: "1" },
        {
          file: "2_two.ts",
          name: "two",
          phase: "contract",
          transaction: false,
          up: () => undefined,
          version: "2",
        },
      ],
    };
    expect(formatReport({ ...run, dryRun: true, fleet: result }, style)).toBe(
      [
        "FROM  VERSIONS  TENANTS  SLUGS",
        "none  1, 2            7  t0, t1, t2, t3, t4 and 2 more",
        "1     2               1  z",
        "",
        "-- 1_one.sql",
        "create table one (id int);",
        "",
        "-- 2_two.ts (contract, outside a transaction)",
        "-- A function: what it runs is in its file.",
        "",
        "9 tenants: 8 would be changed, 1 with nothing to do, 0 failed (100 ms).",
      ].join("\n"),
    );
  });

  it("shows what a rollback would run, the newest first", () => {
    const pending = ["1", "2"].map((version) => ({
      down: `drop table t${version}`,
      name: `t${version}`,
      up: "never",
      version,
    }));
    const result = { ...fleet([done("a", "2", "1")]), pending };
    const report = { ...run, dryRun: true, fleet: result, verb: "rollback" } as const;
    expect(formatReport(report, style)).toContain(
      "-- 2_t2 (undone)\ndrop table t2\n\n-- 1_t1 (undone)\ndrop table t1\n\n",
    );
  });

  it("groups many tenants by what was done, and lists those that failed", () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      done(`t${index}`, "1", "2", "3", "4", "5"),
    );
    const bad = Array.from({ length: 60 }, (_, index) => failed(`x${String(index).padStart(2)}`));
    const report = { ...run, fleet: fleet([...many, ...bad]) };
    const lines = formatReport(report, style).split("\n");
    expect(lines.slice(0, 5)).toEqual([
      "VERSIONS   TENANTS  SLUGS",
      "1 … 5 (5)    5,000  t0, t1, t10, t100, t1000 and 4,995 more",
      "",
      "TENANT  RESULT  TIME  DETAILS",
      "x 0     failed  5 ms  MIGRATION_FAILED: division by zero",
    ]);
    expect(lines).toContain("… and 10 more failures; see --verbose.");
    expect(formatReport(report, style, { verbose: true })).toContain("x59 ");
  });

  it("says where it stopped and who was not reached", () => {
    const text = formatReport({ ...run, fleet: fleet([done("a", "1")], ["b", "c"]) }, style);
    expect(text).toContain("2 not reached");
    expect(text).toContain(
      "Stopped after a. Not reached: b, c. Run the same command again to go on.",
    );
  });

  it("says why it stopped, and how to go on", () => {
    const goOn = "`kirayedar migrate --all --resume` goes on.";
    const stop = (stopped: FleetResult["stopped"], left: string[]): string =>
      formatReport({ ...run, fleet: { ...fleet([failed("a")], left), stopped }, goOn }, style)
        .split("\n")
        .at(-1) ?? "";
    expect(stop("canary", ["b"])).toBe(`Stopped: a canary failed. Not reached: b. ${goOn}`);
    expect(stop("failures", ["b"])).toBe(`Stopped: 1 tenant failed. Not reached: b. ${goOn}`);
    expect(stop("canary", [])).toBe(`Stopped: a canary failed. ${goOn}`);
    expect(stop(undefined, [])).toBe(goOn);
  });

  it("says which run it was, and which one it took up", () => {
    const result = { ...fleet([done("a", "1")]), resumed: "12", runId: "13" };
    const text = formatReport({ ...run, fleet: result }, style);
    expect(text).toMatch(/^Took up run 12\.$/m);
    expect(text).toContain("0 failed (100 ms, run 13).");
    expect(formatReport({ ...run, fleet: { ...fleet([]), resumed: null } }, style)).toBe(
      "There is no run to take up: all of them ended well.",
    );
  });

  it("tells what happened to the global schema first", () => {
    const global = { durationMs: 3, schemaName: "public", tenant: null, versions: ["1"] };
    const report = { ...run, fleet: undefined, global };
    expect(formatReport(report, style)).toBe("✓ Global schema public: 1 migrated in 3 ms.");
    expect(formatReport({ ...report, dryRun: true }, style)).toBe(
      "Global schema public: 1 would be migrated.",
    );
  });
});

describe("printFleetReport", () => {
  function print(result: FleetResult, json: boolean): { stdout: string; stderr: string } {
    const written = { stderr: "", stdout: "" };
    const stdout = { write: (text: string) => (written.stdout += text) };
    const stderr = { write: (text: string) => (written.stderr += text) };
    const output = createOutput({ json, stderr, stdout });
    printFleetReport({ ...run, fleet: result }, output, { verbose: false });
    return written;
  }

  it("prints one JSON document with errors as data", () => {
    const { stdout } = print(fleet([done("a", "1"), failed("b")]), true);
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: false,
      global: null,
      ok: false,
      tenants: {
        counts: { changed: 1, failed: 1, notReached: 0, unchanged: 0 },
        results: [
          { ok: true, tenant: "a", versions: ["1"] },
          { error: { code: "MIGRATION_FAILED" }, ok: false, tenant: "b" },
        ],
      },
    });
  });

  it("prints at most ten errors in full", () => {
    const { stderr } = print(fleet(Array.from({ length: 12 }, (_, i) => failed(`t${i}`))), false);
    expect(stderr.match(/error: /g)).toHaveLength(10);
    expect(stderr).toContain("… and 2 more failures");
  });
});

describe("shortList", () => {
  it("says how many it leaves out", () => {
    expect(shortList(["a", "b"])).toBe("a, b");
    expect(shortList(["a", "b", "c", "d", "e", "f", "g"])).toBe("a, b, c, d, e and 2 more");
    expect(shortList(["a"], 5_001)).toBe("a and 5,000 more");
  });
});

import { describe, expect, it } from "vitest";
import { formatReport, printFleetReport, shortList } from "../../../src/cli/fleet-report.ts";
import { createOutput, styleOf } from "../../../src/cli/output.ts";
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

  it("groups a dry run by what would be done", () => {
    const many = Array.from({ length: 7 }, (_, index) => done(`t${index}`, "1", "2"));
    const result = fleet([done("z", "2"), ...many, done("y")]);
    const text = formatReport({ ...run, dryRun: true, fleet: result }, style);
    expect(text.split("\n").slice(0, 4)).toEqual([
      "VERSIONS  TENANTS  SLUGS",
      "1, 2            7  t0, t1, t2, t3, t4 and 2 more",
      "2               1  z",
      "",
    ]);
    expect(text).toContain("8 would be changed");
  });

  it("says where it stopped and who was not reached", () => {
    const text = formatReport({ ...run, fleet: fleet([done("a", "1")], ["b", "c"]) }, style);
    expect(text).toContain("2 not reached");
    expect(text).toContain("Stopped after a. Not reached: b, c.");
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
  });
});

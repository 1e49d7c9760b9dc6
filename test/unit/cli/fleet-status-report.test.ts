import { describe, expect, it } from "vitest";
import { formatFleetStatus, isFleetCurrent } from "../../../src/cli/fleet-status-report.ts";
import { styleOf } from "../../../src/cli/output.ts";
import type { FleetStatus } from "../../../src/core/fleet-status.ts";

const style = styleOf({ write: () => undefined });
const nobody = { count: 0, slugs: [] };
const well: FleetStatus = {
  ahead: nobody,
  behind: nobody,
  changed: nobody,
  dirty: nobody,
  failed: { count: 0, tenants: [] },
  global: [
    { appliedAt: new Date(0), name: "one", phase: "expand", state: "applied", version: "1" },
  ],
  latestVersion: "3",
  mismatched: null,
  tenants: 2,
  versions: [{ ahead: 0, behind: 0, tenants: 2, version: "3" }],
};

describe("formatFleetStatus", () => {
  it("is short where all is well", () => {
    expect(formatFleetStatus(well, style)).toBe(
      [
        "Global schema: 1 applied, 0 pending.",
        "",
        "VERSION  TENANTS",
        "3              2  newest",
        "",
        "2 tenants: 0 behind, 0 failed.",
      ].join("\n"),
    );
  });

  it("counts each kind of tenant, and names the first", () => {
    const status: FleetStatus = {
      ...well,
      ahead: { count: 1, slugs: ["z"] },
      behind: { count: 5_000, slugs: ["a", "b", "c", "d", "e", "f"] },
      changed: { count: 2, slugs: ["m", "n"] },
      dirty: { count: 1, slugs: ["h"] },
      failed: {
        count: 3,
        tenants: [
          { code: null, run: null, slug: "x" },
          { code: "MIGRATION_FAILED", run: "12", slug: "y" },
        ],
      },
      mismatched: { count: 1, slugs: ["w"] },
      tenants: 6_000,
      versions: [
        { ahead: 1, behind: 0, tenants: 1, version: "4" },
        { ahead: 0, behind: 999, tenants: 1_999, version: "3" },
        { ahead: 0, behind: 4_000, tenants: 4_000, version: null },
      ],
    };
    expect(formatFleetStatus(status, style).split("\n").slice(2)).toEqual([
      "VERSION  TENANTS",
      "4              1  ahead",
      "3          1,999  newest, 999 behind",
      "none       4,000  behind",
      "",
      "6,000 tenants: 5,000 behind, 1 ahead, 2 with changed files, 1 halfway, 1 at odds with the registry, 3 failed.",
      "Behind: a, b, c, d, e and 4,995 more.",
      "Ahead, with migrations that are unknown here: z.",
      "Applied from files that were changed since: m, n.",
      "Stopped halfway: h.",
      "At odds with the registry: w.",
      "Failed: x, y (MIGRATION_FAILED) and 1 more. See `kirayedar runs 12`.",
    ]);
  });
});

describe("isFleetCurrent", () => {
  it("is true where nobody needs anything", () => {
    expect(isFleetCurrent(well)).toBe(true);
    expect(isFleetCurrent({ ...well, mismatched: nobody })).toBe(true);
  });

  it.each(["ahead", "behind", "changed", "dirty", "mismatched"] as const)(
    "is false with tenants that are %s",
    (kind) => {
      expect(isFleetCurrent({ ...well, [kind]: { count: 1, slugs: ["a"] } })).toBe(false);
    },
  );

  it("is false with failures, and with global migrations that are pending", () => {
    expect(isFleetCurrent({ ...well, failed: { count: 1, tenants: [] } })).toBe(false);
    const [one] = well.global;
    if (one === undefined) throw new Error("There is one.");
    expect(isFleetCurrent({ ...well, global: [{ ...one, state: "pending" }] })).toBe(false);
  });
});

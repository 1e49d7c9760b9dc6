import { describe, expect, it } from "vitest";
import { changedLines } from "../../../src/cli/diff-lines.ts";
import { formatDiff } from "../../../src/cli/diff-report.ts";
import { styleOf } from "../../../src/cli/output.ts";
import type { DiffResult, SchemaDifference } from "../../../src/core/drift.ts";

const style = styleOf({ write: () => true });
const EMPTY: DiffResult = {
  durationMs: 12,
  failed: [],
  groups: [],
  notReached: [],
  ok: true,
  reference: { source: "transaction", tenant: null, version: "2" },
  same: 0,
};

function format(result: Partial<DiffResult>, verbose = false): string {
  return formatDiff({ ...EMPTY, ...result }, { style, verbose });
}

function group(count: number, ...differences: SchemaDifference[]): DiffResult["groups"][number] {
  const tenants = Array.from({ length: count }, (_, index) => ({
    sameMigrations: true,
    tenant: `t${index}`,
    version: "2",
  }));
  return { differences, tenants };
}

const EXTRA: SchemaDifference = {
  actual: "text",
  change: "extra",
  kind: "column",
  name: "a",
  table: "t",
};

describe("formatDiff", () => {
  it("names the first of many tenants, and counts the rest", () => {
    expect(format({ groups: [group(12, EXTRA)], same: 2_988 })).toBe(
      "Reference: a schema made by the tenant migrations, at 2.\n\n" +
        "12 tenants (t0, t1, t2, t3, t4 and 7 more)\n  + column t.a  text\n\n" +
        "3,000 tenants: 2,988 the same, 12 differ, 0 could not be read (12 ms).",
    );
  });

  it("shows of a changed function the lines that changed", () => {
    const change: SchemaDifference = {
      actual: "begin\n  return 2;\nend",
      change: "changed",
      expected: "begin\n  return 1;\nend",
      kind: "function",
      name: "f()",
    };
    expect(format({ groups: [group(1, change)] })).toContain(
      "  ~ function f()\n    -   return 1;\n    +   return 2;\n\n",
    );
  });

  it("shows what is in a table that is missing only when it is asked to", () => {
    const missing: SchemaDifference = {
      change: "missing",
      expected: "unlogged\n  column id integer",
      kind: "table",
      name: "t",
    };
    expect(format({ groups: [group(1, missing)] })).toContain("(t0)\n  - table t\n\n");
    expect(format({ groups: [group(1, missing)] }, true)).toContain(
      "  - table t\n    - unlogged\n    -   column id integer\n",
    );
  });

  it("cuts long lists, and says how to see the rest", () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ ...EXTRA, name: `c${index}` }));
    const text = format({ groups: Array.from({ length: 25 }, () => group(1, ...many)) });
    expect(text).toContain("… and 10 more differences; see --verbose");
    expect(text).toContain("… and 5 more groups; see --verbose.");
    expect(format({ groups: [group(1, ...many)] }, true)).not.toContain("more");
  });

  it("says what to do first where all of a group are at other migrations", () => {
    const behind = {
      ...group(2, EXTRA),
      tenants: group(2).tenants.map((one) => ({ ...one, sameMigrations: false, version: "1" })),
    };
    expect(format({ groups: [behind] })).toMatch(
      /^2 tenants \(t0, t1\), at 1\n.*\n {2}2 of these are behind; migrate first\.$/m,
    );
    const reference = { source: "tenant", tenant: "acme", version: "2" } as const;
    expect(format({ groups: [behind], reference })).toContain(
      "2 of these have other migrations than the reference.",
    );
  });

  it("makes control characters visible", () => {
    expect(format({ groups: [group(1, { ...EXTRA, name: "\u001b[2J" })] })).toContain("\\u{1b}[2J");
  });

  it("says who was not reached", () => {
    expect(format({ notReached: ["a", "b"] })).toContain("Stopped. Not reached: a, b.");
  });
});

describe("changedLines", () => {
  it.each([
    ["a\nb\nc", "a\nx\nc", ["b"], ["x"]],
    ["a", "a\na", [], ["a"]],
    ["a\nb", "b", ["a"], []],
    ["a", "b", ["a"], ["b"]],
  ])("compares %j with %j", (before, after, removed, added) => {
    expect(changedLines(before, after)).toEqual({ added, removed });
  });
});

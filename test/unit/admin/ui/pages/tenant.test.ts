import { describe, expect, it } from "vitest";
import type { MigrationView, TenantDetails } from "../../../../../src/admin/contract.ts";
import { whyNot } from "../../../../../src/admin/ui/pages/tenant-actions.ts";
import { tenantProblems } from "../../../../../src/admin/ui/pages/tenant-problems.ts";
import { sortTables, totalsOf } from "../../../../../src/admin/ui/pages/tenant-sizes.ts";

const WELL: TenantDetails = {
  actions: ["suspend", "maintenance", "rename", "migrate", "rollback", "drop"],
  createdAt: "2026-01-01T00:00:00.000Z",
  domainList: [],
  domains: [],
  extra: {},
  health: { healthy: true, pending: [], schemaExists: true, tableCount: 3 },
  healthError: null,
  hosts: [],
  id: "1",
  name: "Acme",
  schemaName: "tenant_acme",
  server: "default",
  slug: "acme",
  state: "active",
  updatedAt: "2026-01-01T00:00:00.000Z",
  version: "1",
};

const QUIET = { failure: null, isBusy: false, migrations: null };

function migration(state: string): MigrationView {
  return { appliedAt: null, name: "notes", state, version: "1" };
}

function keysOf(
  tenant: Partial<TenantDetails>,
  migrations: readonly MigrationView[] = [],
): string[] {
  return tenantProblems({ ...WELL, ...tenant }, { ...QUIET, migrations }).map(({ key }) => key);
}

describe("what is wrong with a tenant", () => {
  it("is nothing, where all is well", () => {
    expect(keysOf({}, [migration("applied")])).toEqual([]);
  });

  it("is a schema that is missing, except where there need be none yet", () => {
    const health = { healthy: false, pending: ["1"], schemaExists: false, tableCount: 0 };
    expect(keysOf({ health })).toEqual(["schema"]);
    expect(keysOf({ health, state: "failed" })).toEqual(["state"]);
  });

  it("can be made again where it was never finished", () => {
    for (const state of ["failed", "provisioning"]) {
      expect(tenantProblems({ ...WELL, state }, QUIET)).toMatchObject([{ createAgain: true }]);
    }
  });

  it("names the worst first", () => {
    const health = { healthy: false, pending: ["2"], schemaExists: true, tableCount: 1 };
    expect(keysOf({ health, state: "suspended" })).toEqual(["pending", "state"]);
    expect(keysOf({ health, state: "suspended" }, [migration("partial")])).toEqual([
      "partial",
      "state",
    ]);
    expect(keysOf({}, [migration("changed"), migration("missing")])).toEqual([
      "changed",
      "missing",
    ]);
  });

  it("is a schema that cannot be read, with the server's word", () => {
    const [problem] = tenantProblems(
      { ...WELL, health: null, healthError: "permission denied" },
      QUIET,
    );
    expect(problem).toMatchObject({ text: "permission denied", tone: "danger" });
  });

  it("is a domain that was verified and is not any more, and no claim", () => {
    const domain = {
      challenge: null,
      checkedAt: null,
      createdAt: WELL.createdAt,
      domain: "shop.acme.example",
      failingSince: WELL.createdAt,
      isPrimary: true,
      method: null,
      state: "pending" as const,
      verifiedAt: null,
    };
    expect(keysOf({ domainList: [domain] })).toEqual([]);
    expect(keysOf({ domainList: [{ ...domain, state: "verified" }] })).toEqual(["domains"]);
  });

  it("is not what is being done in this moment", () => {
    const renaming = { ...WELL, state: "renaming" };
    expect(tenantProblems(renaming, { ...QUIET, isBusy: true })).toEqual([]);
    expect(tenantProblems(renaming, QUIET)).toMatchObject([{ action: "rename" }]);
  });

  it("is how it failed in the last run, until it is mended", () => {
    const failure = { code: "MIGRATION_FAILED", message: "2.sql:1", run: "7" };
    const health = { healthy: false, pending: ["2"], schemaExists: true, tableCount: 1 };
    expect(tenantProblems({ ...WELL, health }, { ...QUIET, failure })).toMatchObject([
      { run: "7", text: expect.stringContaining("MIGRATION_FAILED: 2.sql:1") as string },
      { key: "pending" },
    ]);
    expect(tenantProblems(WELL, { ...QUIET, failure })).toEqual([]);
  });
});

describe("an action that cannot be done", () => {
  const session = { hasSeed: false, may: "destroy" } as const;

  it("says what a person lacks before all else", () => {
    expect(whyNot("drop", WELL, { ...session, may: "operate" })).toContain("“destroy”");
    expect(whyNot("suspend", WELL, { ...session, may: "read" })).toContain("“operate”");
    expect(whyNot("drop", WELL, session)).toBeNull();
  });

  it("says which state it needs", () => {
    expect(whyNot("resume", WELL, session)).toBe(
      "Only of a tenant that is suspended or in maintenance; this one is active.",
    );
    const dropping = { ...WELL, actions: ["drop" as const], state: "dropping" };
    expect(whyNot("migrate", dropping, session)).toBe("Not while it is being dropped.");
  });

  it("says when it would change nothing", () => {
    expect(whyNot("migrate", WELL, session)).toBe("Nothing is pending.");
    expect(whyNot("rollback", { ...WELL, version: null }, session)).toBe(
      "No migration is applied.",
    );
    expect(whyNot("seed", WELL, session)).toBe("No seed is configured.");
  });
});

describe("tables of a tenant", () => {
  const tables = [
    { bytes: 10, estimatedRows: null, name: "b" },
    { bytes: 30, estimatedRows: 5, name: "c" },
    { bytes: 10, estimatedRows: 0, name: "a" },
  ];
  const namesBy = (...by: Parameters<typeof sortTables>[1][]): string[] =>
    by.map((one) =>
      sortTables(tables, one)
        .map(({ name }) => name)
        .join(""),
    );

  it("are sorted, those of unknown size last", () => {
    expect(
      namesBy(
        { isDescending: true, sort: "bytes" },
        { isDescending: false, sort: "name" },
        { isDescending: false, sort: "estimatedRows" },
        { isDescending: true, sort: "estimatedRows" },
      ),
    ).toEqual(["cab", "abc", "acb", "cab"]);
  });

  it("are summed", () => {
    expect(totalsOf(tables)).toEqual({ bytes: 50, rows: 5 });
    expect(totalsOf([])).toEqual({ bytes: 0, rows: null });
  });
});

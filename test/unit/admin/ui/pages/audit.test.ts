import { describe, expect, it } from "vitest";
import type { AuditView } from "../../../../../src/admin/contract.ts";
import { joinNewest, joinOlder } from "../../../../../src/admin/ui/pages/audit-join.ts";
import {
  actionWords,
  detailsOf,
  entryWords,
  standingOf,
} from "../../../../../src/admin/ui/pages/audit-words.ts";

const AT = "2026-01-01T00:00:00.000Z";
const HOUR_LATER = Date.parse(AT) + 3_600_000;

describe("an entry of the audit log", () => {
  const begun = { action: "tenant.migrate", at: AT, outcome: "begun", tenant: "acme" } as const;
  const operation = { action: "tenant.migrate", state: "running", tenant: "acme" } as const;

  it("that only began is running while somebody is at it, and then unfinished", () => {
    expect(standingOf(begun, [], Date.parse(AT) + 1_000)).toBe("running");
    expect(standingOf(begun, [], HOUR_LATER)).toBe("unfinished");
    expect(standingOf(begun, [operation], HOUR_LATER)).toBe("running");
    expect(standingOf(begun, [{ ...operation, tenant: "globex" }], HOUR_LATER)).toBe("unfinished");
    expect(standingOf({ ...begun, outcome: "failed" }, [operation], HOUR_LATER)).toBe("failed");
  });

  it("has words for what it is about, and its own name where there are none", () => {
    expect(actionWords("tenant.suspend")).toBe("Suspended");
    expect(actionWords("tenant.teleport")).toBe("tenant.teleport");
  });

  it("says which of several changes an update was", () => {
    const details = { claimDomain: "a.example", primary: true };
    expect(entryWords({ action: "tenant.update", details })).toEqual({
      line: "a.example, primary yes",
      title: "Claimed a domain",
    });
    expect(entryWords({ action: "tenant.update", details: { name: "<b>" } })).toEqual({
      line: "name <b>",
      title: "Changed",
    });
  });

  it("shows whatever was recorded with it", () => {
    const details = {
      counts: { failed: 1, notReached: 2 },
      domains: ["a.example"],
      isDry: false,
      nothing: null,
      schemaName: "t",
      to: {},
    };
    expect(detailsOf(details)).toEqual([
      { label: "Counts", value: "failed 1, not reached 2" },
      { label: "Domains", value: "a.example" },
      { label: "Is dry", value: "no" },
      { label: "Schema name", value: "t" },
      { label: "To", value: "none" },
    ]);
    expect(entryWords({ action: "tenant.rename", details: { slug: "x", versions: [] } })).toEqual({
      line: "slug x, versions none",
      title: "Renamed",
    });
  });
});

describe("pages of the audit log", () => {
  const entry = (id: number, outcome: AuditView["outcome"] = "done"): AuditView => ({
    action: "tenant.update",
    actor: "ada",
    at: AT,
    details: {},
    durationMs: 1,
    errorCode: null,
    id: String(id),
    outcome,
    tenant: null,
    via: "console",
  });
  const page = (
    nextCursor: string | null,
    ...ids: readonly number[]
  ): Parameters<typeof joinOlder>[1] => ({
    entries: ids.map((id) => entry(id)),
    nextCursor,
  });
  const idsOf = (read: ReturnType<typeof joinNewest>): string =>
    read.entries.map(({ id }) => id).join(" ");

  it("are one list, in which the newest page is read anew", () => {
    let read = joinNewest(null, "all", page("9", 11, 10, 9));
    read = joinOlder(read, page(null, 9, 8, 7));
    expect(idsOf(read)).toBe("11 10 9 8 7");
    read = joinNewest(read, "all", page("10", 12, 11, 10));
    expect(idsOf(read)).toBe("12 11 10 9 8 7");
    expect(read.nextCursor).toBeNull();
  });

  it("have no gaps: after many changes, reading begins anew", () => {
    const read = joinOlder(joinNewest(null, "all", page("2", 3, 2)), page(null, 1));
    expect(joinNewest(read, "all", page("98", 99, 98))).toMatchObject({ nextCursor: "98" });
    expect(idsOf(joinNewest(read, "all", page("98", 99, 98)))).toBe("99 98");
  });

  it("belong to what they were read with", () => {
    const read = joinNewest(null, "all", page("2", 3, 2));
    expect(idsOf(joinNewest(read, "failed", page("2", 5, 2)))).toBe("5 2");
    expect(idsOf(joinNewest(read, "all", page(null)))).toBe("");
  });
});

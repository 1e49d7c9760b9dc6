import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Tenant } from "../../../src/core/tenant.ts";
import { postgres } from "../../../src/dialects/postgres/index.ts";
import type { LifecycleDeps } from "../../../src/lifecycle/deps.ts";
import { FleetRecord } from "../../../src/tenancy/fleet-records.ts";

const tenant = { id: "a", slug: "acme" } as Tenant;
const failed = {
  durationMs: 1,
  error: new Error("value 'secret' is wrong"),
  ok: false,
  schemaName: "tenant_acme",
  tenant: "acme",
} as const;
const NONE = { changed: 0, failed: 0, notReached: 0, unchanged: 0 };

let sent: { readonly params: readonly unknown[]; readonly text: string }[];
let warnings: string[];
let faults: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  [sent, warnings, faults] = [[], [], []];
});

afterEach(() => {
  vi.useRealTimers();
});

function createRecord(): FleetRecord {
  const query = async (text: string, params: readonly unknown[]): Promise<object> => {
    if (faults.length > 0) throw faults.shift();
    sent.push({ params, text });
    return { rows: text.startsWith("insert into") ? [{ id: "7" }] : [] };
  };
  const deps = {
    driver: {
      dialect: postgres,
      query: (_scope: unknown, text: string, params: readonly unknown[]) => query(text, params),
      transaction: (_scope: unknown, fn: (tx: object) => Promise<unknown>) => fn({ query }),
    },
    settings: {
      logger: { warn: (_fields: object, message: string) => warnings.push(message) },
      registry: { columns: {}, extraColumns: {}, schema: "public", table: "tenants" },
    },
  } as unknown as LifecycleDeps;
  return new FleetRecord(deps, {
    latestVersion: "1",
    options: {},
    resumes: null,
    verb: "migrate",
  });
}

/** The tables that were written since the last look. */
function written(): string[] {
  const texts = sent.map(
    ({ text }) => /(?:into|update|from) "public"\.(\w+)/.exec(text)?.[1] ?? "",
  );
  sent = [];
  return texts;
}

it("shows a sign of life every ten seconds, with what failed since", async () => {
  const record = createRecord();
  await record.begin(5);
  expect(record.id).toBe("7");
  written();
  record.noteTenant(tenant, failed);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(written()).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(JSON.stringify(sent)).not.toContain("secret");
  expect(written()).toEqual(["kirayedar_run_tenants", "kirayedar_runs"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(written()).toEqual(["kirayedar_runs"]);
  await record.end({ counts: NONE, stopped: undefined }, []);
  written();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written()).toEqual([]);
});

it("is not begun where nothing is to be done", async () => {
  const record = createRecord();
  await record.begin(0);
  record.noteTenant(tenant, failed);
  await record.end({ counts: NONE, stopped: "signal" }, [tenant]);
  expect(record.id).toBeUndefined();
  expect(written()).toEqual([]);
});

it("writes again what another run stood in the way of", async () => {
  const record = createRecord();
  await record.begin(1);
  record.noteTenant(tenant, failed);
  written();
  faults = [{ code: "40P01" }, { code: "40P01" }];
  await record.end({ counts: NONE, stopped: undefined }, []);
  expect(written()).toEqual(["kirayedar_run_tenants", "kirayedar_runs", "kirayedar_runs"]);
  expect(warnings).toEqual([]);
});

it("warns of what cannot be written, and keeps it for the next time", async () => {
  const record = createRecord();
  await record.begin(1);
  record.noteTenant(tenant, failed);
  written();
  faults = [new Error("gone")];
  await vi.advanceTimersByTimeAsync(10_000);
  expect(warnings).toEqual(["fleet run not recorded"]);
  expect(written()).toEqual([]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(written()).toEqual(["kirayedar_run_tenants", "kirayedar_runs"]);
});

import { describe, expect, it } from "vitest";
import type { QueryResult } from "../../../src/core/driver.ts";
import type { Scope } from "../../../src/core/scope.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import { queryAll, type ReportDeps } from "../../../src/reports/query-all.ts";
import { collect } from "../../support/collect.ts";

const TENANTS = 10_000;

function tenantOf(number: number): Tenant {
  return { id: `${number}`, schemaName: `s${number}`, slug: `t${number}` } as Tenant;
}

function nameOf(scope: Scope): string {
  return scope.kind === "tenant" ? scope.tenant.slug : "";
}

/** A database without a server, which counts what is read and asked ahead. */
function fake(answer = answerAll): {
  readonly deps: ReportDeps;
  readonly seen: { read: number; asked: number; shards: Map<string, number>; inUse: Set<number> };
} {
  const seen = { asked: 0, inUse: new Set<number>(), read: 0, shards: new Map<string, number>() };
  const deps: ReportDeps = {
    driver: {
      queryEach: async (scopes, _text, _params, { shard }) => {
        expect(seen.inUse.has(shard)).toBe(false);
        seen.inUse.add(shard);
        seen.asked += scopes.length;
        for (const scope of scopes) seen.shards.set(nameOf(scope), shard);
        await new Promise((resolve) => setImmediate(resolve));
        seen.inUse.delete(shard);
        return answer(scopes) as never;
      },
    },
    tenants: {
      async *read() {
        while (seen.read < TENANTS) yield tenantOf((seen.read += 1));
      },
      readAgain: async (tenant) => tenant,
      refusal: () => undefined,
    },
    track: (fn) => fn(),
  };
  return { deps, seen };
}

function answerAll(scopes: readonly Scope[]): PromiseSettledResult<QueryResult>[] {
  return scopes.map((scope) => ({
    status: "fulfilled",
    value: { rowCount: 1, rows: [{ name: nameOf(scope) }] },
  }));
}

describe("queryAll", () => {
  it("never asks more tenants than one batch a connection ahead of its reader", async () => {
    const { deps, seen } = fake();
    let handedOut = 0;
    for await (const item of queryAll(deps, "select 1", [], { batchSize: 20, concurrency: 3 })) {
      handedOut += 1;
      expect(item).toMatchObject({ row: { name: item.tenant } });
      // The batch that is being read, and one for each connection.
      expect(seen.asked - handedOut).toBeLessThanOrEqual(4 * 20);
      expect(seen.read - handedOut).toBeLessThanOrEqual(4 * 20 + 1);
    }
    expect(handedOut).toBe(TENANTS);
  });

  it("asks the same tenants on the same connection in the next report", async () => {
    const [first, second] = [fake(), fake()];
    for (const { deps } of [first, second]) await collect(queryAll(deps, "select 1", []));
    expect(first.seen.shards).toEqual(second.seen.shards);
    expect(new Set(first.seen.shards.values())).toEqual(new Set([0, 1, 2, 3]));
  });

  it("sends nothing before it is read, and waits for what was sent when its reader leaves", async () => {
    const { deps, seen } = fake();
    const report = queryAll(deps, "select 1", []);
    expect(seen.read).toBe(0);
    await report.next();
    expect(seen.inUse.size).toBeGreaterThan(0);
    await report.return();
    expect(seen.inUse.size).toBe(0);
    expect(seen.asked).toBeLessThan(500);
  });

  it("has no rows rather than another tenant's, if the driver leaves an answer out", async () => {
    const { deps } = fake((scopes) => answerAll(scopes.slice(1)));
    await expect(queryAll(deps, "select 1", []).next()).rejects.toThrow("has not answered");
  });

  it("throws what the driver throws, and leaves no rejection behind", async () => {
    const { deps } = fake(() => {
      throw new Error("The server is gone.");
    });
    await expect(collect(queryAll(deps, "select 1", []))).rejects.toThrow("is gone");
  });
});

import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { FleetOptions, FleetResult } from "../../../src/core/fleet.ts";
import type { MigrationResult } from "../../../src/core/migrator.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import { type FleetQueue, runFleet } from "../../../src/tenancy/fleet-run.ts";
import { fakeTenant } from "../../support/pg-world.ts";

/** What becomes of a tenant: `busy` is put aside first, and then changed. */
type Fate = "broken" | "busy" | "busyAndFails" | "changed" | "fails" | "gone" | "unchanged";

interface Fleet {
  readonly fates: readonly Fate[];
  /** Indexes of tenants. */
  readonly canary?: readonly number[];
  /** So many more, of which it is known that nothing is to be done. */
  readonly upToDate?: number;
  /** Called before each tenant is begun. */
  readonly onBegin?: (slug: string) => void;
  readonly isStopped?: () => boolean;
}

const slugOf = (index: number): string => `t${String(index).padStart(4, "0")}`;

/** Runs a fleet that exists in memory alone. */
async function run(
  { canary = [], fates, isStopped = () => false, onBegin, upToDate = 0 }: Fleet,
  options: FleetOptions = {},
): Promise<FleetResult & { readonly begun: readonly string[]; readonly most: number }> {
  const tenants = fates.map((_fate, index) => fakeTenant(slugOf(index)));
  const fateOf = new Map(fates.map((fate, index) => [slugOf(index), fate]));
  const begun: string[] = [];
  let running = 0;
  let most = 0;

  const work = async (tenant: Tenant): Promise<MigrationResult | undefined> => {
    running += 1;
    most = Math.max(most, running);
    await nextTurn();
    running -= 1;
    const fate = fateOf.get(tenant.slug);
    if (fate === "fails" || fate === "busyAndFails") throw new Error(`no ${tenant.slug}`);
    if (fate === "gone") return undefined;
    const versions = fate === "unchanged" ? [] : ["1"];
    return { durationMs: 0, schemaName: tenant.schemaName, tenant: tenant.slug, versions };
  };
  const worker = async (queue: FleetQueue): Promise<void> => {
    for (let next = await queue.take(); next !== undefined; next = await queue.take()) {
      const tenant = next;
      onBegin?.(tenant.slug);
      begun.push(tenant.slug);
      const fate = fateOf.get(tenant.slug);
      if (fate === "broken") throw new Error("A worker broke.");
      if (fate === "busy" || fate === "busyAndFails") queue.putAside(tenant);
      else await queue.settle(tenant, () => work(tenant));
    }
  };
  const chosen = canary.map((index) => tenants[index]!);
  const result = await runFleet(
    {
      canary: chosen,
      count: () => Promise.resolve({ listed: tenants.length, upToDate }),
      isStopped,
      async *read() {
        for (const tenant of tenants) {
          if (!chosen.includes(tenant)) yield { isUpToDate: false, tenant };
        }
      },
      work,
      worker,
    },
    options,
  );
  return { ...result, begun, most };
}

const of = (count: number, fate: Fate = "changed"): Fate[] =>
  Array.from({ length: count }, () => fate);
/** So many tenants, of which those with these indexes fail. */
const failing = (count: number, ...indexes: number[]): Fate[] =>
  of(count).map((fate, index) => (indexes.includes(index) ? "fails" : fate));

describe("a run", () => {
  it("does all of them, so many at a time", async () => {
    const result = await run({ fates: of(40), upToDate: 7 }, { concurrency: 5 });
    expect(result).toMatchObject({ failed: [], most: 5, notReached: [], ok: true });
    expect(result.counts).toEqual({ changed: 40, failed: 0, notReached: 0, unchanged: 7 });
    expect(result.stopped).toBeUndefined();
  });

  it("lists those that were changed or have failed, and counts the others", async () => {
    const fates: Fate[] = ["changed", "unchanged", "fails", "gone", "unchanged", "busy"];
    const result = await run({ fates });
    expect(result.results.map(({ tenant }) => tenant).toSorted()).toEqual([0, 2, 5].map(slugOf));
    expect(result.failed.map(({ tenant }) => tenant)).toEqual([slugOf(2)]);
    expect(result.counts).toEqual({ changed: 2, failed: 1, notReached: 0, unchanged: 2 });
    expect(result.ok).toBe(false);
  });

  it("comes back to those that are busy, when it is through with the others", async () => {
    const order: string[] = [];
    const fates: Fate[] = ["busy", "changed", "busyAndFails", "changed"];
    const onProgress: FleetOptions["onProgress"] = ({ last }) => order.push(last.tenant);
    const result = await run({ fates }, { concurrency: 1, onProgress });
    expect(order).toEqual([1, 3, 0, 2].map(slugOf));
    expect(result.failed.map(({ tenant }) => tenant)).toEqual([slugOf(2)]);
  });

  it("wraps what is thrown and is no error", async () => {
    const result = await runFleet(
      {
        canary: [],
        count: () => Promise.resolve({ listed: 1, upToDate: 0 }),
        isStopped: () => false,
        async *read() {
          yield { isUpToDate: false, tenant: fakeTenant("a") };
        },
        work: () => Promise.resolve(undefined),
        worker: async (queue) => {
          const tenant = await queue.take();
          if (tenant === undefined) return;
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- that is what is tested
          await queue.settle(tenant, () => Promise.reject("a text"));
        },
      },
      { concurrency: 1 },
    );
    expect(result.failed[0]?.error).toMatchObject({ cause: "a text" });
  });

  it("rejects with what breaks a worker, after the others have finished theirs", async () => {
    const done: string[] = [];
    const onProgress: FleetOptions["onProgress"] = ({ last }) => done.push(last.tenant);
    const fates: Fate[] = ["changed", "broken", "changed", "changed", "changed"];
    await expect(run({ fates }, { concurrency: 3, onProgress })).rejects.toThrow("A worker broke.");
    expect(done).toEqual([0, 2].map(slugOf));
  });

  it("tells how far it is, tenants included that came since they were counted", async () => {
    const seen: [number, number][] = [];
    const onProgress: FleetOptions["onProgress"] = ({ done, total }) => seen.push([done, total]);
    await run({ fates: [...of(2), "gone", ...of(2)] }, { concurrency: 1, onProgress });
    expect(seen).toEqual([
      [1, 5],
      [2, 5],
      [3, 4],
      [4, 4],
    ]);
  });
});

describe("canary tenants", () => {
  it("come first, whatever their place", async () => {
    const result = await run({ canary: [8, 3], fates: of(10) }, { concurrency: 4 });
    expect(result.begun.slice(0, 2).toSorted()).toEqual([slugOf(3), slugOf(8)]);
    expect(result.begun.toSorted()).toEqual(of(10).map((_, index) => slugOf(index)));
    expect(result.counts.changed).toBe(10);
  });

  it("end the run before anybody else when one of them fails", async () => {
    const result = await run({ canary: [5, 6], fates: failing(10, 5) }, { concurrency: 4 });
    expect(result.begun.toSorted()).toEqual([slugOf(5), slugOf(6)]);
    expect(result.stopped).toBe("canary");
    expect(result.counts).toEqual({ changed: 1, failed: 1, notReached: 8, unchanged: 0 });
    expect(result.notReached).toEqual([0, 1, 2, 3, 4, 7, 8, 9].map(slugOf));
  });

  it("end it even where nobody else is left", async () => {
    const result = await run({ canary: [0], fates: failing(1, 0) });
    expect(result).toMatchObject({ notReached: [], ok: false, stopped: "canary" });
  });

  it("are waited for when they are busy", async () => {
    const fates: Fate[] = ["changed", "busyAndFails", "changed"];
    const result = await run({ canary: [1], fates }, { concurrency: 2 });
    expect(result.begun).toEqual([slugOf(1)]);
    expect(result.stopped).toBe("canary");
  });

  it("do not end it by being gone", async () => {
    const result = await run({ canary: [1], fates: ["changed", "gone", "changed"] });
    expect(result).toMatchObject({ ok: true, stopped: undefined });
    expect(result.counts.changed).toBe(2);
  });
});

describe("a budget of failures", () => {
  it("of none ends the run with the first one, and finishes those in hand", async () => {
    const result = await run({ fates: failing(100, 3) }, { concurrency: 4, maxFailures: 0 });
    expect(result.stopped).toBe("failures");
    expect(result.counts.failed).toBe(1);
    expect(result.counts.changed).toBeLessThanOrEqual(3 + 4);
    expect(result.counts.changed + result.counts.notReached).toBe(99);
  });

  it.each([
    [3, [0, 1, 2], undefined],
    [3, [0, 1, 2, 3], "failures"],
    ["100%", Array.from({ length: 200 }, (_, index) => index), undefined],
    // A share is that of all tenants up to the end of the wave: of 10, of 50, of 200.
    ["5%", [0], "failures"],
    ["5%", [10, 11], undefined],
    ["5%", [10, 11, 12], "failures"],
    ["5%", Array.from({ length: 10 }, (_, index) => 60 + index), undefined],
    ["5%", Array.from({ length: 11 }, (_, index) => 60 + index), "failures"],
    ["10%", [0, 20, 21, 22, 23], undefined],
    ["10%", [0, 20, 21, 22, 23, 24], "failures"],
    ["0%", [199], undefined],
    ["0%", [100], "failures"],
    // 29 of 100 and 58 of 200 are that exactly, though not in floating point.
    ["29%", Array.from({ length: 58 }, (_, index) => 50 + index), undefined],
  ] as const)("of %s with failures at %j", async (maxFailures, indexes, stopped) => {
    const options = { concurrency: 1, maxFailures };
    const result = await run({ fates: failing(200, ...indexes) }, options);
    expect(result.stopped).toBe(stopped);
    expect(result.counts.changed + result.counts.failed + result.counts.notReached).toBe(200);
  });

  it("does tenants in waves, each finished before the next one", async () => {
    const fates = of(100);
    // Busy ones are come back to at the end of their own wave.
    fates[2] = "busyAndFails";
    const result = await run({ fates }, { concurrency: 4, maxFailures: 0 });
    expect(result.begun).toHaveLength(10);
    expect(result.counts).toEqual({ changed: 9, failed: 1, notReached: 90, unchanged: 0 });
    const later = of(100);
    later[12] = "busyAndFails";
    expect((await run({ fates: later }, { maxFailures: 0 })).begun).toHaveLength(50);
  });

  it("is none where others shall not go on, and then there are no waves", async () => {
    const fates = of(100);
    fates[2] = "busyAndFails";
    const result = await run({ fates }, { concurrency: 4, continueOnError: false });
    expect(result.begun).toHaveLength(100);
    expect(result.counts).toMatchObject({ failed: 1, notReached: 0 });
    const stopped = await run(
      { fates: failing(100, 5) },
      { concurrency: 1, continueOnError: false },
    );
    expect(stopped.begun).toHaveLength(6);
    expect(stopped.stopped).toBe("failures");
  });
});

describe("a stop", () => {
  it("by a signal finishes those in hand, and names the others", async () => {
    const controller = new AbortController();
    const onBegin = (slug: string): void => {
      if (slug === slugOf(9)) controller.abort();
    };
    const { signal } = controller;
    const result = await run({ fates: of(30), onBegin }, { concurrency: 3, signal });
    expect(result.stopped).toBe("signal");
    expect(result.begun.length).toBeLessThanOrEqual(12);
    expect([...result.begun, ...result.notReached].toSorted()).toEqual(
      of(30).map((_, index) => slugOf(index)),
    );
  });

  it("that comes when all is done is none", async () => {
    const controller = new AbortController();
    const onProgress: FleetOptions["onProgress"] = ({ done }) => done === 5 && controller.abort();
    const options = { concurrency: 1, onProgress, signal: controller.signal };
    expect(await run({ fates: of(5) }, options)).toMatchObject({ ok: true, stopped: undefined });
  });

  it("of its own has no name", async () => {
    let left = 4;
    const isStopped = (): boolean => (left -= 1) < 0;
    const result = await run({ fates: of(10), isStopped }, { concurrency: 1 });
    expect(result).toMatchObject({ ok: false, stopped: undefined });
    expect(result.begun.length + result.notReached.length).toBe(10);
  });

  it("leaves out those that were put aside", async () => {
    const controller = new AbortController();
    const onBegin = (slug: string): void => {
      if (slug === slugOf(3)) controller.abort();
    };
    const fates: Fate[] = ["busy", "busy", "changed", "changed", "changed"];
    const result = await run({ fates, onBegin }, { concurrency: 1, signal: controller.signal });
    expect(result.notReached).toEqual([0, 1, 4].map(slugOf));
  });

  it("is not waited for by whoever waits for a turn", async () => {
    const controller = new AbortController();
    const running = run({ fates: of(10) }, { perSecond: 0.01, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    const result = await running;
    expect(result.counts).toEqual({ changed: 1, failed: 0, notReached: 9, unchanged: 0 });
  });
});

it("begins no more in a second than it may", async () => {
  const begun: number[] = [];
  const startedAt = performance.now();
  const onBegin = (): number => begun.push(performance.now() - startedAt);
  await run({ fates: of(30), onBegin }, { concurrency: 8, perSecond: 100 });
  for (let from = 0; from < 1_000; from += 100) {
    const inTenth = begun.filter((at) => at >= from && at < from + 100);
    expect(inTenth.length).toBeLessThanOrEqual(20);
  }
  expect(begun.at(-1)).toBeGreaterThan(250);
});

it("accounts for every tenant, whatever happens", async () => {
  const kinds: readonly Fate[] = ["busy", "busyAndFails", "changed", "fails", "gone", "unchanged"];
  let seed = 20261121;
  /** Numbers that are the same each time. */
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let round = 0; round < 300; round += 1) {
    const fates = of(random(120)).map((fate) =>
      random(10) < 7 ? fate : (kinds[random(kinds.length)] ?? fate),
    );
    const canary = fates.flatMap((_fate, index) => (random(20) === 0 ? [index] : []));
    const limits: readonly FleetOptions[] = [
      {},
      { continueOnError: false },
      { maxFailures: random(8) },
      { maxFailures: `${random(30)}%` },
    ];
    const controller = new AbortController();
    const abortAt = random(3) === 0 ? slugOf(random(120)) : undefined;
    const onBegin = (slug: string): void => {
      if (slug === abortAt) controller.abort();
    };
    const upToDate = random(5);
    const options = { ...limits[random(4)], concurrency: 1 + random(9), signal: controller.signal };
    const result = await run({ canary, fates, onBegin, upToDate }, options);
    const { changed, failed, notReached, unchanged } = result.counts;
    const gone = result.begun.filter((slug) => fates[Number(slug.slice(1))] === "gone").length;
    const about = JSON.stringify({ canary, fates, options, round });
    expect(changed + failed + notReached + unchanged + gone, about).toBe(fates.length + upToDate);
    expect(result.results.length, about).toBe(changed + failed);
    expect(result.failed.length, about).toBe(failed);
    expect(result.notReached.length, about).toBe(notReached);
    expect(result.ok, about).toBe(failed === 0 && notReached === 0);
    const named = [...result.results.map(({ tenant }) => tenant), ...result.notReached];
    expect(new Set(named).size, about).toBe(named.length);
    expect(notReached === 0 || result.stopped !== undefined, about).toBe(true);
  }
});

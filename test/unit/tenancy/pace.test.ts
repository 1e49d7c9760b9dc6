import { describe, expect, it } from "vitest";
import { Pace } from "../../../src/tenancy/pace.ts";

/** Lets `count` through, and tells after how many milliseconds each came. */
async function turns(pace: Pace, count: number, signal?: AbortSignal): Promise<number[]> {
  const startedAt = performance.now();
  return await Promise.all(
    Array.from({ length: count }, async () => {
      await pace.wait(signal);
      return performance.now() - startedAt;
    }),
  );
}

describe("a pace", () => {
  it("lets so many through in a second, evenly, however many wait at once", async () => {
    const times = await turns(new Pace(50), 11);
    expect(times[0]).toBeLessThan(100);
    // Timers may be a little early by another clock.
    for (const [index, time] of times.entries()) expect(time).toBeGreaterThan(index * 20 - 5);
    expect(times.at(-1)).toBeLessThan(2_000);
  });

  it("saves nothing up while nobody waits", async () => {
    const pace = new Pace(20);
    await pace.wait(undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const times = await turns(pace, 3);
    expect(times[2]).toBeGreaterThan(90);
  });

  it("lets everybody through where there is no limit", async () => {
    const times = await turns(new Pace(undefined), 1_000);
    expect(Math.max(...times)).toBeLessThan(1_000);
  });

  it("lets go of all who wait at a signal", async () => {
    const controller = new AbortController();
    const waiting = turns(new Pace(0.01), 3, controller.signal);
    controller.abort();
    expect(Math.max(...(await waiting))).toBeLessThan(5_000);
    const late = await turns(new Pace(0.01), 3, AbortSignal.abort());
    expect(Math.max(...late)).toBeLessThan(5_000);
  });
});

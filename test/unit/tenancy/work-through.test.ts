import { describe, expect, it } from "vitest";
import { workThrough } from "../../../src/tenancy/work-through.ts";

/** Counts upwards, and remembers how far it was read, and whether it was told to end. */
function counting(to: number): {
  readonly items: AsyncGenerator<number, void, undefined>;
  readonly seen: { read: number; isEnded: boolean };
} {
  const seen = { isEnded: false, read: 0 };
  async function* count(): AsyncGenerator<number, void, undefined> {
    try {
      while (seen.read < to) yield (seen.read += 1);
    } finally {
      seen.isEnded = true;
    }
  }
  return { items: count(), seen };
}

describe("workThrough", () => {
  it("reads no more items than somebody has time for", async () => {
    const { items, seen } = counting(1_000);
    let [done, inHand, most] = [0, 0, 0];
    await workThrough(items, {
      concurrency: 7,
      isStopped: () => false,
      leave: () => expect.unreachable(),
      work: async () => {
        inHand += 1;
        most = Math.max(most, inHand);
        expect(seen.read - done).toBeLessThanOrEqual(7);
        await new Promise((resolve) => setImmediate(resolve));
        inHand -= 1;
        done += 1;
      },
    });
    expect(done).toBe(1_000);
    expect(most).toBe(7);
  });

  it("hands everything over that was not begun after a stop", async () => {
    const { items } = counting(20);
    const [begun, left]: [number[], number[]] = [[], []];
    await workThrough(items, {
      concurrency: 3,
      isStopped: () => begun.length >= 5,
      leave: (item) => void left.push(item),
      work: async (item) => void begun.push(item),
    });
    expect(begun).toHaveLength(5);
    expect([...begun, ...left].toSorted((a, b) => a - b)).toHaveLength(20);
  });

  it("throws what an item's work throws, when those in hand are done, and ends the reading", async () => {
    const { items, seen } = counting(20);
    let inHand = 0;
    const run = workThrough(items, {
      concurrency: 4,
      isStopped: () => false,
      leave: () => undefined,
      work: async (item) => {
        inHand += 1;
        await new Promise((resolve) => setImmediate(resolve));
        inHand -= 1;
        if (item === 6) throw new Error("Six.");
      },
    });
    await expect(run).rejects.toThrow("Six.");
    expect(inHand).toBe(0);
    expect(seen.isEnded).toBe(true);
    expect(seen.read).toBeLessThan(12);
  });
});

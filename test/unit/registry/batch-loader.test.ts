import { describe, expect, it } from "vitest";
import { BatchLoader } from "../../../src/registry/batch-loader.ts";

interface Gate {
  readonly keys: readonly string[];
  open(): void;
  fail(error: Error): void;
}

function gated(maxBatch = 100): { loader: BatchLoader<string>; gates: Gate[] } {
  const gates: Gate[] = [];
  const loader = new BatchLoader<string>({
    load: (keys) =>
      new Promise((resolve, reject) => {
        const number = gates.length;
        gates.push({ fail: reject, keys, open: () => resolve((key) => `${key}${number}`) });
      }),
    maxBatch,
  });
  return { gates, loader };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a batch loader", () => {
  it("loads at once all that is wanted at once, each once", async () => {
    const { gates, loader } = gated();
    const loads = ["a", "b", "a"].map((key) => loader.load(key));
    await settle();
    expect(gates.map(({ keys }) => keys)).toEqual([["a", "b"]]);
    gates[0]?.open();
    expect(await Promise.all(loads)).toEqual(["a0", "b0", "a0"]);
  });

  it("has one load on its way, and collects the rest for the next", async () => {
    const { gates, loader } = gated();
    const first = loader.load("a");
    await settle();
    const rest = ["b", "c", "a"].map((key) => loader.load(key));
    await settle();
    expect(gates).toHaveLength(1);
    gates[0]?.open();
    await first;
    await settle();
    expect(gates.map(({ keys }) => keys)).toEqual([["a"], ["b", "c"]]);
    gates[1]?.open();
    expect(await Promise.all(rest)).toEqual(["b1", "c1", "a0"]);
  });

  it("makes no batch larger than it may be", async () => {
    const { gates, loader } = gated(2);
    const loads = ["a", "b", "c", "d", "e"].map((key) => loader.load(key));
    for (let index = 0; index < 3; index++) {
      await settle();
      gates[index]?.open();
    }
    expect(await Promise.all(loads)).toEqual(["a0", "b0", "c1", "d1", "e2"]);
  });

  it("gives an error to all who wait for that load, and to nobody else", async () => {
    const { gates, loader } = gated();
    const first = [loader.load("a"), loader.load("a"), loader.load("b")];
    const outcome = Promise.allSettled(first);
    await settle();
    const next = loader.load("c");
    gates[0]?.fail(new Error("down"));
    expect((await outcome).map(({ status }) => status)).toEqual([
      "rejected",
      "rejected",
      "rejected",
    ]);
    await settle();
    gates[1]?.open();
    expect(await next).toBe("c1");
    const again = loader.load("a");
    await settle();
    gates[2]?.open();
    expect(await again).toBe("a2");
  });

  it("starts anew when told to, though a load is on its way", async () => {
    const { gates, loader } = gated();
    const before = loader.load("a");
    await settle();
    loader.startAnew();
    const after = loader.load("a");
    expect(loader.load("a")).toBe(after);
    gates[0]?.open();
    expect(await before).toBe("a0");
    await settle();
    gates[1]?.open();
    expect(await after).toBe("a1");
  });
});

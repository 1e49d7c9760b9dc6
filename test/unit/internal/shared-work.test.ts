import { describe, expect, it } from "vitest";
import { SharedWork } from "../../../src/internal/shared-work.ts";

const late = (): Error => new Error("late");

/** A promise that is settled from outside. */
function pending<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
} {
  let settle: Pick<ReturnType<typeof pending<T>>, "reject" | "resolve"> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { reject, resolve };
  });
  return {
    promise,
    reject: (error) => settle?.reject(error),
    resolve: (value) => settle?.resolve(value),
  };
}

describe("SharedWork", () => {
  it("tells all that wait how it ended, and those who come later", async () => {
    const { promise, resolve } = pending<number>();
    const work = new SharedWork(promise);
    const waiting = [work.wait(60_000, late), work.wait(Number.MAX_SAFE_INTEGER, late)];
    resolve(1);
    expect(await Promise.all(waiting)).toEqual([1, 1]);
    expect(await work.wait(0, late)).toBe(1);
  });

  it("fails for all when it fails, and for nobody who has left", async () => {
    const { promise, reject } = pending<never>();
    const work = new SharedWork(promise);
    const [patient, hasty] = [work.wait(60_000, late), work.wait(0, late)];
    await expect(hasty).rejects.toThrow("late");
    reject(new Error("no"));
    await expect(patient).rejects.toThrow("no");
  });

  it("fails without a word when nobody waits", async () => {
    const { promise, reject } = pending<never>();
    const work = new SharedWork(promise);
    await expect(work.wait(0, late)).rejects.toThrow("late");
    reject(new Error("no"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});

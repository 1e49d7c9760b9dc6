import { describe, expect, it } from "vitest";
import { Turns } from "../../../src/internal/turns.ts";

describe("Turns", () => {
  it("lets so many work at a time, in the order in which they came", async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const all = [0, 1, 2, 3].map((number) =>
      turns.take(async () => {
        begun.push(number);
        await new Promise<void>((resolve) => ends.push(resolve));
        return number;
      }),
    );
    expect(begun).toEqual([0, 1]);
    ends[1]?.();
    expect(await all[1]).toBe(1);
    expect(begun).toEqual([0, 1, 2]);
    ends[0]?.();
    ends[2]?.();
    await all[2];
    await expect.poll(() => ends.length).toBe(4);
    ends[3]?.();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
    expect(await turns.take(async () => "free")).toBe("free");
  });

  it("gives the turn on when somebody fails", async () => {
    const turns = new Turns(1);
    const failed = turns.take(async () => {
      throw new Error("no");
    });
    const next = turns.take(async () => "next");
    await expect(failed).rejects.toThrow("no");
    expect(await next).toBe("next");
  });
});

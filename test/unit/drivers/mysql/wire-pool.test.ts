import { describe, expect, it, vi } from "vitest";
import { type OpenWire, WirePool } from "../../../../src/drivers/mysql/wire-pool.ts";

class FakeWire implements OpenWire {
  isAlive = true;
  keeps = true;
  isOpen(): boolean {
    return this.isAlive;
  }
  keepAlive(keeps: boolean): void {
    this.keeps = keeps;
  }
  close(): void {
    this.isAlive = false;
  }
  query(): Promise<never> {
    return Promise.reject(new Error("not in this test"));
  }
  reset(): Promise<void> {
    return Promise.resolve();
  }
}

function poolOf(max: number): { pool: WirePool; opened: FakeWire[] } {
  const opened: FakeWire[] = [];
  const open = (): Promise<OpenWire> => {
    opened.push(new FakeWire());
    return Promise.resolve(opened.at(-1)!);
  };
  return { opened, pool: new WirePool(open, max) };
}

describe("WirePool", () => {
  it("opens what is needed, uses it again, and no idle one keeps the process alive", async () => {
    const { opened, pool } = poolOf(2);
    const first = await pool.acquire();
    first.release(false);
    expect(opened.map(({ keeps }) => keeps)).toEqual([false]);
    const again = await pool.acquire();
    expect(opened.map(({ keeps }) => keeps)).toEqual([true]);
    await pool.acquire();
    expect(opened).toHaveLength(2);
    again.release(true);
    expect(opened[0]?.isAlive).toBe(false);
  });

  it("uses none that was lost", async () => {
    const { opened, pool } = poolOf(1);
    (await pool.acquire()).release(false);
    opened[0]!.isAlive = false;
    (await pool.acquire()).release(false);
    expect(opened).toHaveLength(2);
  });

  it("lets the others wait, first come, first served; a second release does nothing", async () => {
    const { opened, pool } = poolOf(1);
    const order: number[] = [];
    const first = await pool.acquire();
    const later = [1, 2].map(async (at) => {
      const wire = await pool.acquire();
      order.push(at);
      return wire;
    });
    first.release(false);
    first.release(false);
    const second = await later[0]!;
    expect(order).toEqual([1]);
    second.release(false);
    (await later[1]!).release(false);
    expect(order).toEqual([1, 2]);
    expect(opened).toHaveLength(1);
  });

  it("makes room when a connection cannot be opened", async () => {
    let attempts = 0;
    const pool = new WirePool(() => {
      attempts += 1;
      return attempts < 3 ? Promise.reject(new Error("refused")) : Promise.resolve(new FakeWire());
    }, 1);
    const wires = await Promise.allSettled([pool.acquire(), pool.acquire(), pool.acquire()]);
    expect(wires.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
  });

  it("closes idle ones after some time", async () => {
    vi.useFakeTimers();
    try {
      const { opened, pool } = poolOf(1);
      (await pool.acquire()).release(false);
      vi.advanceTimersByTime(9_000);
      (await pool.acquire()).release(false);
      vi.advanceTimersByTime(9_000);
      expect(opened.map(({ isAlive }) => isAlive)).toEqual([true]);
      vi.advanceTimersByTime(2_000);
      expect(opened.map(({ isAlive }) => isAlive)).toEqual([false]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("ends when what is in use was given back, and refuses who waits and who comes later", async () => {
    const { opened, pool } = poolOf(2);
    const held = await pool.acquire();
    (await pool.acquire()).release(false);
    const second = await pool.acquire();
    const waiting = pool.acquire().catch((error: unknown) => error);
    let hasEnded = false;
    const ended = pool.end().then(() => (hasEnded = true));
    expect(await waiting).toMatchObject({ code: "TENANCY_CLOSED" });
    second.release(false);
    await Promise.resolve();
    expect(hasEnded).toBe(false);
    held.release(false);
    await ended;
    expect(opened.map(({ isAlive }) => isAlive)).toEqual([false, false]);
    await expect(pool.acquire()).rejects.toMatchObject({ code: "TENANCY_CLOSED" });
    await pool.end();
  });
});

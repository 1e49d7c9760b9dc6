import { EventEmitter } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { lentPool } from "../../../src/integrations/orm/common/lent-pool.ts";

class FakePool extends EventEmitter {
  readonly Client = Map;
  readonly options = { max: 3 };
  ended = false;
  #taken = 0;

  connect(): number {
    return ++this.#taken;
  }

  end(): void {
    this.ended = true;
  }
}

describe("a lent pool", () => {
  it("is the lender, except that it cannot be ended", async () => {
    const lender = new FakePool();
    const { pool } = lentPool(lender);
    expect(pool).toBeInstanceOf(FakePool);
    expect([pool.connect(), lender.connect(), pool.options]).toEqual([1, 2, lender.options]);
    expect(new pool.Client()).toBeInstanceOf(lender.Client);
    await (pool.end() as unknown as Promise<void>);
    await new Promise<void>((done) => (pool.end as (callback: () => void) => void)(done));
    expect(lender.ended).toBe(false);
  });

  it("hears what the lender says", () => {
    const lender = new FakePool();
    const { pool } = lentPool(lender);
    const listener = vi.fn<(count: number) => void>();
    expect(pool.on("remove", listener)).toBe(pool);
    lender.emit("remove", 1);
    expect(listener).toHaveBeenCalledExactlyOnceWith(1);
    pool.removeAllListeners();
    expect(lender.listenerCount("remove")).toBe(0);
  });

  it("keeps to itself what is put on it", () => {
    const lender = Object.create(new FakePool(), { connect: { value: () => 7 } }) as FakePool;
    const { pool } = lentPool(lender);
    expect(pool.connect()).toBe(7);
    pool.connect = () => 8;
    expect([pool.connect(), lender.connect()]).toEqual([8, 7]);
  });

  it("tells whether it was asked for anything", () => {
    const lent = lentPool(new FakePool());
    expect([lent.isUsed(), lent.pool.options.max, lent.isUsed()]).toEqual([false, 3, false]);
    lent.pool.on("error", () => undefined);
    expect(lent.isUsed()).toBe(false);
    lent.pool.connect();
    expect(lent.isUsed()).toBe(true);
  });

  it("tells whether it was ended", () => {
    const lent = lentPool(new FakePool());
    expect(lent.isEnded()).toBe(false);
    lent.pool.end();
    expect(lent.isEnded()).toBe(true);
  });

  it("is not one whose connections come by promise alone, as nobody would ever be called", () => {
    const mariadb = { getConnection: () => Promise.resolve({}) };
    expect(() => lentPool(mariadb)).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
  });
});

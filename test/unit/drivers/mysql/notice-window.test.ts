import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NoticeWindow } from "../../../../src/drivers/mysql/notice-window.ts";

const GIVE_UP_MS = 30_000;

/** A number that is given out, and becomes visible some time later, or never. */
interface Write {
  readonly id: number;
  readonly visibleAt: number;
}

const history = fc
  .array(
    fc.record({
      // How long after the one before it is given out, and how many numbers are left out.
      afterMs: fc.integer({ min: 0, max: 8_000 }),
      delayMs: fc.oneof(
        { arbitrary: fc.constant(0), weight: 3 },
        { arbitrary: fc.integer({ min: 0, max: GIVE_UP_MS - 1 }), weight: 3 },
        { arbitrary: fc.constant(Infinity), weight: 1 },
      ),
      skipped: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5 })),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let at = 0;
    let id = 0;
    return steps.map(({ afterMs, delayMs, skipped }): Write => {
      at += afterMs;
      id += 1 + skipped;
      return { id, visibleAt: at + delayMs };
    });
  });

const pauses = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 60 });

describe("NoticeWindow", () => {
  it("tells every number that appears within 30 s exactly once, in whatever order they do", () => {
    fc.assert(
      fc.property(history, pauses, fc.nat({ max: 60_000 }), (writes, waits, startMs) => {
        const window = new NoticeWindow(GIVE_UP_MS);
        const visible = (from: number, nowMs: number): Write[] =>
          writes.filter(({ id, visibleAt }) => id >= from && visibleAt <= nowMs);
        const there = visible(1, startMs);
        window.start(there, 0, startMs);
        const told: number[] = [];
        let nowMs = startMs;
        for (const wait of [...waits, 600_000]) {
          nowMs += wait;
          const fresh = window.accept(visible(window.from, nowMs), nowMs);
          expect(fresh).toBeDefined();
          told.push(...fresh!.map(({ id }) => id));
        }
        const expected = writes.filter(
          ({ visibleAt }) => visibleAt > startMs && visibleAt <= nowMs,
        );
        expect(told.toSorted((a, b) => a - b)).toEqual(expected.map(({ id }) => id));
      }),
      { numRuns: 500 },
    );
  });

  it("reads from a number that it knows, so that it finds something while the table is the same", () => {
    const window = new NoticeWindow(GIVE_UP_MS);
    window.start([{ id: 7 }], 0, 0);
    expect(window.from).toBe(1);
    expect(window.accept([{ id: 7 }, { id: 8 }], 40_000)).toEqual([{ id: 8 }]);
    expect(window.from).toBe(8);
    expect(window.accept([{ id: 8 }], 41_000)).toEqual([]);
  });

  it("gives up what is missing for longer", () => {
    const window = new NoticeWindow(GIVE_UP_MS);
    window.start([], 0, 0);
    window.accept([{ id: 2 }], 1_000);
    expect(window.from).toBe(1);
    window.accept([{ id: 2 }, { id: 3 }], 31_000);
    expect(window.from).toBe(3);
    expect(window.accept([{ id: 1 }, { id: 3 }], 32_000)).toEqual([]);
  });

  it("knows a table that was emptied or restored", () => {
    const window = new NoticeWindow(GIVE_UP_MS);
    window.start([{ id: 1 }, { id: 2 }], 0, 0);
    expect(window.accept([], 1_000)).toBeUndefined();
    expect(window.accept([{ id: 1 }], 1_000)).toBeUndefined();
  });

  it("begins with a table that is empty", () => {
    const window = new NoticeWindow(GIVE_UP_MS);
    window.start([], 0, 0);
    expect(window.accept([], 1_000)).toEqual([]);
    expect(window.accept([{ id: 1 }], 2_000)).toEqual([{ id: 1 }]);
    expect(window.accept([{ id: 1 }], 3_000)).toEqual([]);
  });
});

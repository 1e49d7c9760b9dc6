/** A clock that stands still until it is told to go on. */
export interface FakeClock {
  /** Returns its time, in milliseconds. */
  now(): number;
  /**
   * Lets time pass, at once.
   *
   * @param ms - milliseconds, 0 or more
   * @throws RangeError for anything else: what is remembered relies on a clock that never goes back
   */
  advance(ms: number): void;
}

/**
 * Makes a clock for `createTestTenancy({ clock })`: what the tenancy remembers of tenants and hosts grows
 * old by it alone. Timers of the runner, and the database's own time, are not its business.
 */
export function fakeClock(): FakeClock {
  // Not 0: a time in the past must be possible, too.
  let time = 1_000_000;
  return {
    advance(ms) {
      if (!(Number.isFinite(ms) && ms >= 0)) {
        throw new RangeError("A clock advances by a number of milliseconds, 0 or more.");
      }
      time += ms;
    },
    now: () => time,
  };
}

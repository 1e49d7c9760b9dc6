/** A source of numbers from 0 to below 1. */
export type Random = () => number;

/** Makes a source that gives the same numbers for the same seed, so that runs can be compared. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns a whole number from 0 to below `end`. */
export function wholeBelow(random: Random, end: number): number {
  return Math.floor(random() * end);
}

/** Returns the same items in another order. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ at: random(), item }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

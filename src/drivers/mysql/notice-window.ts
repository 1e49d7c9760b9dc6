/** One row of the notices' table, as far as its place among the others goes. */
export interface NumberedNotice {
  /** Its number: given when it was written, and seen when that was committed. */
  readonly id: number;
}

/**
 * Tells which notices are new. Their numbers are given out before they are committed, so that a lower
 * one may appear after a higher one: every number is watched for until it has been missing for some
 * time. Pure: time is a parameter.
 *
 * Every number that appears in time is told exactly once. The newest notice is never removed from the
 * table, so that its absence means that the table is not the one it was.
 */
export class NoticeWindow {
  readonly #giveUpAfterMs: number;
  /** Numbers above the floor that were seen, and when first; in ascending order of number. */
  #seen = new Map<number, number>();
  /** Every number up to this one is settled: it was seen, or given up. */
  #floor = 0;
  /** The highest number that was seen; 0 for none. */
  #newest = 0;

  /** @param giveUpAfterMs - for how long a number may be missing while there are higher ones */
  constructor(giveUpAfterMs: number) {
    this.#giveUpAfterMs = giveUpAfterMs;
  }

  /**
   * Begins anew: what is there is no news.
   *
   * @param there - the newest notices, in ascending order of their numbers
   * @param floor - numbers up to this one are not watched for
   */
  start(there: readonly NumberedNotice[], floor: number, nowMs: number): void {
    this.#floor = floor;
    this.#newest = there.at(-1)?.id ?? 0;
    this.#seen = new Map(there.map(({ id }) => [id, nowMs]));
    this.#settle(nowMs);
  }

  /** The lowest number to read from now on: unless nothing was ever seen, it finds something. */
  get from(): number {
    return Math.min(this.#floor + 1, Math.max(this.#newest, 1));
  }

  /**
   * Takes what was read, and returns what is new.
   *
   * @param read - all notices from {@link from} on, in ascending order of their numbers
   * @returns `undefined` when the table is not the one it was: it was emptied, or restored
   */
  accept<Notice extends NumberedNotice>(
    read: readonly Notice[],
    nowMs: number,
  ): Notice[] | undefined {
    if (this.#newest > 0 && !read.some(({ id }) => id === this.#newest)) return undefined;
    const fresh = read.filter(({ id }) => id > this.#floor && !this.#seen.has(id));
    for (const { id } of fresh) this.#seen.set(id, nowMs);
    this.#newest = Math.max(this.#newest, read.at(-1)?.id ?? 0);
    this.#settle(nowMs);
    return fresh;
  }

  /** Raises the floor over what has no gap below it, and over gaps that are too old. */
  #settle(nowMs: number): void {
    const ids = [...this.#seen.keys()].toSorted((a, b) => a - b);
    for (const id of ids) {
      const isOld = nowMs - (this.#seen.get(id) ?? nowMs) >= this.#giveUpAfterMs;
      if (id === this.#floor + 1 || isOld) this.#floor = id;
    }
    for (const id of ids) if (id <= this.#floor) this.#seen.delete(id);
  }
}

import { setTimeout as sleep } from "node:timers/promises";

/** Lets so many through in a second, evenly. */
export class Pace {
  readonly #intervalMs: number;
  #next = -Infinity;

  /** @param perSecond - `undefined` for any number */
  constructor(perSecond: number | undefined) {
    this.#intervalMs = perSecond === undefined ? 0 : 1_000 / perSecond;
  }

  /** Waits for the next turn, or until the signal. */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#intervalMs === 0) return;
    const now = performance.now();
    const turn = Math.max(now, this.#next);
    this.#next = turn + this.#intervalMs;
    if (turn > now) await sleep(turn - now, undefined, signal && { signal }).catch(() => undefined);
  }
}

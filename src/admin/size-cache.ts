import type { TenantSize } from "../core/insight.ts";

/** How long sizes are remembered: to add them up takes the server a while where there are many tenants. */
const FRESH_MS = 60_000;

/** Remembers the largest tenants, and never makes anybody wait for them. */
export class SizeCache {
  readonly #read: () => Promise<readonly TenantSize[]>;
  readonly #onRead: () => void;
  readonly #now: () => number;
  #value: readonly TenantSize[] | null = null;
  #freshUntil = -Infinity;
  #isReading = false;

  /**
   * @param read - asks the server
   * @param onRead - called when there is something new to be had
   */
  constructor(
    read: () => Promise<readonly TenantSize[]>,
    onRead: () => void,
    now: () => number = () => performance.now(),
  ) {
    this.#read = read;
    this.#onRead = onRead;
    this.#now = now;
  }

  /** What is known, however old; `null` before the first answer. */
  get value(): readonly TenantSize[] | null {
    return this.#value;
  }

  /** Asks the server in the background, unless what is known is fresh or it is being asked. */
  refresh(): void {
    if (this.#isReading || this.#now() < this.#freshUntil) return;
    this.#isReading = true;
    const end = (value: readonly TenantSize[] | null): void => {
      this.#isReading = false;
      // A server that could not tell is not asked again for a while either.
      this.#freshUntil = this.#now() + FRESH_MS;
      if (value === null) return;
      const isNew = JSON.stringify(value) !== JSON.stringify(this.#value);
      this.#value = value;
      if (isNew) this.#onRead();
    };
    this.#read().then(end, () => end(null));
  }
}

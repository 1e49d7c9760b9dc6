/** Timers cannot wait for longer, and would not wait at all. */
const LONGEST_MS = 2 ** 31 - 1;

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One piece of work that many wait for, each for as long as it will. Nobody's patience ends the work,
 * and who has left is not remembered.
 */
export class SharedWork<T> {
  readonly #work: Promise<T>;
  readonly #waiters = new Set<Waiter<T>>();
  #isOver = false;

  constructor(work: Promise<T>) {
    this.#work = work;
    work.then(
      (value) => this.#end((waiter) => waiter.resolve(value)),
      (error: unknown) => this.#end((waiter) => waiter.reject(error)),
    );
  }

  /**
   * Resolves, or rejects, as the work does.
   *
   * @param late - makes the error for when it has not ended by then
   */
  wait(timeoutMs: number, late: () => Error): Promise<T> {
    if (this.#isOver) return this.#work;
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiters.delete(waiter);
        reject(late());
      };
      const timer = setTimeout(giveUp, Math.min(timeoutMs, LONGEST_MS));
      const waiter = { reject, resolve, timer };
      this.#waiters.add(waiter);
    });
  }

  #end(tell: (waiter: Waiter<T>) => void): void {
    this.#isOver = true;
    for (const waiter of this.#waiters) {
      clearTimeout(waiter.timer);
      tell(waiter);
    }
    this.#waiters.clear();
  }
}

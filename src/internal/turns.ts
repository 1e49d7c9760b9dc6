/** Lets so many work at a time; the others wait in line. */
export class Turns {
  readonly #line: (() => void)[] = [];
  #free: number;

  /** @param count - how many, from 1 */
  constructor(count: number) {
    this.#free = count;
  }

  /** Calls `fn` when it is its turn, and returns what it returns. */
  async take<T>(fn: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#line.push(resolve));
    try {
      return await fn();
    } finally {
      const next = this.#line.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

import { TenancyError } from "../../errors/tenancy-error.ts";

/** Lets one task in at a time, in the order in which they came. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `fn` when all that came before have ended, whatever became of them. */
  run<T>(fn: () => Promise<T>): Promise<T> {
    const result = this.#last.then(fn);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

interface Waiter {
  readonly admit: () => void;
}

/** Exclusive locks by name, within this process: nobody else can reach an embedded database. */
export class NamedLocks {
  readonly #queues = new Map<string, Waiter[]>();

  /**
   * Runs `fn` while holding the lock.
   *
   * @throws TenancyError `TENANT_BUSY` when the lock is not free after `timeoutMs`
   */
  async hold<T>(name: string, timeoutMs: number, fn: () => Promise<T>): Promise<T> {
    await this.#take(name, timeoutMs);
    try {
      return await fn();
    } finally {
      this.#giveBack(name);
    }
  }

  #take(name: string, timeoutMs: number): Promise<void> {
    const queue = this.#queues.get(name);
    if (queue === undefined) {
      this.#queues.set(name, []);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        queue.splice(queue.indexOf(waiter), 1);
        reject(new TenancyError("TENANT_BUSY", `Another operation holds the lock "${name}".`));
      };
      const timer = setTimeout(giveUp, timeoutMs);
      const waiter: Waiter = {
        admit: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      queue.push(waiter);
    });
  }

  #giveBack(name: string): void {
    const next = this.#queues.get(name)?.shift();
    if (next === undefined) this.#queues.delete(name);
    else next.admit();
  }
}

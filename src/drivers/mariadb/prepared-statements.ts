import { LRUCache } from "lru-cache";
import type { Prepare } from "mariadb";

/** A prepared statement, with the parameter of its `execute` that is not in its type. */
export interface Prepared extends Prepare {
  execute<T>(values?: unknown, options?: object): Promise<T>;
}

/** The prepared statements of one connection. Each stays in the database that it was prepared in. */
export class PreparedStatements {
  #isClosing = true;
  readonly #statements: LRUCache<string, Prepared> | undefined;

  /** @param max - how many are kept; 0 for none */
  constructor(max: number) {
    if (max < 1) return;
    this.#statements = new LRUCache({
      dispose: (statement) => {
        if (this.#isClosing) statement.close();
      },
      max,
    });
  }

  /** Returns the statement of a key. */
  get(key: string): Prepared | undefined {
    return this.#statements?.get(key);
  }

  /** Keeps a statement; returns whether it does, or the caller has to close it. */
  keep(key: string, statement: Prepared): boolean {
    this.#statements?.set(key, statement);
    return this.#statements !== undefined;
  }

  /** Closes all of them. */
  close(): void {
    this.#statements?.clear();
  }

  /** Forgets all of them: the server has. */
  forget(): void {
    this.#isClosing = false;
    this.#statements?.clear();
    this.#isClosing = true;
  }
}

import { LRUCache } from "lru-cache";
import type { Prepare } from "mariadb";

/** A prepared statement, with the parameter of its `execute` that is not in its type. */
export interface Prepared extends Prepare {
  execute<T>(values?: unknown, options?: object): Promise<T>;
}

/** At which use, on one connection and by one tenant, a statement is prepared for longer. */
const PREPARE_AT = 2;

/** The prepared statements of one connection. Each stays in the database that it was prepared in. */
export class PreparedStatements {
  readonly #max: number;
  #isClosing = true;
  readonly #uses: LRUCache<string, number> | undefined;
  readonly #statements: LRUCache<string, Prepared> | undefined;

  /** @param max - how many are kept; 0 for none */
  constructor(max: number) {
    this.#max = max;
    if (max < 1) return;
    this.#uses = new LRUCache({ max: max * 2 });
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

  /** Counts a use, and returns whether the statement is worth keeping. */
  isHot(key: string): boolean {
    if (this.#max < 1) return false;
    const uses = (this.#uses?.get(key) ?? 0) + 1;
    this.#uses?.set(key, uses);
    return uses >= PREPARE_AT;
  }

  /** Keeps a statement. */
  keep(key: string, statement: Prepared): void {
    this.#statements?.set(key, statement);
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

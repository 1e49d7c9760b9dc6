import type { QueryResult } from "../../core/driver.ts";
import type { Wire } from "./client-library.ts";
import type { ScopeDatabase } from "./connection-database.ts";

/** Statements before the first database's, and those of each database. */
const FIRST = 1;
const EACH = 3;

/**
 * Runs one statement in each of several databases in one text.
 *
 * ISOLATION: the user's text is no part of that text. It is in a variable, and the server prepares it in
 * each database: it refuses more than one statement there, and neither a quotation mark nor a comment can
 * reach beyond it. integration/reports/query-all.test.ts
 */
export class BatchText {
  readonly #wire: Wire;

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /**
   * Makes a connection ready for one text. What is left of it in the session is removed when the connection is
   * given back.
   *
   * @returns `undefined` where the parameters cannot be written into the text
   */
  static async begin(
    wire: Wire,
    text: string,
    params: readonly unknown[] | undefined,
  ): Promise<BatchText | undefined> {
    const hasParams = params !== undefined && params.length > 0;
    const whole = hasParams ? wire.format?.(text, params) : text;
    if (whole === undefined || wire.queryMany === undefined) return undefined;
    // For the session too: DDL commits, and would then run in a transaction that is begun for it.
    await wire.query("set session transaction read only");
    await wire.query("set @kirayedar_text = ?", [whole]);
    return new BatchText(wire);
  }

  /** Runs it; rejects when it fails in any of the databases. */
  async run(databases: readonly ScopeDatabase[]): Promise<QueryResult[]> {
    const parts = databases.map(
      ({ useText }) => `${useText}; prepare kirayedar from @kirayedar_text; execute kirayedar`,
    );
    const text = ["start transaction read only", ...parts, "commit"].join("; ");
    const results = (await this.#wire.queryMany?.(text)) ?? [];
    // ISOLATION: one result too many, and every row is another tenant's. unit/drivers/mysql/query-batch.test.ts
    if (results.length !== FIRST + EACH * databases.length + 1) {
      throw new Error("The server has not answered each statement once.");
    }
    return databases.map((_, index) => results[FIRST + EACH * index + EACH - 1] ?? missing());
  }

  /** Ends what a batch that failed has left open. */
  async rollBack(): Promise<void> {
    await this.#wire.query("rollback");
  }
}

function missing(): never {
  throw new Error("The server has not answered each statement.");
}

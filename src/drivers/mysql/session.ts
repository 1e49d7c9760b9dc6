import type {
  DriverHost,
  QueryResult,
  Session,
  SessionTransactionOptions,
  Transaction,
} from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { mysql } from "../../dialects/mysql/index.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import type { Wire } from "./client-library.ts";
import { enterError, type ScopeDatabase, ScopeDatabases } from "./connection-database.ts";
import { isDeniedAndMissing } from "./denied-database.ts";
import { StatementInfos } from "./statement-info.ts";
import { inTransaction, MARK_TEXT } from "./transaction.ts";

/** What texts may do to a session; those of migrations are trusted, and may be anything. */
const infos = new StatementInfos(false);

/** One connection apart from the application's pool, as the lifecycle sees it. */
export class MysqlSession implements Session {
  readonly script = undefined;
  readonly #wire: Wire;
  readonly #host: DriverHost;
  readonly #databases: ScopeDatabases;
  /** The database that the connection is in; `undefined` when nobody knows. */
  #schemaName: string | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isOpen = true;

  constructor(wire: Wire, host: DriverHost) {
    this.#wire = wire;
    this.#host = host;
    this.#databases = new ScopeDatabases(host);
  }

  async query<Row>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    this.#check();
    return await this.#runIn<Row>(scope, text, params);
  }

  async queryOutsideTransaction(scope: Scope, text: string): Promise<void> {
    await this.query(scope, text);
  }

  async transaction<T>(
    scope: Scope,
    fn: (tx: Transaction) => Promise<T>,
    options: SessionTransactionOptions = {},
  ): Promise<T> {
    this.#check();
    const begin = (): Promise<void> =>
      this.#alone(async () => {
        for (const { text } of mysql.script.split(options.first ?? "")) await this.#run(text);
        await this.#enter(scope);
        await this.#run("start transaction");
        await this.#run(MARK_TEXT);
      });
    const control = (text: string): Promise<unknown> => this.#alone(() => this.#run(text));
    const send = (text: string, params?: readonly unknown[]): Promise<QueryResult> =>
      this.#runIn(scope, text, params);
    const { tenant } = this.#databases.of(scope);
    return await inTransaction({ begin, control, isMarked: true, send, tenant }, fn);
  }

  /** Ends it: later calls throw `LEASE_ENDED`. */
  end(): void {
    this.#isOpen = false;
  }

  #runIn<Row>(scope: Scope, text: string, params?: readonly unknown[]): Promise<QueryResult<Row>> {
    return this.#alone(async () => {
      await this.#enter(scope);
      return await this.#run<Row>(text, params);
    });
  }

  // ISOLATION: two calls at once, in two scopes, would change the database under each other.
  // integration/mysql/session.test.ts
  #alone<T>(fn: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(fn);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #run<Row>(text: string, params?: readonly unknown[]): Promise<QueryResult<Row>> {
    const { isUse, mayMove } = infos.look(text);
    // ISOLATION: else the next statement of any scope runs where this one went. integration/mysql/session.test.ts
    if (isUse || mayMove) this.#schemaName = undefined;
    return await this.#wire.query<Row>(text, params);
  }

  /**
   * Brings the connection into a scope's database. Awaited: a statement that is sent behind it would
   * also run, in the database before, when it fails.
   *
   * @throws TenancyError `SCHEMA_NOT_FOUND`
   */
  async #enter(scope: Scope): Promise<void> {
    const database = this.#databases.of(scope);
    if (this.#schemaName === database.schemaName) return;
    // Until the server has said so, nobody knows.
    this.#schemaName = undefined;
    try {
      await this.#wire.query(database.useText);
    } catch (error) {
      throw await this.#explain(error as Error, database);
    }
    this.#schemaName = database.schemaName;
  }

  async #explain(error: Error, database: ScopeDatabase): Promise<Error> {
    const { schemaName } = database;
    const isMissing = await isDeniedAndMissing(error, schemaName, (text, params) =>
      this.#wire.query(text, params),
    );
    const said = enterError(error, database, isMissing);
    if (said !== error) this.#host.onSchemaMissing(schemaName);
    return said;
  }

  #check(): void {
    if (!this.#isOpen) {
      throw new TenancyError("LEASE_ENDED", "A database session was used after its end.");
    }
  }
}

import { once } from "node:events";
import type { PoolConnection, Prepare, QueryOptions } from "mariadb";
import { errnoOf } from "../../dialects/mysql/errno.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import type { ScopeDatabase } from "../mysql/connection-database.ts";
import { mayBeInTransaction, type Request, toRequest, withText } from "./peer.ts";
import type { Prepared } from "./prepared-statements.ts";
import { deferStream, type RowStream } from "./query-stream.ts";
import type { MayRead, ScopedConnection } from "./scoped-connection.ts";

/** What a lease needs of its pool. */
export interface LeaseOwner {
  /** Has the server end a connection on which something runs; never rejects. */
  interrupt(connection: ScopedConnection): Promise<void>;
  /** Takes a connection back clean, or ends it; never rejects. */
  giveBack(connection: ScopedConnection, destroy: boolean): Promise<void>;
  /** Says that a connection was released with a transaction open. */
  warnOpen(database: ScopeDatabase): void;
}

/** `ER_LOCK_DEADLOCK`, after which the whole transaction is rolled back. */
const ER_LOCK_DEADLOCK = 1213;

/** For how long a destroyed connection may keep its place in the pool. */
const END_WITHIN_MS = 5_000;

const WRITES = /^\s*(?:insert|replace|update|load|call|execute|begin)\b/i;

/** What a connection can be asked for at any time, and by anybody. */
const HARMLESS: ReadonlySet<PropertyKey> = new Set([
  "escape",
  "escapeId",
  "format",
  "serverVersion",
]);

const LISTENING: ReadonlySet<PropertyKey> = new Set([
  "addListener",
  "on",
  "once",
  "prependListener",
  "prependOnceListener",
]);

/**
 * One checkout of a connection for one scope.
 *
 * The caller gets a proxy of the client library's connection. Its statements run one after the other:
 * the library would send the next one before it knows what has become of the one before, and of the
 * database that it should run in. Its release is idempotent, and ends it: whatever still holds the
 * proxy, or a statement that was prepared on it, cannot reach the connection's next holder.
 */
export class Lease {
  /** What the caller gets in place of the connection. */
  readonly connection: PoolConnection;
  readonly #owner: LeaseOwner;
  readonly #scoped: ScopedConnection;
  readonly #database: ScopeDatabase;
  readonly #overlay = new Map<PropertyKey, unknown>();
  readonly #listeners: Parameters<PoolConnection["removeListener"]>[] = [];
  readonly #prepared = new Set<Prepared>();
  #last: Promise<unknown> = Promise.resolve();
  #released: Promise<void> | undefined;
  readonly #streams = new Set<RowStream>();
  #running = 0;
  #isOpen = false;
  #mayRead: MayRead = { diagnostics: false, insertId: false };

  constructor(owner: LeaseOwner, scoped: ScopedConnection, database: ScopeDatabase) {
    this.#owner = owner;
    this.#scoped = scoped;
    this.#database = database;
    this.#fill();
    this.connection = this.#proxy();
  }

  /** Runs one query in the lease's scope. */
  query(request: Request): Promise<unknown> {
    return this.#run(request, (mayRead) => this.#scoped.query(this.#database, request, mayRead));
  }

  /**
   * Gives the connection back; later calls do nothing.
   *
   * @param destroy - whether to close it instead
   */
  release(destroy = false): Promise<void> {
    // ISOLATION: the second release of one lease would free the connection under its next holder.
    // leak/mariadb-lease.test.ts
    this.#released ??= this.#end(destroy);
    return this.#released;
  }

  async #end(destroy: boolean): Promise<void> {
    const { raw } = this.#scoped;
    // ISOLATION: they would hear what happens to the next holder. leak/mariadb-lease.test.ts
    for (const [event, listener] of this.#listeners) raw.removeListener(event, listener);
    const mustEnd = destroy || this.#streams.size > 0;
    if (mustEnd) await this.#interrupt();
    else await this.#last;
    for (const statement of this.#prepared) statement.close();
    if (this.#isOpen && !mustEnd) this.#owner.warnOpen(this.#database);
    await this.#owner.giveBack(this.#scoped, mustEnd);
  }

  /**
   * Ends what runs. The library would do so too when it destroys a connection, but nobody hears of what
   * goes wrong then, which ends the process: such as that the server was faster.
   */
  async #interrupt(): Promise<void> {
    for (const stream of this.#streams) {
      // A stream to whose errors nobody listens would end the process.
      stream.destroy(stream.listenerCount("error") > 0 ? ended() : undefined);
    }
    if (this.#running === 0) return;
    await this.#owner.interrupt(this.#scoped);
    const signal = AbortSignal.timeout(END_WITHIN_MS);
    await Promise.race([this.#last, once(signal, "abort")]);
  }

  /** Runs `fn` when all that was asked before is done. */
  #turn<T>(fn: () => Promise<T>): Promise<T> {
    // ISOLATION: a connection that was released is another tenant's. leak/mariadb-lease.test.ts
    if (this.#released !== undefined) return Promise.reject(ended());
    const turn = this.#last.then(fn);
    this.#running += 1;
    this.#last = turn
      .catch(() => undefined)
      .then(() => {
        this.#running -= 1;
      });
    return turn;
  }

  #run<T>(request: Request, fn: (mayRead: MayRead) => Promise<T>): Promise<T> {
    return this.#turn(async () => {
      const { insertId } = this.#mayRead;
      try {
        const value = await fn(this.#mayRead);
        this.#isOpen = mayBeInTransaction(this.#scoped.raw);
        return value;
      } catch (error) {
        // The server does not say after an error; all others leave it as it was.
        if (errnoOf(error) === ER_LOCK_DEADLOCK) this.#isOpen = false;
        throw error;
      } finally {
        this.#mayRead = { diagnostics: true, insertId: insertId || WRITES.test(request.sql) };
      }
    });
  }

  /** Ends the transaction, where there may be one. */
  #finish(fn: () => Promise<void>): Promise<void> {
    return this.#turn(async () => {
      await fn();
      this.#isOpen = mayBeInTransaction(this.#scoped.raw);
    });
  }

  async #prepare(request: Request): Promise<Prepare> {
    const statement = await this.#run(request, (mayRead) =>
      this.#scoped.prepare(this.#database, request, mayRead),
    );
    this.#prepared.add(statement);
    const execute = (values?: unknown, options?: object): Promise<unknown> =>
      this.#run(request, async () => {
        this.#scoped.state.session.note(this.#scoped.infoOf(request));
        return await statement
          .execute(values, options)
          .catch(async (error: unknown) =>
            Promise.reject(await this.#scoped.explain(error as Error, this.#database)),
          );
      });
    const executeStream = (values?: unknown): RowStream =>
      this.#stream(async () => {
        // ISOLATION: it may move the session each time that it runs. leak/mariadb-session.test.ts
        this.#scoped.state.session.note(this.#scoped.infoOf(request));
        return statement.executeStream(values);
      });
    const close = (): void => {
      this.#prepared.delete(statement);
      statement.close();
    };
    // What else it has (its id, its columns) is read from the library's own.
    return Object.create(statement, {
      close: { value: close },
      execute: { value: execute },
      executeStream: { value: executeStream },
      id: { get: () => statement.id },
    }) as Prepare;
  }

  /** Runs a stream when its turn has come, and lets nothing else run until it has ended. */
  #stream(open: () => Promise<RowStream>): RowStream {
    let end = (): void => undefined;
    const done = new Promise<void>((resolve) => (end = resolve));
    const stream = deferStream(
      () => {
        const opened = this.#turn(open);
        this.#running += 1;
        this.#last = this.#last.then(() => done);
        return opened;
      },
      () => {
        this.#running -= 1;
        this.#streams.delete(stream);
        this.#isOpen ||= mayBeInTransaction(this.#scoped.raw);
        end();
      },
    );
    this.#streams.add(stream);
    return stream;
  }

  #fill(): void {
    const { raw } = this.#scoped;
    const release = (): Promise<void> => this.release();
    const methods: Record<PropertyKey, unknown> = {
      batch: async (sql: string | QueryOptions, values?: unknown) => {
        const request = toRequest(sql, values);
        return await this.#run(request, (mayRead) =>
          this.#scoped.batch(this.#database, request, mayRead),
        );
      },
      beginTransaction: async () => {
        await this.query(toRequest("START TRANSACTION"));
      },
      changeUser: () => Promise.reject(noOtherUser()),
      close: release,
      commit: () => this.#finish(() => raw.commit()),
      destroy: () => void this.release(true),
      end: release,
      execute: async (sql: string | QueryOptions, values?: unknown) => {
        const request = toRequest(sql, values);
        return await this.#run(request, (mayRead) =>
          this.#scoped.execute(this.#database, request, mayRead),
        );
      },
      importFile: () => Promise.reject(noImport()),
      isValid: () => this.#released === undefined && raw.isValid(),
      prepare: async (sql: string | QueryOptions) => await this.#prepare(toRequest(sql)),
      query: async (sql: string | QueryOptions, values?: unknown) =>
        await this.query(toRequest(sql, values)),
      queryStream: (sql: string | QueryOptions, values?: unknown) =>
        this.#queryStream(toRequest(sql, values)),
      release,
      reset: () => this.#finish(() => this.#scoped.reset()),
      rollback: () => this.#finish(() => raw.rollback()),
    };
    for (const [name, method] of Object.entries(methods)) this.#overlay.set(name, method);
    if (typeof Symbol.asyncDispose === "symbol") this.#overlay.set(Symbol.asyncDispose, release);
  }

  #queryStream(request: Request): RowStream {
    const { raw } = this.#scoped;
    return this.#stream(async () => {
      await this.#scoped.enterFor(this.#database, request, this.#mayRead);
      this.#mayRead = { ...this.#mayRead, diagnostics: true };
      return raw.queryStream(withText(request, request.sql), request.values);
    });
  }

  #proxy(): PoolConnection {
    const overlay = this.#overlay;
    const proxy: PoolConnection = new Proxy(this.#scoped.raw, {
      get: (raw, property) => {
        if (overlay.has(property)) return overlay.get(property);
        const value: unknown = Reflect.get(raw, property, raw);
        if (typeof value !== "function") return value;
        const method = (...args: unknown[]): unknown => {
          if (this.#released !== undefined && !HARMLESS.has(property)) throw ended();
          const result: unknown = Reflect.apply(value, raw, args);
          if (LISTENING.has(property)) this.#listeners.push(args as never);
          return result === raw ? proxy : result;
        };
        overlay.set(property, method);
        return method;
      },
      set: (_raw, property, value) => {
        overlay.set(property, value);
        return true;
      },
    });
    return proxy;
  }
}

/** Why a file of statements is not sent. */
export function noImport(): TenancyError {
  return new TenancyError("INVALID_QUERY", "`importFile` may leave the tenant's database.", {
    remedy: "Put the statements into a migration, or send them one by one.",
  });
}

/** On a connection that was opened without a database the library cannot do it either. */
function noOtherUser(): TenancyError {
  return new TenancyError("INVALID_QUERY", "The user of a tenant's connection cannot be changed.", {
    remedy: "Give the other user a driver of its own.",
  });
}

function ended(): TenancyError {
  return new TenancyError("LEASE_ENDED", "A database client was used after its release.");
}

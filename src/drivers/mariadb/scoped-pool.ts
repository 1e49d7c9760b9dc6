import { EventEmitter } from "node:events";
import type { Pool, PoolConnection, QueryOptions } from "mariadb";
import type { Scope } from "../../core/scope.ts";
import { type Lease, noImport } from "./lease.ts";
import { type Request, toRequest } from "./peer.ts";

/** What a {@link ScopedPool} is a view of. */
export interface PoolOwner {
  /** The library's own pool. It opens connections as soon as it is made. */
  readonly real: Pool;
  /** The library's own pool, if it was needed yet. */
  readonly opened: Pool | undefined;
  /** Whether it was ended. */
  readonly isEnded: boolean;
  /** Runs one request on any connection. */
  once(scope: Scope, request: Request, how: "batch" | "execute" | "query"): Promise<unknown>;
  /** Takes a connection for one scope. */
  take(scope: Scope): Promise<Lease>;
  /** Ends every connection. */
  end(): Promise<void>;
}

/**
 * What the application gets in place of the library's pool: all of it, with every query in a scope.
 *
 * ISOLATION: the scope is read where a method is entered, before anything is waited for.
 * leak/mariadb-isolation.test.ts
 */
export class ScopedPool extends EventEmitter implements Pool {
  readonly #owner: PoolOwner;
  readonly #scope: () => Scope;
  readonly #isView: boolean;

  /**
   * @param scope - the scope in force; throws when there is none
   * @param isView - whether another pool is the one to end
   */
  constructor(owner: PoolOwner, scope: () => Scope, isView: boolean) {
    super();
    this.#owner = owner;
    this.#scope = scope;
    this.#isView = isView;
  }

  get closed(): boolean {
    return this.#owner.isEnded;
  }

  async query<T>(sql: string | QueryOptions, values?: unknown): Promise<T> {
    return await this.#once<T>("query", sql, values);
  }

  async execute<T>(sql: string | QueryOptions, values?: unknown): Promise<T> {
    return await this.#once<T>("execute", sql, values);
  }

  async batch<T>(sql: string | QueryOptions, values?: unknown): Promise<T> {
    return await this.#once<T>("batch", sql, values);
  }

  async getConnection(): Promise<PoolConnection> {
    const { connection } = await this.#owner.take(this.#scope()).catch(fromHere);
    return connection;
  }

  importFile(): Promise<void> {
    return Promise.reject(noImport());
  }

  async end(): Promise<void> {
    if (!this.#isView) await this.#owner.end();
  }

  activeConnections(): number {
    return this.#owner.opened?.activeConnections() ?? 0;
  }

  totalConnections(): number {
    return this.#owner.opened?.totalConnections() ?? 0;
  }

  idleConnections(): number {
    return this.#owner.opened?.idleConnections() ?? 0;
  }

  taskQueueSize(): number {
    return this.#owner.opened?.taskQueueSize() ?? 0;
  }

  escape(value: unknown): string {
    return this.#owner.real.escape(value);
  }

  escapeId(identifier: string): string {
    return this.#owner.real.escapeId(identifier);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #once<T>(
    how: "batch" | "execute" | "query",
    sql: string | QueryOptions,
    values: unknown,
  ): Promise<T> {
    const request = toRequest(sql, values);
    return (await this.#owner.once(this.#scope(), request, how).catch(fromHere)) as T;
  }
}

/** The stack of an error from the socket says nothing of who asked. */
function fromHere(error: unknown): never {
  if (error instanceof Error) Error.captureStackTrace(error, fromHere);
  throw error;
}

import { TenancyError } from "../../errors/tenancy-error.ts";
import type { Logger } from "../../core/logger.ts";
import { type Execution, execute, whenReady } from "./execute.ts";
import {
  type Callback,
  isSubmittable,
  type PgClient,
  type QueryConfig,
  type Submittable,
} from "./peer.ts";
import { scopeSubmittable, type Target } from "./scoped-query.ts";

/** What a lease needs of its pool. */
export interface LeaseOwner {
  /** How statements run. */
  readonly execution: Execution;
  /** Where log lines go. */
  readonly logger: Logger;
  /** Takes a connection back, or ends it. */
  giveBack(target: Target, destroy: boolean | Error): void;
}

/** Puts the three ways to call `query` into one. */
export function toQueryConfig(
  first: string | QueryConfig,
  second: unknown,
  third: unknown,
): { readonly config: QueryConfig; readonly callback: Callback | undefined } {
  const callback = [second, third].find((value) => typeof value === "function");
  const values =
    typeof second === "function" ? undefined : (second as readonly unknown[] | undefined);
  const config: QueryConfig =
    typeof first === "string" ? { text: first, values } : values ? { ...first, values } : first;
  const own = (config as { callback?: unknown } | null)?.callback;
  return {
    callback: (callback ?? (typeof own === "function" ? own : undefined)) as Callback,
    config,
  };
}

/**
 * One checkout of a connection for one scope.
 *
 * The caller gets a proxy of the client: every statement enters the scope, unless a transaction
 * that did is open. Its release is idempotent, and ends it: whatever still holds the proxy cannot
 * reach the connection's next holder. Properties set on it stay with it.
 */
export class Lease {
  /** What the caller gets in place of the client. */
  readonly client: PgClient;
  readonly #owner: LeaseOwner;
  readonly #target: Target;
  readonly #overlay = new Map<PropertyKey, unknown>();
  #isReleased = false;
  #isBroken = false;
  #running = 0;
  #streaming = 0;
  #whenIdle: (() => void) | undefined;

  constructor(owner: LeaseOwner, target: Target) {
    this.#owner = owner;
    this.#target = target;
    this.#overlay.set("query", this.#query.bind(this));
    this.#overlay.set("release", this.release.bind(this));
    this.client = this.#proxy();
  }

  /**
   * Gives the connection back; later calls do nothing.
   *
   * @param destroy - whether to close it instead, as `pg` has it: `true` or an error
   */
  release(destroy?: boolean | Error): void {
    // ISOLATION: the second release of one lease would free the client under its next holder. leak/client.test.ts
    if (this.#isReleased) return;
    this.#isReleased = true;
    const mustEnd = destroy || this.#isBroken || this.#streaming > 0;
    if (mustEnd || this.#running === 0) this.#end(mustEnd);
    else this.#whenIdle = () => this.#end(this.#isBroken);
  }

  #end(destroy: boolean | Error): void {
    const { client, scope } = this.#target;
    const isOpen = client.getTransactionStatus() !== "I";
    // ISOLATION: an open transaction would carry its scope to the next holder. leak/client.test.ts
    if (isOpen && !destroy) {
      this.#owner.logger.warn(
        { schemaName: scope.schemaName, tenant: scope.tenant },
        "connection released with an open transaction: closed",
      );
    }
    this.#owner.giveBack(this.#target, destroy || isOpen);
  }

  #query(first: string | QueryConfig | Submittable, second?: unknown, third?: unknown): unknown {
    if (first === null || first === undefined) {
      throw new TypeError("Client was passed a null or undefined query");
    }
    if (isSubmittable(first)) return this.#submit(first, second, third);
    const { callback, config } = toQueryConfig(first, second, third);
    if (callback !== undefined) {
      this.#run(config, callback);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.#run(config, (error, result) => (error ? reject(error) : resolve(result)));
    }).catch((error: Error) => {
      // The stack of an error from the socket says nothing of who asked.
      Error.captureStackTrace(error);
      throw error;
    });
  }

  #run(config: QueryConfig, callback: Callback): void {
    if (this.#isReleased) return process.nextTick(callback, ended());
    this.#running += 1;
    const done = (): void => {
      this.#running -= 1;
      if (this.#running === 0) this.#whenIdle?.();
    };
    execute(this.#owner.execution, this.#target, config, (error, result, aftermath) => {
      if (aftermath === "broken") this.#isBroken = true;
      if (aftermath === "failing") whenReady(this.#target, done);
      else process.nextTick(done);
      callback(error, result);
    });
  }

  #submit(query: Submittable, second: unknown, third: unknown): Submittable {
    const { client } = this.#target;
    if (this.#isReleased) {
      process.nextTick(() => query.handleError(ended(), client.connection));
      return query;
    }
    this.#streaming += 1;
    let isRunning = true;
    scopeSubmittable(this.#target, query, () => {
      if (isRunning) this.#streaming -= 1;
      isRunning = false;
    });
    return client.query(query as never, second as never, third as never) as unknown as Submittable;
  }

  #proxy(): PgClient {
    const overlay = this.#overlay;
    const proxy: PgClient = new Proxy(this.#target.client, {
      get(client, property) {
        if (overlay.has(property)) return overlay.get(property);
        const value: unknown = Reflect.get(client, property, client);
        if (typeof value !== "function") return value;
        const method = (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, client, args);
          return result === client ? proxy : result;
        };
        overlay.set(property, method);
        return method;
      },
      set(_client, property, value) {
        overlay.set(property, value);
        return true;
      },
    });
    return proxy;
  }
}

function ended(): TenancyError {
  return new TenancyError("LEASE_ENDED", "A database client was used after its release.");
}

import { isTenancyError, TenancyError } from "../../errors/tenancy-error.ts";
import type { Logger } from "../../core/logger.ts";
import { answer, bindSubmittable } from "./answer.ts";
import { isCopy, SessionEntry } from "./copy.ts";
import { type Execution, execute, needsSession, refuseText, whenReady } from "./execute.ts";
import {
  type Callback,
  isStatementError,
  isSubmittable,
  type PgClient,
  type QueryConfig,
  type Submittable,
} from "./peer.ts";
import { scopeSubmittable, type Target } from "./scoped-query.ts";
import type { StatementInfo } from "./statement-info.ts";

/** What a lease needs of its pool. */
export interface LeaseOwner {
  /** How statements run. */
  readonly execution: Execution;
  /** Where log lines go. */
  readonly logger: Logger;
  /** Takes a connection back, or ends it, and calls `done` when it has. */
  giveBack(target: Target, destroy: boolean | Error, done?: () => void): void;
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
  readonly #listeners: [event: "notice", listener: () => void][] = [];
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
    // ISOLATION: they would hear what the next holder's queries say. leak/async-context.test.ts
    for (const [event, listener] of this.#listeners) client.removeListener(event, listener);
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
    return answer(callback, (done) => this.#run(config, done));
  }

  #run(config: QueryConfig, callback: Callback): void {
    if (this.#isReleased) return process.nextTick(callback, ended());
    const done = this.#begin();
    execute(this.#owner.execution, this.#target, config, (error, result, aftermath) => {
      if (aftermath === "broken") this.#isBroken = true;
      if (aftermath === "failing") whenReady(this.#target, done);
      else process.nextTick(done);
      callback(error, result);
    });
  }

  /** Notes that something runs which a release has to wait for; returns what notes its end. */
  #begin(): () => void {
    this.#running += 1;
    return () => {
      this.#running -= 1;
      if (this.#running === 0) this.#whenIdle?.();
    };
  }

  #submit(query: Submittable, second: unknown, third: unknown): Submittable {
    const { client, state } = this.#target;
    bindSubmittable(query);
    query.callback ??= [second, third].find((value) => typeof value === "function") as Callback;
    const info = this.#infoOf(query);
    const refusal = this.#refusalOf(info);
    if (refusal !== undefined) {
      process.nextTick(() => query.handleError(refusal, client.connection));
      return query;
    }
    // ISOLATION: such an object changes the session as any text does. leak/session-traces.test.ts
    state.leave(info?.trace ?? "none");
    this.#streaming += 1;
    let isRunning = true;
    const entry = isCopy(query) ? this.#enterSession() : undefined;
    scopeSubmittable(this.#target, query, entry, (error, said) => {
      if (isRunning) this.#streaming -= 1;
      isRunning = false;
      if (isStatementError(error)) whenReady(this.#target, this.#begin());
      this.#noteMissing(said);
    });
    client.query(query as never);
    return query;
  }

  /** Caches must not go on to lead here. */
  #noteMissing(error: Error | undefined): void {
    if (!isTenancyError(error, "SCHEMA_NOT_FOUND")) return;
    this.#owner.execution.onSchemaMissing(this.#target.scope.schemaName);
  }

  #infoOf({ cursor, text = cursor?.text }: Submittable): StatementInfo | undefined {
    return typeof text === "string" ? this.#owner.execution.infos.of(text) : undefined;
  }

  #refusalOf(info: StatementInfo | undefined): TenancyError | undefined {
    if (this.#isReleased) return ended();
    return info && refuseText(info, this.#owner.execution, this.#target);
  }

  #enterSession(): SessionEntry {
    const { isPooled } = this.#owner.execution;
    const entry = new SessionEntry(this.#target, isPooled ? needsSession(this.#target) : undefined);
    this.#target.client.query(entry as never);
    return entry;
  }

  #proxy(): PgClient {
    const overlay = this.#overlay;
    const listeners = this.#listeners;
    const proxy: PgClient = new Proxy(this.#target.client, {
      get(client, property) {
        if (overlay.has(property)) return overlay.get(property);
        const value: unknown = Reflect.get(client, property, client);
        if (typeof value !== "function") return value;
        const method = (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, client, args);
          if (isListening(property, args)) listeners.push(args);
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

/** Whether a call of a client makes somebody listen to what its queries say. */
function isListening(
  method: PropertyKey,
  args: readonly unknown[],
): args is [event: "notice", listener: () => void] {
  const isAdded = method === "on" || method === "once" || method === "addListener";
  return isAdded && (args[0] === "notice" || args[0] === "notification");
}

function ended(): TenancyError {
  return new TenancyError("LEASE_ENDED", "A database client was used after its release.");
}

import { AsyncLocalStorage } from "node:async_hooks";
import { type Operation, type OperationEvent, traced } from "../core/events.ts";
import type { Logger } from "../core/logger.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { MigrationError } from "../migrate/migration-error.ts";
import { SeedError } from "../migrate/seed-error.ts";
import type { Asked, AuditTrail } from "./audit-trail.ts";

/** The log line of each operation, when it is done and when it has failed. */
const MESSAGES: Readonly<Record<Operation, { readonly done: string; readonly failed: string }>> = {
  "audit.prune": { done: "audit log pruned", failed: "pruning of the audit log failed" },
  "fleet.diff": { done: "fleet compared", failed: "fleet comparison failed" },
  "fleet.migrate": { done: "fleet migrated", failed: "fleet migration failed" },
  "fleet.rollback": { done: "fleet rolled back", failed: "fleet rollback failed" },
  "global.migrate": { done: "global schema migrated", failed: "global migration failed" },
  "global.rollback": { done: "global schema rolled back", failed: "global rollback failed" },
  resolve: { done: "request resolved", failed: "request not resolved" },
  "tenant.adopt": { done: "tenant adopted", failed: "tenant adoption failed" },
  "tenant.create": { done: "tenant created", failed: "tenant creation failed" },
  "tenant.drop": { done: "tenant dropped", failed: "tenant drop failed" },
  "tenant.maintenance": { done: "tenant in maintenance", failed: "tenant maintenance failed" },
  "tenant.migrate": { done: "tenant migrated", failed: "tenant migration failed" },
  "tenant.rename": { done: "tenant renamed", failed: "tenant rename failed" },
  "tenant.resume": { done: "tenant resumed", failed: "tenant resume failed" },
  "tenant.rollback": { done: "tenant rolled back", failed: "tenant rollback failed" },
  "tenant.seed": { done: "tenant seeded", failed: "tenant seeding failed" },
  "tenant.suspend": { done: "tenant suspended", failed: "tenant suspension failed" },
  "tenant.update": { done: "tenant updated", failed: "tenant update failed" },
};

/** One operation, as everything that it calls knows it. */
interface Mark {
  isRunning: boolean;
}

/**
 * Runs the operations of one tenancy: each is traced and logged, none starts once the tenancy is
 * closed, and closing waits for those that have started.
 */
export class Operations {
  readonly #logger: Logger;
  readonly #running = new Set<Promise<unknown>>();
  readonly #inside: AsyncLocalStorage<Mark> | undefined;
  readonly #closing = new AbortController();
  readonly #trail: AuditTrail | undefined;

  /**
   * @param options - `isMarking`: whether anybody asks for `isInside`, which costs every `await` a
   *   little; `trail`: what records that which somebody does
   */
  constructor(
    logger: Logger,
    {
      isMarking = false,
      trail,
    }: { readonly isMarking?: boolean; readonly trail?: AuditTrail } = {},
  ) {
    this.#logger = logger;
    this.#inside = isMarking ? new AsyncLocalStorage() : undefined;
    this.#trail = trail;
  }

  /** Whether the caller is a part of an operation that still runs: a hook, a migration, a seed. */
  get isInside(): boolean {
    return this.#inside?.getStore()?.isRunning === true;
  }

  /** Whether the tenancy was closed. */
  get isClosed(): boolean {
    return this.closing.aborted;
  }

  /** Aborted when the tenancy is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Refuses calls that come too late. @throws TenancyError `TENANCY_CLOSED` */
  checkOpen(): void {
    if (this.isClosed) throw new TenancyError("TENANCY_CLOSED", "The tenancy was closed.");
  }

  /**
   * Runs one operation, traced and logged; and recorded, if somebody does it.
   *
   * @param fn - receives the event, to add what it learns; it also goes into the log line
   * @param asked - what the audit log tells of it; `undefined` for what changes nothing
   */
  run<T>(
    operation: Operation,
    about: Pick<OperationEvent, "tenant" | "schemaName">,
    fn: (event: OperationEvent) => Promise<T>,
    asked: Asked<T> | undefined,
  ): Promise<T> {
    return this.track(() => {
      if (this.#trail === undefined || asked === undefined) {
        return this.trace(operation, about, fn);
      }
      return this.#trail.record(operation, asked, (watch) =>
        this.trace(operation, about, (event) => {
          watch(event);
          return fn(event);
        }),
      );
    });
  }

  /**
   * Runs what is part of an operation that is already running: traced and logged.
   *
   * @param levelOf - tells how much a result is worth telling
   */
  async trace<T>(
    operation: Operation,
    about: Pick<OperationEvent, "tenant" | "schemaName">,
    fn: (event: OperationEvent) => Promise<T>,
    levelOf: (result: T) => "info" | "debug" = () => "info",
  ): Promise<T> {
    let seen: OperationEvent = { action: operation, ...about };
    try {
      const result = await traced(operation, about, (event) => {
        seen = event;
        return fn(event);
      });
      this.#log(operation, seen, seen.error === undefined ? levelOf(result) : "error");
      return result;
    } catch (error) {
      seen.error ??= error;
      this.#log(operation, seen, "error");
      throw error;
    }
  }

  /** Runs what is neither traced nor logged, but must end before the connections do. */
  async track<T>(fn: () => Promise<T>): Promise<T> {
    this.checkOpen();
    const running = this.#mark(fn);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Lets nothing start any more, and waits for what has started. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  /** What is started inside and not awaited outlives the operation, and then is outside. */
  #mark<T>(fn: () => Promise<T>): Promise<T> {
    if (this.#inside === undefined) return fn();
    const mark: Mark = { isRunning: true };
    return this.#inside.run(mark, async () => {
      try {
        return await fn();
      } finally {
        mark.isRunning = false;
      }
    });
  }

  #log(operation: Operation, event: OperationEvent, level: "debug" | "error" | "info"): void {
    const { durationMs, error, schemaName, tenant } = event;
    const fields = { durationMs, schemaName, tenant };
    const { done, failed } = MESSAGES[operation];
    if (level === "error") this.#logger.error({ ...fields, ...describe(error) }, failed);
    else this.#logger[level](fields, done);
  }
}

/**
 * What a log line says of an error. The caller gets all of it; here nothing may be that quotes
 * values, as a driver's messages do, and the message of a failed migration or seed with them.
 */
export function describe(error: unknown): Readonly<Record<string, unknown>> {
  const { cause, code } = (error ?? {}) as { cause?: { code?: unknown } | null; code?: unknown };
  if (error instanceof MigrationError) {
    const { file, line, version } = error;
    return { code, file, line, sqlState: cause?.code, version };
  }
  if (error instanceof SeedError) {
    const { file, line } = error;
    return { code, file, line, sqlState: cause?.code };
  }
  return isTenancyError(error) ? { code, reason: error.message } : { code };
}

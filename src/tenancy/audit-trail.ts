import type { AuditEnd, NewAuditEntry } from "../core/audit-sql.ts";
import type { Statement } from "../core/dialect.ts";
import type { Transaction } from "../core/driver.ts";
import type { Operation, OperationEvent } from "../core/events.ts";
import { slugKey } from "../core/names.ts";
import type { TenantRef } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { createRunStatement, type RunStatement } from "../registry/registry-table.ts";
import type { Acting, Actors, Recorded } from "./actors.ts";
import { writeApart } from "./audit-write.ts";

/** What an operation is asked to do, as the audit log tells it. */
export interface Asked<T> {
  /** What was asked for; nothing that may be secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** Adds to the details what came of it. */
  readonly outcomeOf?: (result: T) => Readonly<Record<string, unknown>>;
  /** Which tenant it is about. */
  readonly ref?: TenantRef | undefined;
  /** Whether it changes nothing, and so is not recorded. Default `false`. */
  readonly isDryRun?: boolean | undefined;
}

/** An operation that somebody begins. */
type Change<T> = Asked<T> & Pick<NewAuditEntry, "action" | "actor">;

/** How often the end of an entry is written, where the connection breaks or somebody is in the way. */
const ATTEMPTS = 3;

/** Tells of an operation that makes the log's own table. */
const MAKES_TABLE: Operation = "global.migrate";

/**
 * Records what is done on somebody's behalf: an entry is written before an operation begins, and ended
 * after it. It is written apart from the application's pool, of which the caller may hold the last
 * connection, and in a transaction of its own.
 */
export class AuditTrail {
  readonly #actors: Actors;
  readonly #deps: LifecycleDeps;
  readonly #run: RunStatement;

  constructor(deps: LifecycleDeps, actors: Actors) {
    this.#actors = actors;
    this.#deps = deps;
    this.#run = createRunStatement(deps.driver.dialect.registry, deps.settings.registry);
  }

  /**
   * Runs an operation, recorded if somebody acts here and it is no part of another that is.
   *
   * @param fn - runs it, and tells of its event as soon as there is one
   * @throws TenancyError `AUDIT_FAILED`, `REGISTRY_MISSING` before anything is done
   */
  async record<T>(
    operation: Operation,
    asked: Asked<T>,
    fn: (watch: (event: OperationEvent) => void) => Promise<T>,
  ): Promise<T> {
    const acting = this.#actors.current();
    if (acting === undefined || asked.isDryRun === true || isPart(acting, asked.ref)) {
      return await fn(() => undefined);
    }
    const change = { action: operation, actor: acting.actor, ...asked };
    const { entry, id } = await this.#begin(change);
    const inside: Recorded = { event: {}, isRunning: true, ...entry };
    const startedAt = performance.now();
    const end = async (
      outcome: AuditEnd["outcome"],
      error: unknown,
      more: Readonly<Record<string, unknown>> = {},
    ): Promise<void> => {
      inside.isRunning = false;
      const { tenant = null, tenantId = null } = inside.event;
      await this.#end(id, entry, {
        details: JSON.stringify({ ...asked.details, ...more }),
        durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
        errorCode: codeOf(error),
        outcome,
        tenant,
        tenantId,
      });
    };
    const watch = (event: OperationEvent): void => {
      inside.event = event;
    };
    let result: T;
    try {
      result = await this.#actors.run({ actor: acting.actor, inside }, () => fn(watch));
    } catch (error) {
      await end("failed", error);
      throw error;
    }
    // A failure may be part of a returned report.
    const { error } = inside.event;
    await end(error === undefined ? "done" : "failed", error, asked.outcomeOf?.(result));
    return result;
  }

  /**
   * Writes what begins, with the tenant as it is before.
   *
   * @returns no id where the operation is the one that makes the table
   */
  async #begin<T>(change: Change<T>): Promise<{ entry: NewAuditEntry; id: string | undefined }> {
    const { action, actor, details = {}, ref } = change;
    const { driver, registry, settings } = this.#deps;
    const slug = typeof ref === "string" ? ref : null;
    const known = { tenant: slug, tenantId: typeof ref === "object" ? ref.id : null };
    const asked = { action, actor, details: JSON.stringify(details) };
    try {
      return await writeApart(driver, async (tx) => {
        const found = ref === undefined ? undefined : await registry.get(tx, ref);
        const about = found === undefined ? known : { tenant: found.slug, tenantId: found.id };
        const entry = { ...asked, ...about };
        const statements = driver.dialect.audit.begin(settings.registry, entry);
        const [row] = await this.#runAll<{ readonly id: unknown }>(tx, statements);
        return { entry, id: String(row?.id) };
      });
    } catch (error) {
      if (action === MAKES_TABLE && isMissing(error)) {
        return { entry: { ...asked, ...known }, id: undefined };
      }
      throw notRecorded(action, error);
    }
  }

  /** What was done is done: where it cannot be said, the entry goes on to say that it began. */
  async #end(id: string | undefined, entry: NewAuditEntry, end: AuditEnd): Promise<void> {
    const { driver, settings } = this.#deps;
    const { audit, schema } = driver.dialect;
    const statement =
      id === undefined
        ? audit.insertEnded(settings.registry, entry, end)
        : audit.end(settings.registry, id, end);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await writeApart(driver, (tx) => this.#run(tx, statement));
        return;
      } catch (error) {
        const isPassing =
          schema.isLockConflict(error) ||
          isConnectionFailure(error) ||
          isTenancyError(error, "DATABASE_UNAVAILABLE");
        if (isPassing && attempt < ATTEMPTS) continue;
        const { action } = entry;
        settings.logger.warn({ action, entry: id, err: error }, "end of a change not recorded");
        return;
      }
    }
  }

  async #runAll<Row>(tx: Transaction, statements: readonly Statement[]): Promise<Row[]> {
    let rows: Row[] = [];
    for (const statement of statements) rows = await this.#run<Row>(tx, statement);
    return rows;
  }
}

/** What a hook or a migration changes in the tenant that it is called for belongs to that operation. */
function isPart({ inside }: Acting, ref: TenantRef | undefined): boolean {
  if (inside?.isRunning !== true || ref === undefined) return false;
  const { event, tenant, tenantId } = inside;
  if (typeof ref === "object") return ref.id === (tenantId ?? event.tenantId);
  return [tenant, event.tenant].some((slug) => slug && slugKey(slug) === slugKey(ref));
}

function codeOf(error: unknown): string | null {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code.slice(0, 64) : null;
}

function isMissing(error: unknown): boolean {
  return isTenancyError(error, "REGISTRY_MISSING") || isTenancyError(error, "SCHEMA_NOT_FOUND");
}

function notRecorded(operation: string, cause: unknown): unknown {
  if (isTenancyError(cause, "DATABASE_UNAVAILABLE")) return cause;
  if (isMissing(cause)) {
    return new TenancyError(
      "REGISTRY_MISSING",
      `The operation \`${operation}\` was not begun: the table of the audit log is not there.`,
      { cause },
    );
  }
  return new TenancyError(
    "AUDIT_FAILED",
    `The operation \`${operation}\` was not begun: it could not be recorded in the audit log.`,
    { cause },
  );
}

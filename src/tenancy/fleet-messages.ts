import type { Session } from "../core/driver.ts";
import type { MessageWriter, MigrationMessage, MigrationResult } from "../core/migrator.ts";
import { scopeOf } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";
import { globalQueries, type LifecycleDeps } from "../lifecycle/deps.ts";
import { lockName } from "../lifecycle/tenant-lock.ts";
import type { FleetQueue } from "./fleet-run.ts";

/**
 * Tenants that one session is kept for. It is given back then, so that its connection can end before
 * what its backend remembers of each tenant takes the server's memory.
 */
const SESSION_TENANTS = 100;

/** Migrated tenants that other processes are told of at once. */
const ANNOUNCED = 200;

/** What became of a message. */
type Sent = MigrationResult | "careful" | "busy";

/** A tenant's turn. */
interface Turn {
  readonly tenant: Tenant;
  /** What became of its message; `undefined` while nobody knows. */
  sent: Sent | undefined;
  /** What may have been migrated by a message whose answer has not come. */
  versions: readonly string[];
  /** Why it has not come. */
  lost?: unknown;
}

/** How {@link MessageWorkers} work. */
export interface MessageOptions {
  readonly deps: LifecycleDeps;
  readonly writer: MessageWriter;
  /** Whether a tenant whose message may have arrived may be migrated again. */
  readonly mayRepeat: boolean;
  /** Tenants begun per second, at most. */
  readonly perSecond: number | undefined;
  /** Migrates a tenant under its lock, step by step. */
  readonly careful: (tenant: Tenant) => Promise<MigrationResult | undefined>;
  /** Runs what migrates one tenant, traced and logged. */
  readonly trace: (tenant: Tenant, fn: () => Promise<MigrationResult>) => Promise<MigrationResult>;
}

/**
 * Migrates tenants by one message each. Whatever goes wrong with a message, nothing of it is done, and
 * the tenant is migrated with care, which finds out what it was.
 */
export class MessageWorkers {
  readonly #options: MessageOptions;
  readonly #sessionTenants: number;
  #unannounced: string[] = [];

  constructor(options: MessageOptions) {
    this.#options = options;
    // Whoever waits for a turn lets others have the connection: there are few for all operations.
    this.#sessionTenants = options.perSecond === undefined ? SESSION_TENANTS : 1;
  }

  /** Takes tenants from the queue until it is empty. */
  async work(queue: FleetQueue): Promise<void> {
    let next = await queue.take();
    while (next !== undefined) {
      const tenant: Tenant = next;
      if (this.#options.writer.needsCare(tenant)) {
        await queue.settle(tenant, () => this.#options.careful(tenant));
        next = await queue.take();
      } else next = await this.#onOneSession(queue, tenant);
    }
  }

  /** Tells other processes of the tenants that were migrated, which know their versions. */
  async announce(): Promise<void> {
    const { driver, registry } = this.#options.deps;
    const ids = this.#unannounced;
    this.#unannounced = [];
    if (ids.length === 0) return;
    try {
      await driver.session({}, (session) => registry.announce(globalQueries(session), ids));
    } catch (error) {
      this.#unannounced.push(...ids);
      throw error;
    }
  }

  /** @returns the tenant to go on with */
  async #onOneSession(queue: FleetQueue, first: Tenant): Promise<Tenant | undefined> {
    const turn: { now: Turn | undefined } = { now: turnOf(first) };
    try {
      await this.#options.deps.driver.session({}, async (session) => {
        for (let left = this.#sessionTenants; turn.now !== undefined; left -= 1) {
          const { tenant } = turn.now;
          const sent = await this.#send(session, turn.now);
          turn.now.sent = sent;
          // Whoever needs care needs a session of its own, and one at a time is enough.
          if (sent === "careful") return;
          if (sent === "busy") queue.putAside(tenant);
          else await queue.settle(tenant, () => Promise.resolve(sent));
          if (left === 1) return;
          const next = await queue.take();
          turn.now = next && turnOf(next);
        }
      });
    } catch (error) {
      // What was sent is settled; else it may, or may not, have arrived.
      const sent = turn.now?.sent;
      if (turn.now === undefined || (sent !== undefined && sent !== "careful")) throw error;
      turn.now.sent = "careful";
      turn.now.lost = error;
    }
    // Those that could not be told are told with the next ones, and at the end.
    if (this.#unannounced.length >= ANNOUNCED) await this.announce().catch(() => undefined);
    const { now } = turn;
    if (now === undefined) return undefined;
    if (now.sent === "careful") await queue.settle(now.tenant, () => this.#withCare(now));
    return await queue.take();
  }

  /** Migrates a tenant of which nobody knows whether its message has arrived, or which has none. */
  async #withCare({ lost, tenant, versions }: Turn): Promise<MigrationResult | undefined> {
    const { careful, mayRepeat } = this.#options;
    if (versions.length > 0 && !mayRepeat) {
      this.#noteMigrated(tenant);
      throw lost;
    }
    const result = await careful(tenant);
    if (versions.length === 0 || result === undefined || result.versions.length > 0) return result;
    // Nothing was left to be done: it had arrived.
    this.#noteMigrated(tenant);
    return { ...result, versions };
  }

  #noteMigrated(tenant: Tenant): void {
    this.#unannounced.push(tenant.id);
    this.#options.deps.registry.forget(tenant);
  }

  /** @throws the driver's error when the connection is lost */
  async #send(session: Session, turn: Turn): Promise<Sent> {
    const { deps, trace, writer } = this.#options;
    const { tenant } = turn;
    const startedAt = performance.now();
    const resultOf = ({ versions }: MigrationMessage): MigrationResult => ({
      durationMs: performance.now() - startedAt,
      schemaName: tenant.schemaName,
      tenant: tenant.slug,
      versions,
    });
    try {
      const message = await writer.of(session, tenant);
      if (message === undefined) return "careful";
      const { leavesNothing, text } = message;
      if (text === undefined) return resultOf(message);
      if (session.script === undefined) return "careful";
      const lock = lockName(deps.settings.registry, tenant.slug);
      turn.versions = message.versions;
      await session.script(scopeOf(tenant), text, { leavesNothing, lock });
      this.#noteMigrated(tenant);
      return await trace(tenant, async () => resultOf(message));
    } catch (error) {
      if (isConnectionFailure(error)) throw error;
      turn.versions = [];
      const isBusy =
        isTenancyError(error, "TENANT_BUSY") || deps.driver.dialect.schema.isLockConflict(error);
      return isBusy ? "busy" : "careful";
    }
  }
}

function turnOf(tenant: Tenant): Turn {
  return { sent: undefined, tenant, versions: [] };
}

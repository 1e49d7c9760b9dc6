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

/** How {@link MessageWorkers} work. */
export interface MessageOptions {
  readonly deps: LifecycleDeps;
  readonly writer: MessageWriter;
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
  #unannounced: string[] = [];

  constructor(options: MessageOptions) {
    this.#options = options;
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
    await driver.session({}, (session) => registry.announce(globalQueries(session), ids));
  }

  /** @returns the tenant to go on with */
  async #onOneSession(queue: FleetQueue, first: Tenant): Promise<Tenant | undefined> {
    const { careful, deps } = this.#options;
    let tenant: Tenant | undefined = first;
    let sent: Sent | undefined;
    try {
      await deps.driver.session({}, async (session) => {
        for (let count = 0; count < SESSION_TENANTS && tenant !== undefined; count += 1) {
          sent = undefined;
          sent = await this.#send(session, tenant);
          // Whoever needs care needs a session of its own, and one at a time is enough.
          if (sent === "careful") return;
          if (sent === "busy") queue.putAside(tenant);
          else await settled(queue, tenant, sent);
          tenant = await queue.take();
        }
      });
    } catch (error) {
      // What was sent is settled; else it may, or may not, have arrived.
      if (sent !== undefined && sent !== "careful") throw error;
      sent = "careful";
    }
    if (this.#unannounced.length >= ANNOUNCED) await this.announce();
    if (tenant === undefined || sent !== "careful") return tenant;
    const left: Tenant = tenant;
    await queue.settle(left, () => careful(left));
    return await queue.take();
  }

  /** @throws the driver's error when the connection is lost */
  async #send(session: Session, tenant: Tenant): Promise<Sent> {
    const { deps, trace, writer } = this.#options;
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
      const { text } = message;
      if (text === undefined) return resultOf(message);
      if (session.script === undefined) return "careful";
      const lock = lockName(deps.settings.registry, tenant.slug);
      await session.script(scopeOf(tenant), text, { lock });
      this.#unannounced.push(tenant.id);
      deps.registry.forget(tenant);
      return await trace(tenant, async () => resultOf(message));
    } catch (error) {
      if (isConnectionFailure(error)) throw error;
      const isBusy =
        isTenancyError(error, "TENANT_BUSY") || deps.driver.dialect.schema.isLockConflict(error);
      return isBusy ? "busy" : "careful";
    }
  }
}

async function settled(queue: FleetQueue, tenant: Tenant, result: MigrationResult): Promise<void> {
  await queue.settle(tenant, () => Promise.resolve(result));
}

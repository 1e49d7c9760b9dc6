import { once } from "node:events";
import type pgModule from "pg";
import type { Client, ClientConfig } from "pg";
import type { Subscriber } from "../../core/driver.ts";
import type { Logger } from "../../core/logger.ts";
import { quoteIdentifier } from "../../dialects/postgres/identifier.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
const PROBE_AFTER_MS = 10_000;
const END_AFTER_MS = 500;

/**
 * Listens on one channel, over a connection of its own that never keeps the process alive.
 *
 * States: connecting → connected → (lost) → waiting → connecting …, until `stop`. The subscriber
 * hears of every change between connected and not.
 */
export class Subscription {
  readonly #pg: typeof pgModule;
  readonly #config: ClientConfig;
  readonly #channel: string;
  readonly #subscriber: Subscriber;
  readonly #logger: Logger;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isStopped = false;

  constructor(
    pg: typeof pgModule,
    config: ClientConfig,
    channel: string,
    subscriber: Subscriber,
    logger: Logger,
  ) {
    this.#pg = pg;
    this.#config = config;
    this.#channel = channel;
    this.#subscriber = subscriber;
    this.#logger = logger;
  }

  /** Connects for the first time; resolves when that has succeeded or failed. */
  async start(): Promise<void> {
    if (this.#isStopped) return;
    // A connection that only listens does not notice that the network is gone. The system's own
    // probes begin after hours, and until then changed tenants would be remembered as they were.
    const { Client = this.#pg.Client } = this.#config as { Client?: typeof pgModule.Client };
    const client = new Client({
      keepAliveInitialDelayMillis: PROBE_AFTER_MS,
      ...this.#config,
      keepAlive: true,
    });
    this.#client = client;
    client.on("error", (error) => this.#lost(client, error));
    client.on("end", () => this.#lost(client, undefined));
    client.on("notification", ({ payload }) => this.#subscriber.onMessage(payload ?? ""));
    try {
      const connected = client.connect();
      unref(client);
      // A client that is ended while it connects never says so by its promise.
      await Promise.race([connected, once(client, "end")]);
      if (this.#client !== client) return;
      await client.query(`listen ${quoteIdentifier(this.#channel)}`);
      if (this.#client !== client) return;
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#subscriber.onStatus(true);
    } catch (error) {
      this.#lost(client, error);
    }
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await end(client);
  }

  #lost(client: Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#subscriber.onStatus(false);
    void end(client);
    this.#logger.warn({ err: error }, "notifications interrupted");
    this.#timer = setTimeout(() => void this.start(), this.#pauseMs);
    this.#timer.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Ends a connection, also when the server does not answer any more. */
async function end(client: Client): Promise<void> {
  const timer = setTimeout(() => streamOf(client).destroy(), END_AFTER_MS);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}

function unref(client: Client): void {
  streamOf(client).unref?.();
}

function streamOf(client: Client): { destroy(): void; unref?(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}

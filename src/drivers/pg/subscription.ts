import type pgModule from "pg";
import type { Client, ClientConfig } from "pg";
import type { Subscriber } from "../../core/driver.ts";
import type { Logger } from "../../core/logger.ts";
import { quoteIdentifier } from "../../dialects/postgres/identifier.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

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
    const client = new this.#pg.Client({ ...this.#config, keepAlive: true });
    this.#client = client;
    client.on("error", (error) => this.#lost(client, error));
    client.on("end", () => this.#lost(client, undefined));
    client.on("notification", ({ payload }) => this.#subscriber.onMessage(payload ?? ""));
    try {
      const connected = client.connect();
      unref(client);
      await connected;
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
    await client?.end().catch(() => undefined);
  }

  #lost(client: Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#subscriber.onStatus(false);
    client.end().catch(() => undefined);
    this.#logger.warn({ err: error }, "notifications interrupted");
    this.#timer = setTimeout(() => void this.start(), this.#pauseMs);
    this.#timer.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

function unref(client: Client): void {
  (client as unknown as { connection: { stream: { unref?(): void } } }).connection.stream.unref?.();
}

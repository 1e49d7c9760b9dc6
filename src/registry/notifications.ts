import type { Driver } from "../core/driver.ts";
import type { Logger } from "../core/logger.ts";
import type { RegistryTables } from "../core/settings.ts";
import { shortHash } from "../internal/short-hash.ts";

/** What a write says of itself. */
export interface Notice {
  /** Id of the tenant that changed. */
  readonly id: string;
  /** Whether names that nobody had may now be somebody's. */
  readonly names: boolean;
}

/** Who hears of writes, by whatever process. */
export interface NoticeListener {
  /** One tenant changed. */
  onNotice(notice: Notice): void;
  /** Anything may have changed: the connection came or went, or a message was not understood. */
  onAnything(): void;
}

/** Pause before another attempt when the driver refused to listen at all. */
const RETRY_MS = 5000;

/** Returns the channel of one registry's notices. Two that share one by chance forget more. */
export function noticeChannel(tables: RegistryTables): string {
  return `kirayedar_${shortHash(JSON.stringify([tables.schema, tables.table]))}`;
}

/**
 * Listens for the registry's notices, from the first `start` on.
 *
 * States: idle → starting → listening ⇄ interrupted, until `close`. Only while `isConnected` may
 * anything be remembered for long.
 */
export class Notifications {
  readonly #driver: Pick<Driver, "subscribe">;
  readonly #channel: string;
  readonly #listener: NoticeListener;
  readonly #logger: Logger;
  readonly #now: () => number;
  #subscription: Promise<(() => Promise<void>) | undefined> | undefined;
  #retryAt = -Infinity;
  #isConnected = false;
  #isClosed = false;

  constructor(
    driver: Pick<Driver, "subscribe">,
    channel: string,
    listener: NoticeListener,
    options: { readonly logger: Logger; readonly now: () => number },
  ) {
    this.#driver = driver;
    this.#channel = channel;
    this.#listener = listener;
    this.#logger = options.logger;
    this.#now = options.now;
  }

  /** Whether every notice arrives. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Begins to listen, unless it has; neither waits nor throws. */
  start(): void {
    if (this.#isClosed || this.#subscription !== undefined || this.#now() < this.#retryAt) return;
    try {
      const subscription = this.#driver.subscribe(this.#channel, {
        onMessage: (payload) => this.#hear(payload),
        onStatus: (connected) => this.#change(connected),
      });
      this.#subscription = Promise.resolve(subscription).catch((error: unknown) => {
        this.#refused(error);
        return undefined;
      });
    } catch (error) {
      this.#refused(error);
    }
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isConnected = false;
    const stop = await this.#subscription;
    await stop?.();
  }

  /** Lookups go on, with answers that are remembered only briefly. */
  #refused(error: unknown): void {
    this.#logger.warn({ err: error }, "registry notifications unavailable");
    this.#retryAt = this.#now() + RETRY_MS;
    this.#subscription = undefined;
  }

  #change(connected: boolean): void {
    if (this.#isClosed) return;
    this.#isConnected = connected;
    this.#listener.onAnything();
  }

  #hear(payload: string): void {
    const notice = parseNotice(payload);
    if (notice === undefined) this.#listener.onAnything();
    else this.#listener.onNotice(notice);
  }
}

function parseNotice(payload: string): Notice | undefined {
  try {
    const notice = JSON.parse(payload) as Partial<Notice> | null;
    if (typeof notice?.id !== "string" || typeof notice.names !== "boolean") return undefined;
    return { id: notice.id, names: notice.names };
  } catch {
    // Anybody may send to a channel; what is not ours costs a reload, never a wrong answer.
    return undefined;
  }
}

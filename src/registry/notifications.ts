import type { Driver } from "../core/driver.ts";
import type { Logger } from "../core/logger.ts";
import type { RegistryTables } from "../core/settings.ts";
import { shortHash } from "../internal/short-hash.ts";

/** What a write says of itself. */
export interface Notice {
  /** Ids of the tenants that changed. */
  readonly ids: readonly string[];
  /** Whether names that nobody had may now be somebody's. */
  readonly names: boolean;
}

/** Who hears of writes, by whatever process. */
export interface NoticeListener {
  /** Tenants changed. */
  onNotice(notice: Notice): void;
  /** Anything may have changed: the connection came or went, or a message was not understood. */
  onAnything(): void;
}

/** Bytes of the ids in one notice; MySQL's column has room for 2,048 characters of all. */
const LONGEST_NOTICE = 1_900;

/** Pause before another attempt when the driver refused to listen at all. */
const RETRY_MS = 5000;

/** Returns the channel of one registry's notices. Two that share one by chance forget more. */
export function noticeChannel(tables: RegistryTables): string {
  return `kirayedar_${shortHash(JSON.stringify([tables.schema, tables.table]))}`;
}

/**
 * Writes that tenants changed, apart from their names, in as few notices as possible.
 *
 * @see https://www.postgresql.org/docs/current/sql-notify.html (shorter than 8,000 bytes)
 */
export function noticesOf(ids: readonly string[]): string[] {
  const notices: string[] = [];
  let batch: string[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (batch.length > 0) notices.push(JSON.stringify({ ids: batch, names: false }));
    batch = [];
    bytes = 0;
  };
  for (const id of ids) {
    const size = new TextEncoder().encode(JSON.stringify(id)).length + 1;
    if (bytes + size > LONGEST_NOTICE) flush();
    batch.push(id);
    bytes += size;
  }
  flush();
  return notices;
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
    const notice = JSON.parse(payload) as (Partial<Notice> & { readonly id?: unknown }) | null;
    const { ids = [notice?.id], names } = notice ?? {};
    const isRight = Array.isArray(ids) && ids.every((id) => typeof id === "string");
    return isRight && typeof names === "boolean" ? { ids, names } : undefined;
  } catch {
    // Anybody may send to a channel; what is not ours costs a reload, never a wrong answer.
    return undefined;
  }
}

import type { Subscriber } from "../../core/driver.ts";
import type { Logger } from "../../core/logger.ts";
import { errnoOf } from "../../dialects/mysql/errno.ts";
import type { Wire, Wires } from "./client-library.ts";
import { NoticeWindow } from "./notice-window.ts";

/** For how long a number that was given out may not be committed yet. */
const GIVE_UP_AFTER_MS = 30_000;
/** How many numbers below the newest one are watched for at the beginning. */
const MARGIN = 1_000;
const PAGE = 1_000;

const LONGEST_PAUSE_MS = 10_000;
/** A server that is reached but does not answer sends no notices either. */
const ANSWER_WITHIN_MS = 5_000;

const PRUNE_EVERY_MS = 600_000;
const PRUNE_AT_ONCE = 500;

/** `ER_NO_SUCH_TABLE`, and the same for its database: the registry's migration makes them later. */
const NO_TABLE: ReadonlySet<unknown> = new Set([1049, 1146]);

interface Notice {
  readonly id: number;
  readonly channel: string;
  readonly payload: string;
}

/** What a {@link Subscription} is made with. */
export interface SubscriptionSettings {
  /** Where its connection comes from. */
  readonly wires: Wires;
  /** Qualified and quoted name of the notices' table. */
  readonly table: string;
  /** Which notices are meant. */
  readonly channel: string;
  /** Who hears of them. */
  readonly subscriber: Subscriber;
  /** How often to look, in milliseconds. */
  readonly pollMs: number;
  /** How often to remove what is older than an hour, in milliseconds. Default ten minutes. */
  readonly pruneEveryMs?: number;
  /** Where log lines go. */
  readonly logger: Logger;
}

/**
 * Looks for notices on one channel again and again, and never keeps the process alive between two
 * looks. Rows that nobody needs any more are removed now and then, never the newest one.
 *
 * States: starting → connected ⇄ interrupted, until `stop`. The subscriber hears of every change
 * between connected and not; each time it begins anew, as nobody knows what was missed.
 */
export class Subscription {
  readonly #settings: SubscriptionSettings;
  readonly #window = new NoticeWindow(GIVE_UP_AFTER_MS);
  #isConnected: boolean | undefined;
  #isStopped = false;
  #looking: Promise<void> = Promise.resolve();
  #pauseMs: number;
  readonly #pruneEveryMs: number;
  #pruneAt: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: SubscriptionSettings) {
    this.#settings = settings;
    this.#pauseMs = settings.pollMs;
    this.#pruneEveryMs = settings.pruneEveryMs ?? PRUNE_EVERY_MS;
    this.#pruneAt = now() + this.#pruneEveryMs * Math.random();
  }

  /** Looks for the first time; resolves when that has succeeded or failed. */
  async start(): Promise<void> {
    if (this.#isStopped) return;
    this.#looking = this.#look();
    await this.#looking;
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.start(), this.#pauseMs);
    this.#timer.unref();
  }

  /** Ends it; resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const notices = await this.#onWire((wire) => this.#read(wire));
      if (this.#isStopped) return;
      this.#pauseMs = this.#settings.pollMs;
      if (this.#isConnected !== true) this.#change(true);
      for (const { channel, payload } of notices) {
        if (channel === this.#settings.channel) this.#settings.subscriber.onMessage(payload);
      }
    } catch (error) {
      if (!this.#isStopped) this.#lost(error);
    }
  }

  #lost(error: unknown): void {
    const isEarly = NO_TABLE.has(errnoOf(error));
    if (this.#isConnected !== false) {
      const { logger } = this.#settings;
      if (isEarly) logger.debug({ err: error }, "no table of notices yet");
      else logger.warn({ err: error }, "notifications interrupted");
      this.#change(false);
    }
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #change(connected: boolean): void {
    this.#isConnected = connected;
    this.#settings.subscriber.onStatus(connected);
  }

  /** Returns the notices that are new. */
  async #read(wire: Wire): Promise<Notice[]> {
    const { table } = this.#settings;
    if (this.#isConnected === true) {
      const fresh = this.#window.accept(await readFrom(wire, table, this.#window.from), now());
      if (fresh !== undefined) {
        await this.#prune(wire);
        return fresh;
      }
      this.#settings.logger.warn({}, "the table of notices was emptied or restored");
      this.#change(false);
    }
    const { rows } = await wire.query<{ newest: unknown }>(
      `select coalesce(max(id), 0) as newest from ${table}`,
    );
    const floor = Math.max(Number(rows[0]?.newest) - MARGIN, 0);
    this.#window.start(await readFrom(wire, table, floor + 1), floor, now());
    return [];
  }

  async #prune(wire: Wire): Promise<void> {
    if (now() < this.#pruneAt) return;
    // Processes that were started together would get into each other's way.
    this.#pruneAt = now() + this.#pruneEveryMs * (0.5 + Math.random());
    const { logger, table } = this.#settings;
    try {
      await wire.query(
        `delete from ${table} where created_at < current_timestamp(6) - interval 1 hour ` +
          `and id < ? order by id limit ${PRUNE_AT_ONCE}`,
        [this.#window.from],
      );
    } catch (error) {
      // Another process does the same; and a user who may not delete them still hears of changes.
      if (errnoOf(error) === undefined) throw error;
      logger.debug({ err: error }, "old notices were not removed");
    }
  }

  async #onWire<T>(fn: (wire: Wire) => Promise<T>): Promise<T> {
    const wire = await this.#settings.wires.acquire();
    let isSound = false;
    try {
      const value = await inTime(fn(wire));
      isSound = true;
      return value;
    } finally {
      wire.release(!isSound);
    }
  }
}

function now(): number {
  return performance.now();
}

async function readFrom(wire: Wire, table: string, first: number): Promise<Notice[]> {
  const notices: Notice[] = [];
  for (let from = first; ;) {
    const { rows } = await wire.query<{ id: unknown; channel: unknown; payload: unknown }>(
      `select id, channel, payload from ${table} where id >= ? order by id limit ${PAGE}`,
      [from],
    );
    for (const { channel, id, payload } of rows) {
      notices.push({ channel: String(channel), id: Number(id), payload: String(payload) });
    }
    if (rows.length < PAGE) return notices;
    from = (notices.at(-1)?.id ?? from) + 1;
  }
}

/** Rejects when there is no answer in time. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The server does not answer.")), ANSWER_WITHIN_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

import { randomBytes } from "node:crypto";
import type { LiveEvent, Operation } from "./contract.ts";
import { RequestError } from "./api/problem.ts";
import { type Listener, LiveClient, type SentEvent } from "./live-client.ts";

/** Events that are kept for those who come back. */
const MOST_KEPT = 500;
/** How many may listen. */
const MOST_CLIENTS = 500;
/** How many of them may be one person: a browser has one for each of its tabs. */
const MOST_OF_ONE = 50;
/** Pause between two signs of life, which proxies need to see. */
const HEARTBEAT_MS = 15_000;

/** What is known of the listeners. */
export interface LiveOptions {
  /** Called when the first listener comes. */
  readonly onFirst: () => void;
  /** Called when the last one has gone. */
  readonly onLast: () => void;
  /** What there is to tell who comes newly. */
  readonly operations: () => readonly Operation[];
}

/** Tells everybody who listens on `GET api/events` what happens. */
export class Live {
  readonly #options: LiveOptions;
  readonly #clients = new Set<LiveClient>();
  /** Begins the number of each event: numbers of another process, or of an earlier one, say nothing here. */
  readonly #epoch = randomBytes(4).toString("hex");
  #kept: SentEvent[] = [];
  #last = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** How many listen. */
  get listeners(): number {
    return this.#clients.size;
  }

  /** Tells all. */
  publish(event: LiveEvent): void {
    this.#last += 1;
    const sent = { event, id: `${this.#epoch}-${this.#last}`, number: this.#last };
    this.#kept.push(sent);
    if (this.#kept.length > MOST_KEPT) this.#kept = this.#kept.slice(-MOST_KEPT / 2);
    for (const client of this.#clients) client.add(sent);
  }

  /**
   * Answers one listener.
   *
   * @param lastEventId - the last event that it has seen
   * @param listener - who listens
   * @throws RequestError `RATE_LIMITED` when too many listen
   */
  open(lastEventId: string | null, listener: Listener): Response {
    const own = [...this.#clients].filter(({ person }) => person === listener.person);
    if (this.#isClosed || this.#clients.size >= MOST_CLIENTS || own.length >= MOST_OF_ONE) {
      throw new RequestError("RATE_LIMITED", "Too many listen already.", { "retry-after": "30" });
    }
    const client = new LiveClient(listener, () => this.#remove(client));
    if (this.#clients.size === 0) this.#begin();
    this.#clients.add(client);
    for (const sent of this.#missed(lastEventId)) client.add(sent);
    return new Response(client.stream, {
      headers: {
        // What compresses answers would keep events back until it has enough of them.
        "cache-control": "no-store, no-transform",
        "content-type": "text/event-stream; charset=utf-8",
        // nginx would keep events back until a buffer is full.
        "x-accel-buffering": "no",
      },
    });
  }

  /** Ends every stream. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) client.end();
  }

  #begin(): void {
    this.#heartbeat = setInterval(() => {
      for (const client of this.#clients) client.beat();
    }, HEARTBEAT_MS).unref();
    this.#options.onFirst();
  }

  #remove(client: LiveClient): void {
    if (!this.#clients.delete(client) || this.#clients.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#options.onLast();
  }

  /** Who has been away for too long, or is new, gets what runs, and is told to read the rest. */
  #missed(lastEventId: string | null): readonly SentEvent[] {
    const [epoch, number] = (lastEventId ?? "").split("-");
    const seen = Number(number);
    const oldest = this.#kept[0]?.number ?? this.#last + 1;
    if (epoch === this.#epoch && Number.isInteger(seen) && seen >= oldest - 1) {
      return this.#kept.filter((sent) => sent.number > seen);
    }
    const operations = this.#options.operations();
    const events: LiveEvent[] = operations.map((operation) => ({ operation, type: "operation" }));
    if (lastEventId !== null) {
      for (const what of ["tenants", "runs", "audit"] as const) {
        events.push({ tenant: null, type: "changed", what });
      }
    }
    const id = `${this.#epoch}-${this.#last}`;
    return events.map((event) => ({ event, id, number: this.#last }));
  }
}

import type { LiveEvent } from "./contract.ts";

/** An event with its number. */
export interface SentEvent {
  /** For `Last-Event-ID`. */
  readonly id: string;
  /** Grows by one. */
  readonly number: number;
  /** What happened. */
  readonly event: LiveEvent;
}

/** How many different things may wait for a listener before they are told as one. */
const MOST_WAITING = 200;
/** Heartbeats that a listener may leave untaken. */
const MOST_UNTAKEN = 4;
/** Heartbeats between two questions whether a listener still may listen. */
const BEATS_TO_ASK = 2;
/**
 * Heartbeats after which a stream ends. The browser comes back at once, and then what stands in front of
 * the console looks at its credential as well.
 */
const MOST_BEATS = 60;
/** How long a browser waits before it comes back, in milliseconds. */
const RETRY_MS = 3000;

/** Who listens. */
export interface Listener {
  /** Their name. */
  readonly person: string;
  /** Aborted when they go. */
  readonly request: Request;
  /** Whether they would be let in now; never rejects. */
  readonly isAllowed: () => Promise<boolean>;
}

const encoder = new TextEncoder();

/**
 * One listener. What it has not taken yet waits here, and not more than the newest of each kind: who reads
 * slowly misses steps between, never the end.
 */
export class LiveClient {
  /** The body of the answer. */
  readonly stream: ReadableStream<Uint8Array>;
  readonly #waiting = new Map<string, SentEvent>();
  readonly #onEnd: () => void;
  /** Kept, because the signal of a request that is collected is never aborted. */
  readonly #listener: Listener;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #wantsMore = false;
  #untaken = 0;
  #beats = 0;
  #isAsking = false;

  /**
   * @param listener - who listens; ended when their request is aborted
   * @param onEnd - called once, whoever ends it
   */
  constructor(listener: Listener, onEnd: () => void) {
    this.#listener = listener;
    this.#onEnd = onEnd;
    this.stream = new ReadableStream<Uint8Array>({
      cancel: () => this.#forget(),
      pull: () => {
        this.#wantsMore = true;
        this.#flush();
      },
      start: (controller) => {
        this.#controller = controller;
        controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
      },
    });
    listener.request.signal.addEventListener("abort", () => this.end(), { once: true });
  }

  /** Who listens. */
  get person(): string {
    return this.#listener.person;
  }

  /** Tells it something. */
  add(sent: SentEvent): void {
    if (this.#controller === undefined) return;
    const key = keyOf(sent.event);
    // Put behind the others again, so that numbers grow.
    this.#waiting.delete(key);
    this.#waiting.set(key, sent);
    if (this.#waiting.size > MOST_WAITING) this.#joinChanges(sent);
    this.#flush();
  }

  /** Shows that the connection lives; ends it if nobody has read from it for long, or nobody may. */
  beat(): void {
    if (this.#wantsMore) this.#send(": still here\n\n");
    else this.#untaken += 1;
    this.#beats += 1;
    if (this.#untaken > MOST_UNTAKEN || this.#beats >= MOST_BEATS) return this.end();
    if (this.#beats % BEATS_TO_ASK === 0) this.#ask();
    return undefined;
  }

  /** Ends it. */
  end(): void {
    const controller = this.#controller;
    this.#forget();
    controller?.close();
  }

  /** Whoever is signed out, or may no more, must not go on to listen. An answer that is late is none. */
  #ask(): void {
    if (this.#isAsking) return this.end();
    this.#isAsking = true;
    void this.#listener.isAllowed().then((isAllowed) => {
      this.#isAsking = false;
      if (!isAllowed) this.end();
    });
    return undefined;
  }

  #forget(): void {
    if (this.#controller === undefined) return;
    this.#controller = undefined;
    this.#waiting.clear();
    this.#onEnd();
  }

  #flush(): void {
    if (!this.#wantsMore || this.#waiting.size === 0) return;
    const text = [...this.#waiting.values()].map(toText).join("");
    this.#waiting.clear();
    this.#send(text);
  }

  #send(text: string): void {
    this.#wantsMore = false;
    this.#untaken = 0;
    this.#controller?.enqueue(encoder.encode(text));
  }

  /** Many tenants that changed are all tenants. */
  #joinChanges({ id, number }: SentEvent): void {
    const kinds = new Set<"audit" | "runs" | "tenants">();
    for (const [key, { event }] of this.#waiting) {
      if (event.type !== "changed") continue;
      kinds.add(event.what);
      this.#waiting.delete(key);
    }
    for (const what of kinds) {
      const event: LiveEvent = { tenant: null, type: "changed", what };
      this.#waiting.set(keyOf(event), { event, id, number });
    }
  }
}

function keyOf(event: LiveEvent): string {
  return event.type === "operation"
    ? `operation ${event.operation.id}`
    : `changed ${event.what} ${event.tenant ?? ""}`;
}

function toText({ event, id }: SentEvent): string {
  const { type, ...data } = event;
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

import { TenancyError } from "../../errors/tenancy-error.ts";
import type { Wire, Wires } from "./client-library.ts";

const IDLE_MS = 10_000;

/** One connection that a client library has opened for a {@link WirePool}. */
export interface OpenWire extends Omit<Wire, "release"> {
  /** Whether it is, as far as the client library knows, still connected. */
  isOpen(): boolean;
  /** Says whether it keeps the process alive. */
  keepAlive(keeps: boolean): void;
  /** Closes it; never throws. */
  close(): void;
}

/**
 * A few connections, opened when they are needed and closed when they were idle for some time. Idle
 * ones never keep the process alive. Unlike the client libraries' own pools, it opens none in advance,
 * and tries none again behind the caller's back.
 */
export class WirePool implements Wires {
  readonly #open: () => Promise<OpenWire>;
  readonly #max: number;
  readonly #idle = new Map<OpenWire, NodeJS.Timeout>();
  readonly #waiting: { start(): void; refuse(error: Error): void }[] = [];
  #inUse = 0;
  #isEnded = false;
  #whenEnded: (() => void) | undefined;

  /**
   * @param open - opens a connection
   * @param max - connections in use at once, at most
   */
  constructor(open: () => Promise<OpenWire>, max: number) {
    this.#open = open;
    this.#max = max;
  }

  async acquire(): Promise<Wire> {
    if (this.#isEnded) throw ended();
    if (this.#inUse < this.#max) this.#inUse += 1;
    else {
      // Whoever gives a connection back leaves the place to the first who waits.
      await new Promise<void>((start, refuse) => void this.#waiting.push({ refuse, start }));
    }
    try {
      const wire = this.#takeIdle() ?? (await this.#open());
      return this.#lend(wire);
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    for (const waiting of this.#waiting.splice(0)) waiting.refuse(ended());
    for (const wire of this.#idle.keys()) this.#close(wire);
    if (this.#inUse > 0) await new Promise<void>((resolve) => (this.#whenEnded = resolve));
  }

  #lend(wire: OpenWire): Wire {
    let isReleased = false;
    const { format, queryMany } = wire;
    return {
      query: (text, params) => wire.query(text, params),
      ...(format !== undefined && { format: (text, params) => format(text, params) }),
      ...(queryMany !== undefined && { queryMany: (text) => queryMany(text) }),
      release: (destroy) => {
        if (isReleased) return;
        isReleased = true;
        if (destroy || this.#isEnded || !wire.isOpen()) wire.close();
        else this.#keep(wire);
        this.#leave();
      },
      reset: () => wire.reset(),
    };
  }

  #takeIdle(): OpenWire | undefined {
    for (const [wire, timer] of [...this.#idle].toReversed()) {
      clearTimeout(timer);
      this.#idle.delete(wire);
      if (wire.isOpen()) {
        wire.keepAlive(true);
        return wire;
      }
      wire.close();
    }
    return undefined;
  }

  #keep(wire: OpenWire): void {
    wire.keepAlive(false);
    const timer = setTimeout(() => this.#close(wire), IDLE_MS);
    timer.unref();
    this.#idle.set(wire, timer);
  }

  #close(wire: OpenWire): void {
    clearTimeout(this.#idle.get(wire));
    this.#idle.delete(wire);
    wire.close();
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.start();
      return;
    }
    this.#inUse -= 1;
    if (this.#inUse === 0) this.#whenEnded?.();
  }
}

function ended(): TenancyError {
  return new TenancyError("TENANCY_CLOSED", "The connection pool was ended.");
}

import { once } from "node:events";
import { Worker } from "node:worker_threads";

export interface LatencyProxyOptions {
  /** Port on 127.0.0.1 to forward to. Give this or `targetSocket`. */
  readonly targetPort?: number;
  /** Path of a Unix socket to forward to. */
  readonly targetSocket?: string;
  /** Delay in each direction, in milliseconds; fractions count. A round trip takes twice this. */
  readonly delayMs: number;
}

/** What has passed since the start or the last `resetCounts`. */
export interface ProxyCounts {
  readonly connections: number;
  /** Pieces of data as they arrived; what a client writes in one call arrives as one piece. */
  readonly writesToServer: number;
  readonly writesToClient: number;
  /**
   * How often a client spoke first or after the server had answered. Equals the round trips of a
   * client that waits for an answer before it sends more.
   */
  readonly roundTrips: number;
}

export interface LatencyProxy {
  /** Port on 127.0.0.1 that it listens on. */
  readonly port: number;
  readonly counts: () => ProxyCounts;
  readonly resetCounts: () => void;
  /** Cuts all connections and stops listening. */
  readonly close: () => Promise<void>;
}

/** Slots of the shared counters; the worker adds, this side reads. */
export const SLOT = {
  connections: 0,
  writesToServer: 1,
  writesToClient: 2,
  roundTrips: 3,
} as const;

/** What the worker gets to do. */
export interface ProxyOrder {
  readonly target: { readonly port: number; readonly host: string } | { readonly path: string };
  readonly delayMs: number;
  readonly counters: Int32Array<SharedArrayBuffer>;
}

/**
 * Starts a proxy that delays every byte by `delayMs`, in order, as a distance would.
 *
 * It runs on a thread of its own, so that its waiting and the program's work do not disturb each
 * other, and is accurate to about 0.1 ms.
 */
export async function startLatencyProxy(options: LatencyProxyOptions): Promise<LatencyProxy> {
  const { targetPort, targetSocket, delayMs } = options;
  if ((targetPort === undefined) === (targetSocket === undefined)) {
    throw new Error("Give either targetPort or targetSocket.");
  }
  const counters = new Int32Array(new SharedArrayBuffer(4 * Object.keys(SLOT).length));
  const target =
    targetSocket === undefined
      ? { port: targetPort ?? 0, host: "127.0.0.1" }
      : { path: targetSocket };
  const worker = new Worker(new URL("latency-proxy-worker.ts", import.meta.url), {
    workerData: { target, delayMs, counters } satisfies ProxyOrder,
  });
  const [port] = (await once(worker, "message")) as [number];
  // A forgotten proxy does not hold the program back.
  worker.unref();
  return {
    port,
    counts: () => ({
      connections: Atomics.load(counters, SLOT.connections),
      writesToServer: Atomics.load(counters, SLOT.writesToServer),
      writesToClient: Atomics.load(counters, SLOT.writesToClient),
      roundTrips: Atomics.load(counters, SLOT.roundTrips),
    }),
    resetCounts: () => counters.fill(0),
    close: async () => void (await worker.terminate()),
  };
}

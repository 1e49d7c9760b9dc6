// The thread behind `latency-proxy.ts`: forwards connections, every piece of data later by the delay.
import { connect, createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { SLOT, type ProxyOrder } from "./latency-proxy.ts";

const { target, delayMs, counters } = workerData as ProxyOrder;

/** Shorter waits are slept through: timers of the event loop count whole milliseconds. */
const TIMER_FLOOR_MS = 2;
/** Longest sleep: data that arrives meanwhile is noticed this much too late. */
const NAP_MS = 0.1;
/** A sleep takes about this much longer than asked for; less than this is spun away. */
const OVERSLEEP_MS = 0.06;
const napCell = new Int32Array(new SharedArrayBuffer(4));

/** What is under way, in the order in which it is due: one delay for all, so in order of arrival. */
const underWay: { readonly dueAt: number; readonly deliver: () => void }[] = [];
let isWaiting = false;

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  Atomics.add(counters, SLOT.connections, 1);
  const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
  let isClientsTurn = true;
  forward(client, upstream, () => {
    Atomics.add(counters, SLOT.writesToServer, 1);
    if (isClientsTurn) Atomics.add(counters, SLOT.roundTrips, 1);
    isClientsTurn = false;
  });
  forward(upstream, client, () => {
    Atomics.add(counters, SLOT.writesToClient, 1);
    isClientsTurn = true;
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") parentPort?.postMessage(address.port);
});

function forward(from: Socket, to: Socket, count: () => void): void {
  from.on("data", (data) => {
    count();
    later(() => {
      if (!to.destroyed && !to.write(data)) from.pause();
    });
  });
  to.on("drain", () => from.resume());
  from.on("end", () => later(() => to.end()));
  // A broken connection breaks on both sides, and "close" follows.
  from.on("error", () => {});
  from.on("close", () => later(() => to.destroy()));
}

function later(deliver: () => void): void {
  underWay.push({ dueAt: performance.now() + delayMs, deliver });
  if (!isWaiting) wait();
}

function wait(): void {
  const next = underWay[0];
  isWaiting = next !== undefined;
  if (next === undefined) return;
  const remainingMs = next.dueAt - performance.now();
  if (remainingMs > TIMER_FLOOR_MS) {
    setTimeout(deliverDue, Math.floor(remainingMs - TIMER_FLOOR_MS / 2));
    return;
  }
  // Sleeps in short naps instead of spinning: the servers being measured need the processor.
  const napMs = Math.min(remainingMs - OVERSLEEP_MS, NAP_MS);
  if (napMs > 0) Atomics.wait(napCell, 0, 0, napMs);
  setImmediate(deliverDue);
}

function deliverDue(): void {
  const now = performance.now();
  while (underWay[0] !== undefined && underWay[0].dueAt <= now) underWay.shift()?.deliver();
  wait();
}

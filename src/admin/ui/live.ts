import { useEffect, useState } from "preact/hooks";
import type { LiveEvent, Operation } from "../contract.ts";
import { apiAddress } from "./api.ts";

/**
 * How news arrive: `connecting` at first, `live` while the server's events come, `polling` while they
 * do not: then all that is shown is read anew every few seconds; `resting` while nobody sees the page.
 */
export type LiveState = "connecting" | "live" | "polling" | "resting";

type Listener = (event: LiveEvent) => void;

const POLL_MS = 10_000;
const RETRY_MS = [1000, 2000, 5000, 10_000, 30_000];
const REST_MS = 20_000;

const listeners = new Set<Listener>();
const stateListeners = new Set<(state: LiveState) => void>();
let state: LiveState = "connecting";
let source: EventSource | null = null;
let failures = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let pollTimer: ReturnType<typeof setInterval> | undefined;
let restTimer: ReturnType<typeof setTimeout> | undefined;
let isStarted = false;

/** Begins to listen; once, when the pages have started. */
export function startLive(): void {
  if (isStarted) return retryNow();
  isStarted = true;
  open();
  document.addEventListener("visibilitychange", () => {
    clearTimeout(restTimer);
    if (document.visibilityState === "hidden") restTimer = setTimeout(rest, REST_MS);
    else if (source === null || state !== "live") retryNow();
  });
}

/**
 * Ends the stream of a page that nobody sees. Without HTTP/2 a browser has six connections to a server:
 * six tabs that listen would leave none for a seventh. A phone that slept does not trust an old one either.
 */
function rest(): void {
  clearTimeout(retryTimer);
  source?.close();
  source = null;
  setState("resting");
}

/** Calls `listener` with every event. Returns what stops it. */
export function subscribe(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** How news arrive now; renders anew when that changes. */
export function useLiveState(): LiveState {
  const [shown, setShown] = useState(state);
  useEffect(() => {
    setShown(state);
    stateListeners.add(setShown);
    return () => void stateListeners.delete(setShown);
  }, []);
  return shown;
}

function open(): void {
  const opened = new EventSource(apiAddress("events"));
  source = opened;
  opened.addEventListener("open", () => {
    // What happened while nobody listened is not told again.
    if (state === "polling") announceEverything();
    failures = 0;
    setState("live");
  });
  opened.addEventListener("error", () => {
    opened.close();
    if (source === opened) scheduleRetry();
  });
  opened.addEventListener("operation", (event) => {
    const { operation } = JSON.parse(event.data as string) as { operation: Operation };
    emit({ type: "operation", operation });
  });
  opened.addEventListener("changed", (event) => {
    const { what, tenant } = JSON.parse(event.data as string) as Changed;
    emit({ type: "changed", what, tenant });
  });
}

type Changed = Omit<Extract<LiveEvent, { type: "changed" }>, "type">;

function scheduleRetry(): void {
  const delayMs = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
  failures += 1;
  setState("polling");
  clearTimeout(retryTimer);
  retryTimer = setTimeout(open, delayMs);
}

function retryNow(): void {
  clearTimeout(retryTimer);
  source?.close();
  if (state === "resting") setState("polling");
  open();
}

function setState(next: LiveState): void {
  if (next === state) return;
  state = next;
  clearInterval(pollTimer);
  if (next === "polling") pollTimer = setInterval(announceEverything, POLL_MS);
  for (const listener of stateListeners) listener(next);
}

function announceEverything(): void {
  for (const what of ["tenants", "runs", "audit"] as const) {
    emit({ type: "changed", what, tenant: null });
  }
}

function emit(event: LiveEvent): void {
  for (const listener of listeners) listener(event);
}

import { useEffect, useState } from "preact/hooks";
import type { Operation } from "../contract.ts";
import { type ApiError, isAbort, path, request } from "./api.ts";
import { subscribe } from "./live.ts";

const LOOK_MS = 2000;
const MOST_KNOWN = 200;

let known: ReadonlyMap<string, Operation> = new Map();
const knownListeners = new Set<() => void>();
let isKnowing = false;

/** Begins to remember the operations that are heard of, before the first is. */
export function startKnowing(): void {
  if (isKnowing) return;
  isKnowing = true;
  subscribe((event) => {
    if (event.type !== "operation") return;
    const { operation } = event;
    const others = [...known].filter(([id]) => id !== operation.id).slice(-MOST_KNOWN);
    known = new Map([...others, [operation.id, operation]]);
    for (const listener of knownListeners) listener();
  });
}

/** The operations that were heard of since the pages were opened, whoever began them. */
export function useKnownOperations(): ReadonlyMap<string, Operation> {
  const [, render] = useState(known);
  useEffect(() => {
    const update = (): void => render(known);
    update();
    knownListeners.add(update);
    return () => void knownListeners.delete(update);
  }, []);
  return known;
}

/**
 * Follows an operation to its end, beginning with what a request answered. Its events are listened to;
 * it is also looked at every two seconds, for events may be lost.
 */
export function useOperation(begun: Operation | null): Operation | null {
  const [latest, setLatest] = useState<Operation | null>(begun);
  const id = begun?.id ?? null;
  useEffect(() => {
    setLatest(begun);
    if (begun === null || begun.state !== "running") return undefined;
    const controller = new AbortController();
    const finish = (): void => {
      controller.abort();
      clearInterval(timer);
      stop();
    };
    const take = (operation: Operation): void => {
      if (operation.id !== begun.id) return;
      setLatest(operation);
      if (operation.state !== "running") finish();
    };
    const stop = subscribe((event) => {
      if (event.type === "operation") take(event.operation);
    });
    const look = (): void => {
      request<Operation>("GET", path`operations/${begun.id}`, { signal: controller.signal }).then(
        take,
        (error: ApiError) => {
          // The process that ran it is gone: nobody can tell more than the record of changes.
          if (!isAbort(error) && error.status === 404) take(lost(begun));
        },
      );
    };
    const timer = setInterval(look, LOOK_MS);
    look();
    return finish;
  }, [id]);
  return latest?.id === id ? latest : begun;
}

function lost(begun: Operation): Operation {
  const message = "The server was started anew. Look at the tenant, or at the audit log.";
  return { ...begun, state: "failed", error: { code: "INTERNAL", message } };
}

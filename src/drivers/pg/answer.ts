import { AsyncResource } from "node:async_hooks";
import type { Callback } from "./peer.ts";

/** Answers in callback style, in the caller's async context, or with a promise. */
export function answer(
  callback: Callback | undefined,
  start: (done: Callback) => void,
): Promise<unknown> | undefined {
  if (callback === undefined) {
    return new Promise((resolve, reject) => {
      start((error, result) => (error ? reject(error) : resolve(result)));
    }).catch((error: Error) => {
      // The stack of an error from the socket says nothing of who asked.
      Error.captureStackTrace(error);
      throw error;
    });
  }
  const done = callBack(callback);
  try {
    start(done);
  } catch (error) {
    process.nextTick(done, error);
  }
  return undefined;
}

/**
 * Binds a callback to the async context in force here. What it throws is thrown where nobody else
 * is: `pg`'s parser would lose the messages that it has not read yet, and the connection with them.
 */
// ISOLATION: a socket's events run in the scope of whoever opened it. leak/async-context.test.ts
function callBack(callback: Callback): Callback {
  const bound = AsyncResource.bind(callback) as (...args: unknown[]) => void;
  return (...args: unknown[]) => {
    try {
      bound(...args);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  };
}

/** Ways in which what was submitted gets to code of the application: events, and `pg`'s messages. */
const WAYS_OUT = [
  "emit",
  "handleCommandComplete",
  "handleCopyData",
  "handleCopyInResponse",
  "handleDataRow",
  "handleError",
  "handlePortalSuspended",
  "handleReadyForQuery",
] as const;

/** Makes the events and callbacks of a submittable run in the async context in force here. */
// ISOLATION: a socket's events run in the scope of whoever opened it. leak/async-context.test.ts
export function bindSubmittable(query: object): void {
  const methods = query as Record<string, unknown>;
  for (const name of WAYS_OUT) {
    const method = methods[name];
    if (typeof method === "function") methods[name] = AsyncResource.bind(method.bind(query));
  }
}

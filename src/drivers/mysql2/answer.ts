import { AsyncResource } from "node:async_hooks";
import type { Callback, Command } from "./peer.ts";

/**
 * Binds a callback to the async context in force here, and lets it be called once. What it throws is
 * thrown where nobody else is: `mysql2` would take it for an error of the connection.
 */
// ISOLATION: a socket's events run in the scope of whoever opened it. leak/mysql2-async-context.test.ts
export function bindCallback(callback: Callback): Callback {
  const resource = new AsyncResource("kirayedar");
  let isCalled = false;
  return (...args) => {
    if (isCalled) return;
    isCalled = true;
    try {
      resource.runInAsyncScope(callback, undefined, ...args);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  };
}

/** What a command says to the application, and who may change it on the way. */
export interface Spoken {
  /** Returns what to say of an error. */
  explain(error: Error): Error;
  /** Returns an error that the command itself does not know of, when it has ended. */
  atEnd(): Error | undefined;
  /** Called with an error that nobody listens to. */
  unheard(error: Error): void;
}

/** Makes the events of a command, and streams that are made of it, run in the async context in force here. */
// ISOLATION: a socket's events run in the scope of whoever opened it. leak/mysql2-async-context.test.ts
export function bindEvents(command: Command, spoken: Spoken): void {
  const resource = new AsyncResource("kirayedar");
  const emit = command.emit.bind(command);
  const say = (event: string | symbol, ...args: unknown[]): boolean => {
    const said = event === "error" ? [spoken.explain(args[0] as Error)] : args;
    if (event === "error" && command.listenerCount("error") === 0) {
      spoken.unheard(said[0] as Error);
      return false;
    }
    return resource.runInAsyncScope(emit, undefined, event, ...said);
  };
  let hasEnded = false;
  command.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === "end") {
      // A preparation that fails ends its execution twice.
      if (hasEnded) return false;
      hasEnded = true;
      const error = command.onResult === undefined ? spoken.atEnd() : undefined;
      if (error !== undefined) say("error", error);
    }
    return say(event, ...args);
  };
}

/** Tells whoever gave a command that it was not sent. */
export function refuse(command: Command, error: Error): void {
  process.nextTick(() => {
    if (command.onResult) command.onResult(error);
    else command.emit("error", error);
    command.emit("end");
  });
}

import { type OperationEvent, operationChannel } from "../core/events.ts";
import type { MaybePromise, Resolution, ResolveRequest } from "../core/resolution.ts";
import { isPromise } from "../internal/maybe-promise.ts";

type Resolve = (request: ResolveRequest) => MaybePromise<Resolution>;

/**
 * Traces a `resolve`. Without subscribers it costs one comparison; with them an answer from the
 * cache still comes at once, with `start` and `end` alone.
 */
export function traceResolve(resolve: Resolve): Resolve {
  const channel = operationChannel("resolve");
  return (request) => {
    if (!channel.hasSubscribers) return resolve(request);
    const event: OperationEvent = { action: "resolve" };
    const startedAt = performance.now();
    const note = (resolution: Resolution): Resolution => {
      event.durationMs = performance.now() - startedAt;
      event.result = resolution;
      if (resolution.kind === "tenant") {
        event.schemaName = resolution.tenant.schemaName;
        event.tenant = resolution.tenant.slug;
      }
      return resolution;
    };
    const fail = (error: unknown): never => {
      event.durationMs = performance.now() - startedAt;
      event.error = error;
      channel.error.publish(event);
      throw error;
    };
    return channel.start.runStores(event, () => {
      try {
        const answer = resolve(request);
        if (!isPromise(answer)) return note(answer);
        return finishLater(channel, event, answer.then(note, fail));
      } catch (error) {
        return fail(error);
      } finally {
        channel.end.publish(event);
      }
    });
  };
}

async function finishLater(
  channel: ReturnType<typeof operationChannel>,
  event: OperationEvent,
  answer: Promise<Resolution>,
): Promise<Resolution> {
  try {
    return await answer;
  } finally {
    channel.asyncStart.publish(event);
    channel.asyncEnd.publish(event);
  }
}

import { tracingChannel, type TracingChannel } from "node:diagnostics_channel";

/** What every tracing channel publishes about one operation; fields appear as they become known. */
export interface OperationEvent {
  /** The operation, such as `"tenant.create"`. */
  readonly action: string;
  /** Slug of the tenant, when the operation is about one. */
  tenant?: string | undefined;
  /** Id of that tenant, once it is known. */
  tenantId?: string | undefined;
  /** Physical schema name, once it is known. */
  schemaName?: string | undefined;
  /** How long it took, in milliseconds, once it has ended. */
  durationMs?: number;
  /** What it resolved with, when it succeeded. */
  result?: unknown;
  /** Why it failed, when it did; also when the failure is part of a returned report. */
  error?: unknown;
}

/** Every operation that has a tracing channel, named `kirayedar:<operation>`. */
export type Operation =
  | "tenant.adopt"
  | "tenant.create"
  | "tenant.drop"
  | "tenant.suspend"
  | "tenant.resume"
  | "tenant.maintenance"
  | "tenant.rename"
  | "tenant.update"
  | "tenant.migrate"
  | "tenant.rollback"
  | "tenant.seed"
  | "audit.prune"
  | "global.migrate"
  | "global.rollback"
  | "fleet.diff"
  | "fleet.migrate"
  | "fleet.rollback"
  | "resolve";

const channels = new Map<Operation, TracingChannel<string, OperationEvent>>();

/** Returns the tracing channel `kirayedar:<operation>`. */
export function operationChannel(operation: Operation): TracingChannel<string, OperationEvent> {
  let channel = channels.get(operation);
  if (channel === undefined) {
    channel = tracingChannel<string, OperationEvent>(`kirayedar:${operation}`);
    channels.set(operation, channel);
  }
  return channel;
}

/**
 * Runs `fn` as one traced operation: `start`, `end`, `asyncStart`, `asyncEnd`, and `error` if it
 * rejects or if it records `event.error` itself. `durationMs` is set before `asyncStart`.
 *
 * @param operation - names the channel
 * @param about - what is known at the start
 * @param fn - receives the event, to add what it learns (`schemaName`, or `error` for a failure
 *   that is returned rather than thrown)
 */
export async function traced<T>(
  operation: Operation,
  about: Pick<OperationEvent, "tenant" | "schemaName">,
  fn: (event: OperationEvent) => Promise<T>,
): Promise<T> {
  const event: OperationEvent = { action: operation, ...about };
  const channel = operationChannel(operation);
  const startedAt = performance.now();
  const timed = async (): Promise<T> => {
    try {
      return await fn(event);
    } finally {
      event.durationMs = performance.now() - startedAt;
    }
  };
  const result = await channel.tracePromise(timed, event);
  if (event.error !== undefined) channel.error.publish(event);
  return result;
}

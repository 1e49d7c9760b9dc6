import type { InScope } from "../../../core/scope.ts";

/** Tells whether a value gives more values later. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function"
  );
}

/**
 * Returns a generator with the values of `source` that is pulled and ended in one scope, wherever that
 * is done: the body of an async generator runs in the context of whoever asks for the next value.
 *
 * @param check - rejects when the scope is no longer what it was; then the source is ended
 */
export function bindIterable<T>(
  source: AsyncIterable<T>,
  inScope: InScope,
  check: () => Promise<void>,
): AsyncIterableIterator<T, unknown> {
  let iterator: AsyncIterator<T, unknown> | undefined;
  const own = (): AsyncIterator<T, unknown> =>
    (iterator ??= inScope(() => source[Symbol.asyncIterator]()));
  const ended = (value: unknown): Promise<IteratorResult<T, unknown>> =>
    Promise.resolve({ done: true, value });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    // ISOLATION: whoever sends the values is in no scope, or in another request's. unit/integrations/api/bind-iterable.test.ts
    next: (...args) =>
      inScope(async () => {
        try {
          await check();
          const result = await own().next(...args);
          // ISOLATION: the tenant may have been renamed while it was waited for, and the old name of its
          // schema be another tenant's. integration/api/trpc.test.ts
          await check();
          return result;
        } catch (error) {
          await iterator?.return?.().catch(() => undefined);
          // That may be why it failed.
          await check();
          throw error;
        }
      }),
    return: (value) => inScope(() => own().return?.(value) ?? ended(value)),
    throw: (error: unknown) =>
      inScope(async () => {
        const result = await own().throw?.(error);
        if (result === undefined) throw error;
        return result;
      }),
  };
}

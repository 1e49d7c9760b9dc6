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
 */
export function bindIterable<T>(
  source: AsyncIterable<T>,
  inScope: InScope,
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
    next: (...args) => inScope(() => own().next(...args)),
    return: (value) => inScope(() => own().return?.(value) ?? ended(value)),
    throw: (error: unknown) =>
      inScope(async () => {
        const result = await own().throw?.(error);
        if (result === undefined) throw error;
        return result;
      }),
  };
}

/** Tells a promise from a value. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Calls `fn` with the value: at once if it is there, else when it is. */
export function andThen<T, U>(
  value: T | Promise<T>,
  fn: (value: T) => U | Promise<U>,
): U | Promise<U> {
  return isPromise(value) ? value.then(fn) : fn(value);
}

/** Waits for all, or returns them at once if none is a promise. */
export function all<T>(values: readonly (T | Promise<T>)[]): readonly T[] | Promise<readonly T[]> {
  return values.some(isPromise) ? Promise.all(values) : (values as readonly T[]);
}

/** Calls `fn`; what it throws becomes a rejected promise, as what it rejects with is. */
export function attempt<T>(fn: () => T | Promise<T>): T | Promise<T> {
  try {
    return fn();
  } catch (error) {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- handed on as it came
    return Promise.reject(error);
  }
}

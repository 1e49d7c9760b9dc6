/** Calls `fn`, and turns what it throws into a rejection, without delaying what it returns. */
export function rejecting<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return fn();
  } catch (error) {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- handed on as it came
    return Promise.reject(error);
  }
}

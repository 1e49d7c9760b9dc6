import { AsyncLocalStorage } from "node:async_hooks";
import { TenancyError } from "../../errors/tenancy-error.ts";

/** The work of one test, from the begin of its transaction to the end. */
export interface TestWork {
  /** Whether its transaction is being rolled back, or was. */
  isEnded: boolean;
}

const works = new AsyncLocalStorage<readonly TestWork[]>();

/** Calls a function as a part of the work of a test, with all that it leaves to be done later. */
export function asPartOf<T>(work: TestWork | undefined, fn: () => T): T {
  if (work === undefined) return fn();
  return works.run([...(works.getStore() ?? []), work], fn);
}

/**
 * Whether this call belongs to a test that has ended.
 *
 * @param own - those of one tenancy: another one's tests are not its business
 */
export function isLate(own: WeakSet<TestWork>): boolean {
  return works.getStore()?.some((work) => work.isEnded && own.has(work)) === true;
}

/** What is said to whoever is late. */
export function lateError(): TenancyError {
  return new TenancyError("LEASE_ENDED", "A query was sent after the test that it belongs to.", {
    remedy: "Wait in the test for everything that it starts, and start servers before it.",
  });
}

/** What is said when the transaction of a test was ended by something else than the end of the test. */
export function escapedError(cause: unknown): TenancyError {
  return new TenancyError(
    "SANDBOX_REFUSED",
    "The transaction of a test had ended before the test did: what it had done by then may be kept.",
    { cause, remedy: "Test what commits by itself, such as a procedure, without `rolledBack`." },
  );
}

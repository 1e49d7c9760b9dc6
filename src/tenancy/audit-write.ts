import type { Driver, Transaction } from "../core/driver.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";

/** How long a connection apart from the pool is waited for, before one of the pool's will do. */
const PATIENCE_MS = 500;

/** Runs the work on a connection that was got for it, unless it was run on another meanwhile. */
type Take<T> = (work: () => Promise<T>) => Promise<{ readonly value: T } | undefined>;

/**
 * Writes in a transaction of its own, on a connection apart from the application's pool, of which the
 * caller may hold the last. Where none is free soon, one of the pool's will do, as the operation whose hook
 * the caller is may hold the last of the others; behind a transaction pooler there are no others.
 */
export async function writeApart<T>(
  driver: Driver,
  fn: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    let isTaken = false;
    let open = 0;
    const attempt = (run: (take: Take<T>) => ReturnType<Take<T>>): void => {
      let isMine = false;
      open += 1;
      const take: Take<T> = async (work) => {
        if (isTaken) return undefined;
        isTaken = isMine = true;
        clearTimeout(patience);
        return { value: await work() };
      };
      run(take).then(
        (done) => {
          if (done !== undefined) resolve(done.value);
        },
        (error: Error) => {
          open -= 1;
          // Another runs it, or may yet.
          if (!isMine && (isTaken || open > 0)) return;
          clearTimeout(patience);
          if (isTenancyError(error, "DIRECT_CONNECTION_REQUIRED")) usePool();
          else reject(error);
        },
      );
    };
    const usePool = (): void => {
      attempt((take) => driver.transaction(GLOBAL_SCOPE, (tx) => take(() => fn(tx))));
    };
    const patience = setTimeout(usePool, PATIENCE_MS);
    attempt((take) =>
      driver.session({}, (session) => take(() => session.transaction(GLOBAL_SCOPE, fn))),
    );
  });
}

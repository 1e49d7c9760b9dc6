import type { Driver, Session } from "../../../src/core/driver.ts";

/** Counts what goes to the database through a driver. */
export interface Counted {
  /** Statements and transactions, of the pool and of sessions. */
  calls: number;
  /** Replaces the driver by one that counts. */
  readonly wrap: (driver: Driver) => Driver;
}

const COUNTED = new Set<string | symbol>([
  "query",
  "queryOutsideTransaction",
  "script",
  "transaction",
]);

/** Makes a counter that starts at none. */
export function countCalls(): Counted {
  const counted: Counted = {
    calls: 0,
    wrap: (driver) =>
      through(driver, {
        session: (options, fn) => driver.session(options, (session) => fn(count(session))),
      }),
  };
  function count(session: Session): Session {
    return through(session, {});
  }
  function through<T extends object>(target: T, replaced: Partial<T>): T {
    return new Proxy(target, {
      get: (_target, name) => {
        const value: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          if (COUNTED.has(name)) counted.calls += 1;
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  }
  return counted;
}

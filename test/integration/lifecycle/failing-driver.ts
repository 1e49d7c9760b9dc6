import type { Driver, Session, Transaction } from "../../../src/core/driver.ts";

/** Where and how the database fails. */
export interface Fault {
  /** Which step of a session fails, from 1; a step is a statement, a script or a commit. */
  readonly step: number;
  /** Whether the step is still done. */
  readonly when: "before" | "after";
  /** Whether all later steps fail too, as for a process that dies. */
  readonly isLasting: boolean;
  /** Called instead of throwing. */
  readonly strike?: () => never;
}

/** Counts steps. */
export interface FaultyDriver<Pool> {
  readonly driver: Driver<Pool>;
  /** Steps so far. */
  readonly steps: () => number;
  /** Stops failing, and keeps the count. */
  readonly disarm: () => void;
  /** Begins to count, and to fail. */
  readonly arm: (fault: Fault) => void;
}

/** Returns a driver whose sessions fail at one step, or from one step on. */
export function faulty<Pool>(inner: Driver<Pool>): FaultyDriver<Pool> {
  let fault: Fault | undefined;
  let steps = 0;

  async function step<T>(fn: () => Promise<T>): Promise<T> {
    if (fault === undefined) return await fn();
    steps += 1;
    const isHit = steps === fault.step || (fault.isLasting && steps > fault.step);
    if (isHit && (fault.when === "before" || steps > fault.step)) return fail(fault);
    const result = await fn();
    return isHit ? fail(fault) : result;
  }

  function wrapTransaction(tx: Transaction): Transaction {
    return {
      isIntact: () => tx.isIntact(),
      query: (text, params) => step(() => tx.query(text, params)),
      script: (text) => step(() => tx.script(text)),
    };
  }

  function wrapSession(session: Session): Session {
    return {
      query: (scope, text, params) => step(() => session.query(scope, text, params)),
      queryOutsideTransaction: (scope, text) =>
        step(() => session.queryOutsideTransaction(scope, text)),
      transaction: (scope, fn, options) =>
        step(() => session.transaction(scope, (tx) => fn(wrapTransaction(tx)), options)),
    };
  }

  return {
    arm: (next) => {
      fault = next;
      steps = 0;
    },
    disarm: () => {
      fault = undefined;
    },
    driver: {
      attach: (host) => inner.attach(host),
      close: () => inner.close(),
      defaultSchema: inner.defaultSchema,
      dialect: inner.dialect,
      name: inner.name,
      get pool() {
        return inner.pool;
      },
      poolFor: (scope) => inner.poolFor(scope),
      query: (scope, text, params) => inner.query(scope, text, params),
      queryEach: (scopes, text, params, options) => inner.queryEach(scopes, text, params, options),
      session: (options, fn) => inner.session(options, (session) => fn(wrapSession(session))),
      subscribe: (channel, subscriber) => inner.subscribe(channel, subscriber),
      transaction: (scope, fn) => inner.transaction(scope, fn),
    },
    steps: () => steps,
  };
}

function fail(fault: Fault): never {
  fault.strike?.();
  throw new Error("Struck by a test.");
}

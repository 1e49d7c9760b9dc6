import type { Driver, Session, Transaction } from "../../src/core/driver.ts";

/** One thing that a session does. */
export interface SessionStep {
  readonly kind: "commit" | "outside" | "query" | "script" | "statement";
  /** Its SQL; empty for a commit, which is what the end of a transaction is called here. */
  readonly text: string;
}

/** Called around every step of every session; may fail before it, after it, or instead of it. */
export type WatchStep = <T>(step: SessionStep, run: () => Promise<T>) => Promise<T>;

/**
 * Returns a driver whose sessions tell of every step.
 *
 * @param hasScripts - `false` for a driver that has no `Session.script`
 */
export function watchSessions<Pool>(
  inner: Driver<Pool>,
  watch: WatchStep,
  hasScripts = true,
): Driver<Pool> {
  const wrapTransaction = (tx: Transaction): Transaction => ({
    isIntact: () => tx.isIntact(),
    query: (text, params) => watch({ kind: "statement", text }, () => tx.query(text, params)),
    script: (text) => watch({ kind: "statement", text }, () => tx.script(text)),
  });
  const wrapSession = (session: Session): Session => {
    const script = hasScripts ? session.script : undefined;
    return {
      query: (scope, text, params) =>
        watch({ kind: "query", text }, () => session.query(scope, text, params)),
      queryOutsideTransaction: (scope, text) =>
        watch({ kind: "outside", text }, () => session.queryOutsideTransaction(scope, text)),
      script:
        script &&
        ((scope, text, options) =>
          watch({ kind: "script", text }, () => script.call(session, scope, text, options))),
      transaction: (scope, fn, options) =>
        watch({ kind: "commit", text: "" }, () =>
          session.transaction(scope, (tx) => fn(wrapTransaction(tx)), options),
        ),
    };
  };
  return {
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
  };
}

import type { Driver, Session, Transaction } from "../../../src/core/driver.ts";

/** A driver whose sessions die when one of them sends a certain statement. */
export interface Mortal {
  readonly driver: Driver;
  /** From the next statement that matches on, before or after which it dies, every one fails. */
  readonly dieAt: (when: "before" | "after", pattern: RegExp) => void;
  /** Lets sessions live again. */
  readonly revive: () => void;
}

/** Returns a driver around another one. Scripts and single statements are looked at alike. */
export function mortal(inner: Driver): Mortal {
  let death: { readonly pattern: RegExp; readonly when: "before" | "after" } | undefined;
  let isDead = false;

  async function run<T>(text: string, fn: () => Promise<T>): Promise<T> {
    if (isDead) throw new Error("Dead.");
    const isHit = death?.pattern.test(text) === true;
    isDead = isHit && death?.when === "before";
    if (isDead) throw new Error("Dead.");
    const result = await fn();
    isDead = isHit;
    if (isDead) throw new Error("Dead.");
    return result;
  }

  const wrapTransaction = (tx: Transaction): Transaction => ({
    isIntact: () => tx.isIntact(),
    query: (text, params) => run(text, () => tx.query(text, params)),
    script: (text) => run(text, () => tx.script(text)),
  });
  const wrapSession = (session: Session): Session => ({
    query: (scope, text, params) => run(text, () => session.query(scope, text, params)),
    queryOutsideTransaction: (scope, text) =>
      run(text, () => session.queryOutsideTransaction(scope, text)),
    transaction: (scope, fn, options) =>
      run("", () => session.transaction(scope, (tx) => fn(wrapTransaction(tx)), options)),
  });
  const session: Driver["session"] = (options, fn) =>
    inner.session(options, (each) => fn(wrapSession(each)));
  const driver = new Proxy(inner, {
    get: (target, property) => {
      if (property === "session") return session;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return {
    dieAt: (when, pattern) => {
      death = { pattern, when };
    },
    driver,
    revive: () => {
      death = undefined;
      isDead = false;
    },
  };
}

/** A pool as it is lent to an ORM. */
export interface LentPool<Pool> {
  /** The pool: connections, events and `instanceof` are its own; it cannot be ended. */
  readonly pool: Pool;
  /** Whether anything was ever asked of it. An ORM that has answers, and never asked, has another pool. */
  isUsed(): boolean;
}

/** What ends a pool, in the client libraries that there are. */
const ENDS: ReadonlySet<PropertyKey> = new Set(["close", "end"]);

/**
 * Lends a pool to an ORM that would end it when it is ended itself: the tenancy, and other ORMs, go on to
 * use it.
 */
export function lentPool<Pool>(lender: Pool): LentPool<Pool> {
  const own = lender as object;
  let isUsed = false;
  // An heir has no properties that a proxy would have to give unchanged.
  const pool: object = new Proxy(Object.create(own) as object, {
    get(heir, property) {
      if (ENDS.has(property)) return notEnding;
      if (Object.hasOwn(heir, property)) return Reflect.get(heir, property) as unknown;
      const value: unknown = Reflect.get(own, property, own);
      // A class, such as `pool.Client`, is no method.
      if (typeof value !== "function" || isClass(value)) return value;
      isUsed = true;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, own, args);
        return result === own ? pool : result;
      };
    },
    // ISOLATION: what an ORM puts on its pool stays with it; the lender serves others too.
    // unit/integrations/lent-pool.test.ts
    set: (heir, property, value: unknown) =>
      Reflect.defineProperty(heir, property, { configurable: true, value, writable: true }),
  });
  return { isUsed: () => isUsed, pool: pool as Pool };
}

function isClass(value: object): boolean {
  return Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;
}

function notEnding(callback?: () => void): Promise<void> | undefined {
  if (typeof callback !== "function") return Promise.resolve();
  process.nextTick(callback);
  return undefined;
}

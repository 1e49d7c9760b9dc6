import type { EventEmitter } from "node:events";
import { TenancyError } from "../../../errors/tenancy-error.ts";

/** A pool as it is lent to an ORM. */
export interface LentPool<Pool> {
  /** The pool: connections, events and `instanceof` are its own; it cannot be ended. */
  readonly pool: Pool;
  /** Whether it was ended, which ends the ORM and not the pool. */
  isEnded(): boolean;
  /** Whether a query was ever asked of it. An ORM that has answers, and never asked, has another pool. */
  isUsed(): boolean;
}

/** What ends a pool, in the client libraries that there are. */
const ENDS: ReadonlySet<PropertyKey> = new Set(["close", "end"]);

/** A listener that was added to a pool. */
type Added = Parameters<EventEmitter["removeListener"]>;

/** What takes a connection, or runs a query. To listen to a pool is not to use it. */
const USES: ReadonlySet<PropertyKey> = new Set([
  "connect",
  "exec",
  "execute",
  "getConnection",
  "query",
  "runExclusive",
  "transaction",
]);

/**
 * Lends a pool to an ORM that would end it when it is ended itself: the tenancy, and other ORMs, go on to
 * use it. What the ORM listens with is removed then.
 *
 * @throws TenancyError `INVALID_CONFIG` for a pool whose connections an ORM would wait for without end
 */
export function lentPool<Pool>(lender: Pool): LentPool<Pool> {
  const own = lender as object;
  checkCallbacks(own);
  let isEnded = false;
  let isUsed = false;
  const added: Added[] = [];
  const end = (callback?: () => void): Promise<void> | undefined => {
    isEnded = true;
    for (const listener of added.splice(0)) (own as EventEmitter).removeListener(...listener);
    if (typeof callback !== "function") return Promise.resolve();
    process.nextTick(callback);
    return undefined;
  };
  // An heir has no properties that a proxy would have to give unchanged.
  const pool: object = new Proxy(Object.create(own) as object, {
    get(heir, property) {
      if (ENDS.has(property)) return end;
      if (Object.hasOwn(heir, property)) return Reflect.get(heir, property) as unknown;
      const value: unknown = Reflect.get(own, property, own);
      // A class, such as `pool.Client`, is no method.
      if (typeof value !== "function" || isClass(value)) return value;
      return (...args: unknown[]): unknown => {
        // ISOLATION: else a pool that is only listened to hides another one that is queried.
        // integration/orm/kysely/tenant-kysely.test.ts
        isUsed ||= USES.has(property);
        if (property === "on") added.push(args as Added);
        const result: unknown = Reflect.apply(value, own, args);
        return result === own ? pool : result;
      };
    },
    // ISOLATION: what an ORM puts on its pool stays with it; the lender serves others too.
    // unit/integrations/lent-pool.test.ts
    set: (heir, property, value: unknown) =>
      Reflect.defineProperty(heir, property, { configurable: true, value, writable: true }),
  });
  return { isEnded: () => isEnded, isUsed: () => isUsed, pool: pool as Pool };
}

function isClass(value: object): boolean {
  return Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;
}

/** `mariadb`'s `getConnection` takes no callback, and nobody would ever be called. */
function checkCallbacks(pool: object): void {
  const { getConnection, promise } = pool as { getConnection?: unknown; promise?: unknown };
  if (typeof getConnection !== "function" || typeof promise === "function") return;
  throw new TenancyError("INVALID_CONFIG", "The tenancy's pool takes no callbacks.", {
    remedy: "Use the driver `mysql2` of `kirayedar/mysql2`, which speaks to MariaDB too.",
  });
}

import { captureScope } from "../../../core/scope.ts";
import { checkOrigin, rememberOrigin } from "../../../core/records.ts";
import type { Tenancy } from "../../../core/tenancy.ts";

/** The part of a store of `express-session` that is used here. */
export interface SessionStoreLike {
  /** Reads the data of a session. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the data are the application's
  get(sid: string, callback: (error: any, session?: any) => void): void;
  /** Writes the data of a session. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the data are the application's
  set(sid: string, session: any, callback?: (error?: any) => void): void;
  /** Removes a session. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as stores declare it
  destroy(sid: string, callback?: (error?: any) => void): void;
}

/** The part of a tenancy that a store needs. */
export type StoreTenancy = Pick<Tenancy, "currentScope" | "key">;

type Callback = (error?: unknown, ...results: unknown[]) => void;
type Method = (...args: unknown[]) => unknown;

/** What works on one session, and takes its id first. */
const BY_ID: ReadonlySet<unknown> = new Set(["destroy", "get", "set", "touch"]);

/** What works on all sessions, whoever's they are; a store need not have it. */
const OF_ALL: ReadonlySet<unknown> = new Set(["all", "clear", "ids", "length"]);

/** What `express-session` itself gives to every store, written in terms of the others. */
const INHERITED: ReadonlySet<unknown> = new Set(["load", "regenerate"]);

/** What puts a session into a request. */
const MAKES: ReadonlySet<unknown> = new Set(["createSession", "generate"]);

/**
 * Makes a store for `express-session` in which each tenant has sessions of its own: the ids have the
 * tenant's key before them, so that one of acme is not known in globex.
 *
 * The tenant middleware has to be before the session's: without a scope the store refuses with
 * `TENANT_REQUIRED`. What concerns all sessions (`all`, `clear`, `length`) is not there.
 *
 * @example
 * ```ts
 * app.use(tenantMiddleware(tenancy));
 * app.use(session({ secret, store: tenantStore(tenancy, store) }));
 * ```
 */
export function tenantStore<Store extends SessionStoreLike>(
  tenancy: StoreTenancy,
  store: Store,
): Store {
  return new Proxy(store, {
    get(target, name) {
      if (OF_ALL.has(name)) return undefined;
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function" || INHERITED.has(name)) return value;
      if (MAKES.has(name)) return maker(tenancy, value as Method);
      if (!BY_ID.has(name)) return value.bind(target) as unknown;
      return (sid: string, ...rest: unknown[]) => {
        call(tenancy, sid, rest, (args) => Reflect.apply(value as Method, target, args));
      };
    },
  });
}

/** Remembers in which tenant a session was loaded or made. */
function maker(tenancy: StoreTenancy, make: Method): Method {
  return function makeRemembered(this: unknown, request: unknown, ...rest): unknown {
    const made: unknown = make.call(this, request, ...rest);
    const { session } = request as { readonly session?: object | null };
    const scope = tenancy.currentScope();
    if (scope !== undefined && session !== undefined && session !== null) {
      rememberOrigin(session, scope);
    }
    return made;
  };
}

/** Calls a method of the store; what goes wrong before goes to the callback, as its own errors do. */
function call(
  tenancy: StoreTenancy,
  sid: string,
  args: unknown[],
  fn: (args: unknown[]) => unknown,
): void {
  const callback = args.find((arg) => typeof arg === "function") as Callback | undefined;
  let key: string;
  try {
    // ISOLATION: a request that has gone on to another tenant does not take its session along.
    // integration/http/session.test.ts
    const session = args.find((arg) => typeof arg === "object" && arg !== null);
    if (session !== undefined) checkOrigin(session, tenancy.currentScope(), "session");
    // ISOLATION: without the key, a copied cookie opens the session in every tenant.
    // integration/http/session.test.ts
    key = tenancy.key("session", sid);
  } catch (error) {
    if (callback === undefined) throw error;
    callback(error);
    return;
  }
  const inScope = captureScope();
  // A store answers in the context of its connection, which is nobody's, or somebody else's.
  const bound: Callback = (...results) => inScope(() => callback?.(...results));
  fn([key, ...args.map((arg) => (arg === callback && arg !== undefined ? bound : arg))]);
}

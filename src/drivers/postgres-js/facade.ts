import { TenancyError } from "../../errors/tenancy-error.ts";
import { isQuery, type Maker, type QueryLike } from "./peer.ts";

/** What a facade does with a query that was just made; `path` is that of a query in a file. */
export type OnQuery = (query: QueryLike, path?: string) => void;

/** Parts of postgres.js that know nothing of a session, and are passed on as they are. */
const HARMLESS: ReadonlySet<PropertyKey> = new Set([
  "CLOSE",
  "END",
  "PostgresError",
  "array",
  "json",
  "options",
  "parameters",
  "typed",
  "types",
]);

/**
 * Makes a facade of postgres.js, or of one of its transactions. Fragments and helpers are its own; every
 * query is shown to `onQuery` before anybody else has it.
 *
 * @param own - what the facade does in its own way
 */
export function createFacade<T extends Maker>(
  maker: T,
  onQuery: OnQuery,
  own: Readonly<Record<string, unknown>>,
): T {
  const seen = (made: unknown, path?: string): unknown => {
    if (isQuery(made)) onQuery(made, path);
    return made;
  };
  const parts: Readonly<Record<PropertyKey, unknown>> = {
    ...own,
    file: (path: string, ...rest: unknown[]) => seen(maker.file(path, ...rest), path),
    unsafe: (text: string, ...rest: unknown[]) => seen(maker.unsafe(text, ...rest)),
  };
  return new Proxy(maker, {
    apply: (_maker, _this, args: [unknown, ...unknown[]]) => seen(maker(...args)),
    get(target, property, receiver) {
      if (Object.hasOwn(parts, property)) return parts[property];
      const value: unknown = Reflect.get(target, property, receiver);
      // What every function has, beside what is refused.
      const isNative = property in Function.prototype || typeof property === "symbol";
      if (isNative || HARMLESS.has(property) || typeof value !== "function") return value;
      return () => refuse(property);
    },
  });
}

// ISOLATION: what has no scope, or a session of its own, is not passed on.
// integration/orm/postgres-js/tenant-sql.test.ts
function refuse(name: string): never {
  throw new TenancyError("INVALID_QUERY", `\`sql.${name}\` cannot be kept to one tenant.`, {
    remedy: "Use `sql.begin`, a client of `tenancy.pool`, or the application's own `sql`.",
  });
}

/** A connection as an ORM takes it from a pool, with promises or with callbacks. */
interface Connection {
  query(first: unknown, ...rest: unknown[]): unknown;
  release(): void;
}

type Callback = (error: unknown, ...results: unknown[]) => void;

const BEGINS = /^\s*(?:begin|start|set\s+transaction)\b/i;

/**
 * Gives a connection back whose transaction could not begin, as in a database of MySQL that is missing.
 * Drizzle 0.45 and Kysely 0.28 would keep it for ever, and soon nobody else would get one. Whoever
 * releases it too does nothing more.
 */
export function releaseWhereNotBegun<T extends object>(taken: T): T {
  const connection = taken as Connection;
  const query = connection.query.bind(connection);
  connection.query = (first, ...rest) => {
    if (!BEGINS.test(textOf(first))) return query(first, ...rest);
    const last = rest.at(-1);
    if (typeof last === "function") {
      const callback: Callback = (error, ...results) => {
        if (error) connection.release();
        (last as Callback)(error, ...results);
      };
      return query(first, ...rest.slice(0, -1), callback);
    }
    const begun = query(first, ...rest) as Promise<unknown>;
    begun.catch(() => {
      connection.release();
    });
    return begun;
  };
  return taken;
}

function textOf(first: unknown): string {
  if (typeof first === "string") return first;
  const { sql, text = sql } = first as { readonly sql?: unknown; readonly text?: unknown };
  return typeof text === "string" ? text : "";
}

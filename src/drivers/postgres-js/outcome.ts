import type { QueryLike } from "./peer.ts";

/** What the server has said of a query, held back until the transaction around it has ended. */
export interface Outcome {
  /** Settles as the query itself would. */
  readonly settled: Promise<unknown>;
  /** Forgets what was said, as the query is sent once more. */
  renew(): void;
  /** Tells whoever waits for the query that it is done. */
  deliver(value: unknown): void;
  /** Tells whoever waits for it that it failed. */
  fail(error: unknown): void;
}

/**
 * Takes a query's answers. A row that was written is not there before the commit, and a commit may fail.
 *
 * A cursor puts functions of its own in the place of `resolve` and `reject` for every step, so these are
 * properties that keep the newest.
 */
export function holdOutcome(query: QueryLike): Outcome {
  let said = withResolvers();
  const told = { reject: query.reject, resolve: query.resolve };
  for (const name of ["reject", "resolve"] as const) {
    Object.defineProperty(query, name, {
      configurable: true,
      get: () => (subject: unknown) => {
        said[name](subject);
        // It was cancelled while it waited for a connection, and need not wait any longer.
        if (query.cancelled === true) void told[name](subject);
      },
      set: (newest: QueryLike["resolve"]) => {
        told[name] = newest;
      },
    });
  }
  return {
    deliver: (value) => void told.resolve(value),
    fail: (error) => void told.reject(error),
    renew: () => {
      said = withResolvers();
    },
    get settled() {
      return said.promise;
    },
  };
}

interface Resolvers {
  readonly promise: Promise<unknown>;
  readonly reject: (error: unknown) => void;
  readonly resolve: (value: unknown) => void;
}

/** As `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers(): Resolvers {
  const parts: Partial<Record<"reject" | "resolve", (subject: unknown) => void>> = {};
  const promise = new Promise<unknown>((resolve, reject) => {
    Object.assign(parts, { reject, resolve });
  });
  // A failure of the switch is reported in its place.
  promise.catch(() => undefined);
  return { promise, ...parts } as Resolvers;
}

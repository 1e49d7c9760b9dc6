/**
 * The part of postgres.js that is built on. `handler`, `executed`, `resolve` and `reject` are not
 * documented: they are the same in all of 3.4, and are looked at when a facade is made.
 */
export interface QueryLike extends PromiseLike<unknown> {
  /** Sends it; called once, when it is first awaited, or executed otherwise. */
  handler: (query: QueryLike) => unknown;
  resolve: (value: unknown) => unknown;
  reject: (error: unknown) => unknown;
  /** Whether it was handed to its handler. */
  executed: boolean;
  /** Whether it is the one that its connection works at. */
  active: boolean;
  cancelled: unknown;
  /** Parameters as they were sent; made of `args`, once. */
  parameters?: unknown;
  /** Error for which postgres.js itself has sent it again. */
  retried?: unknown;
  /** Whether `readable()` or `writable()` was called. */
  readonly streaming?: boolean;
  strings: readonly string[];
  readonly args: readonly unknown[];
  cursorFn?: ((rows: unknown) => unknown) | undefined;
  forEachFn?: ((row: unknown, result: unknown) => unknown) | undefined;
}

/** What makes queries: postgres.js itself, or one of its transactions. */
export interface Maker {
  (first: unknown, ...rest: unknown[]): unknown;
  unsafe(text: string, ...rest: unknown[]): QueryLike;
  file(path: string, ...rest: unknown[]): QueryLike;
}

/** A transaction of postgres.js. */
export interface TransactionMaker extends Maker {
  savepoint(...args: unknown[]): Promise<unknown>;
}

/** An application's own postgres.js. */
export interface PostgresMaker extends Maker {
  readonly options: Readonly<Record<string, unknown>>;
  begin(options: string, fn: (tx: TransactionMaker) => unknown): Promise<unknown>;
}

/** Whether what a tag returned is a query, and not a helper's value. */
export function isQuery(value: unknown): value is QueryLike {
  const { handler, strings } = (value ?? {}) as Partial<QueryLike>;
  return typeof handler === "function" && Array.isArray(strings);
}

/** Returns the text of a query, with fragments in their places, and `$n` for whatever else was put in. */
export function textOf({ args, strings }: QueryLike): string {
  const [first = "", ...others] = strings;
  return others.reduce((text, part, index) => {
    const value = args[index];
    const parts = (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isQuery);
    return text + (parts.length > 0 ? parts.map(textOf).join(" ") : " $n ") + part;
  }, first);
}

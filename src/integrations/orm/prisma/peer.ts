/**
 * The part of a generated `PrismaClient` that is used here, so that Prisma stays an optional peer.
 *
 * Fields with an underscore are Prisma's own, and the only way to its adapter: a client in which they
 * are not found is refused, never used unseen.
 */
export interface PrismaClientLike {
  /** Ends its connections; those of a pool that was given to it stay. */
  $disconnect(): Promise<void>;
  /** Returns the client with an extension. */
  $extends: unknown;
}

/** What a generated client holds beside what its types say. */
export interface PrismaInternals extends PrismaClientLike {
  /** Version of `@prisma/client`. */
  readonly _clientVersion?: unknown;
  /** What it was made with; extended clients share it. */
  readonly _engineConfig?: { readonly adapter?: AdapterFactory };
  /** The client that was made; extended ones inherit from it. */
  readonly _originalClient?: RootClient;
}

/** Where the queries of a client, and of those that extend it, come by. */
export interface RootClient {
  $connect(): Promise<void>;
  $transaction: (this: object, ...args: unknown[]) => unknown;
  /** Sends one query. */
  _request: (this: object, ...args: [Request]) => Promise<unknown>;
}

/** What one query is sent with. */
export interface Request {
  /** The transaction that it belongs to. */
  readonly transaction?: { readonly kind: string };
}

/** What Prisma calls an adapter: it opens one of those that run queries. */
export interface AdapterFactory {
  connect(): Promise<Adapter>;
  /** The pool that was given to an adapter for PostgreSQL, or `null`. */
  readonly externalPool?: unknown;
  /** The options of an adapter for PostgreSQL. */
  readonly options?: { readonly schema?: string };
}

/** What runs a client's queries. */
export interface Adapter {
  /** What it says of where tables are. */
  getConnectionInfo?(): { readonly schemaName?: string | undefined };
  /** The client library's own object; newer adapters alone have it. */
  underlyingDriver?(): unknown;
  /** Lets go of the pool. */
  dispose(): Promise<void>;
}

/** The part of a pool that a client of Prisma listens to. */
export interface Listened {
  getMaxListeners?(): number;
  setMaxListeners?(count: number): unknown;
}

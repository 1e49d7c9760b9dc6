/** A function of Sequelize, whatever it takes. */
// oxlint-disable-next-line typescript/no-explicit-any -- stands for Sequelize's own overloads
export type AnyMethod = (...args: any[]) => any;

/** The part of `Sequelize` that an application's own class has to have. */
export interface SequelizeLike {
  /** Returns its dialect. */
  getDialect(): string;
  /** Its models, by name. */
  readonly models: object;
}

/** What is read and replaced of a `Sequelize`, so that it stays an optional peer. */
export interface SequelizeInternals extends SequelizeLike {
  readonly config: {
    readonly native?: unknown;
    readonly pool?: object;
    readonly replication?: unknown;
    readonly dialectOptions?: object | null;
  };
  readonly options: {
    databaseVersion?: string | number;
    readonly define?: { readonly schema?: unknown };
    readonly schema?: unknown;
  };
  readonly connectionManager: ConnectionManager;
  readonly dialect: {
    /** Changes tables and schemas. */
    readonly queryInterface: { dropAllSchemas: AnyMethod };
    /** Writes what defines tables, and what looks at them. */
    readonly queryGenerator: { options: object; [text: string]: object };
  };
  addHook(name: string, hook: AnyMethod): unknown;
  runHooks(name: string, ...args: unknown[]): Promise<unknown>;
  databaseVersion(options: object): Promise<string>;
}

/** Where Sequelize takes connections from. */
export interface ConnectionManager {
  /** `pg`, or `mysql2`. */
  readonly lib: {
    readonly types?: { readonly arrayParser: { create(text: string, entry: AnyMethod): Parser } };
  };
  getConnection: (options?: object) => Promise<Connection>;
  releaseConnection: (connection: Connection) => void;
  destroyConnection: (connection: Connection) => Promise<void>;
  close: () => Promise<void>;
  /** Opens one of its own. */
  _connect: AnyMethod;
  /** How values of a PostgreSQL type are read. */
  getTypeParser?(oid: number, format?: string): AnyMethod;
  /** Learns the types of one database. */
  _refreshDynamicOIDs?: (connection?: object) => Promise<void>;
}

/** Reads the text of an array. */
export interface Parser {
  parse(): unknown;
}

/** A connection, as the queries of Sequelize see it. */
export interface Connection {
  /** Set when a query has found that it is lost. */
  _invalid?: boolean;
  query: AnyMethod;
  execute?: AnyMethod;
  /** Gives it back, or closes it. */
  release(destroy: boolean): void;
}

/** A class of records. */
export interface ModelClass {
  readonly name: string;
  readonly prototype: Readonly<Record<string, AnyMethod>>;
  readonly associations: Readonly<Record<string, Association>>;
  readonly rawAttributes: Readonly<Record<string, { readonly type?: AttributeType }>>;
}

/** The type of an attribute. */
export interface AttributeType {
  readonly key?: string;
  /** Of an array: that of its entries. */
  readonly type?: AttributeType;
}

/** A relation between two classes of records. */
export type Association = Record<string, unknown>;

/** What a query of Sequelize is made with. */
export interface QueryOptions {
  /** The record that it writes. */
  readonly instance?: object;
  /** The transaction that it belongs to. */
  readonly transaction?: { readonly connection?: object } | null;
  /** Whether it commits or rolls back. */
  readonly completesTransaction?: boolean;
}

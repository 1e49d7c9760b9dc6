import type { EventEmitter } from "node:events";
import type { Tenancy } from "../../../core/tenancy.ts";

/** The part of a tenancy that is used here. */
export type OrmTenancy<Pool = unknown> = Pick<
  Tenancy<Pool>,
  "bindPool" | "currentScope" | "pool" | "scopeGlobal" | "tenant"
>;

/* The parts of TypeORM that are used here, so that it stays an optional peer. */

/** A connection, as a query runner has it: a client of `pg`, or a connection of `mysql2`. */
export type Connection = object;

/** The part of a query runner that is used here. */
export interface QueryRunner {
  readonly dataSource: DataSource;
  readonly isReleased: boolean;
  /** Absent until its first query. */
  readonly databaseConnection?: Connection | undefined;
  stream(
    query: string,
    parameters?: unknown[],
    onEnd?: () => void,
    onError?: () => void,
  ): Promise<EventEmitter>;
}

/** The part of an entity manager that is used here. */
export interface EntityManager {
  readonly dataSource: DataSource;
  readonly queryRunner?: QueryRunner | undefined;
}

/** The class of entity managers, and what they do with entities. */
export type EntityManagerClass = new (
  dataSource: DataSource,
  queryRunner?: QueryRunner,
) => EntityManager & Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** The part of a relation's description that is used here. */
export interface Relation {
  readonly inverseEntityMetadata: Metadata;
  readonly isCascadeInsert: boolean;
  readonly isCascadeUpdate: boolean;
  /** Reads the relation's value; of a lazy one only what is loaded. */
  getEntityValue(entity: object, loadLazy?: boolean): unknown;
}

/** The part of an entity's description that is used here. */
export interface Metadata {
  readonly name: string;
  readonly relations: readonly Relation[];
  /** Returns the description of the heir that an entity is of, or itself. */
  findInheritanceMetadata(entity: object): Metadata;
}

/** The part of what loads relations that is used here. */
export interface RelationLoader {
  load: (
    relation: Relation,
    entities: object,
    queryRunner: QueryRunner | undefined,
    ...rest: unknown[]
  ) => Promise<unknown[]>;
}

/** What names an entry of a query cache. */
export interface CacheOptions {
  readonly identifier?: string | undefined;
  readonly query?: string | undefined;
}

/** A provider of query caches. */
export interface QueryCache {
  /** Only TypeORM's own has both: it keeps its entries in a table. */
  readonly dataSource?: DataSource | undefined;
  readonly queryResultCacheTable?: string | undefined;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  synchronize(queryRunner?: QueryRunner): Promise<void>;
  getFromCache(options: CacheOptions, queryRunner?: QueryRunner): Promise<unknown>;
  storeInCache(options: CacheOptions, saved: unknown, queryRunner?: QueryRunner): Promise<void>;
  isExpired(saved: unknown): boolean;
  clear(queryRunner?: QueryRunner): Promise<void>;
  remove(identifiers: string[], queryRunner?: QueryRunner): Promise<void>;
}

/** What is told of one entity. */
export interface EntityEvent {
  readonly entity?: object | undefined;
  readonly metadata: Metadata;
  readonly queryRunner: QueryRunner;
}

/** What hears of what happens to entities. */
export type Subscriber = Readonly<Record<string, (...args: never[]) => void>>;

/** The part of a driver that is used here. */
export interface Driver {
  dataSource: DataSource;
  /** The pool of PostgreSQL. */
  master?: unknown;
  /** The pool of MySQL. */
  pool?: unknown;
  /** What the driver was asked for; on MySQL it begins the name of the migrations' table. */
  database?: string | undefined;
  schema?: string | undefined;
  searchSchema?: string | undefined;
  obtainMasterConnection(): Promise<unknown>;
}

/** The part of a data source that is used here, also what is not public. */
export interface DataSource {
  readonly options: Readonly<Record<string, unknown>>;
  readonly isInitialized: boolean;
  driver: Driver;
  manager: EntityManager;
  relationLoader: RelationLoader;
  queryResultCache?: QueryCache | undefined;
  subscribers: Subscriber[];
  createQueryRunner(mode?: string): QueryRunner;
  createEntityManager(queryRunner?: QueryRunner): EntityManager;
  hasMetadata(target: unknown): boolean;
  getMetadata(target: unknown): Metadata;
  initialize(): Promise<unknown>;
  destroy(): Promise<void>;
}

import type { Tenancy } from "../../../core/tenancy.ts";

/** The part of a tenancy that is used here. */
export type OrmTenancy<Pool = unknown> = Pick<
  Tenancy<Pool>,
  "bindPool" | "currentRun" | "currentScope" | "enter" | "pool" | "scopeGlobal" | "tenant"
>;

/* The parts of MikroORM, and of the Kysely in it, that are used here, so that it stays an optional peer. */

/** The part of one of Kysely's drivers that is used here. */
export interface KyselyDriver {
  init(options?: object): Promise<void>;
  acquireConnection(options?: object): Promise<object>;
  releaseConnection(connection: object): Promise<void>;
}

/** The part of one of Kysely's dialects that is used here. */
export interface Dialect {
  createDriver(): KyselyDriver;
}

/** The part of a configuration that is used here. */
export interface Configuration {
  get(name: string, ...rest: unknown[]): unknown;
  getExtension(name: string): object | undefined;
  set(name: string, value: unknown): void;
}

/** The part of a connection that is used here. */
export interface Connection {
  readonly options: { driverOptions?: unknown };
  createKysely(): unknown;
  /** Returns what MikroORM would make its own pool with. */
  mapOptions?(overrides: object): Record<string, unknown>;
}

/** The part of a driver that is used here. */
export interface Driver {
  connection: Connection;
  readonly platform: { getDefaultSchemaName(): string | undefined };
  replicas: readonly unknown[];
  getConnection(): Connection;
}

/** What is told of entities. */
export interface EntityEvent {
  readonly em: EntityManager;
  readonly entity: Entity;
}

/** What is told before changes are written. */
export interface FlushEvent {
  readonly em: EntityManager;
  readonly uow: {
    getIdentityMap(): Iterable<Entity>;
    getPersistStack(): Iterable<Entity>;
  };
}

/** The part of an entity that is used here. */
export type Entity = object & {
  readonly __meta?: { readonly className: string; readonly relations: readonly { name: string }[] };
};

/** What hears of what happens to entities. */
export type Subscriber = Readonly<Record<string, (event: never) => void | Promise<void>>>;

/** The part of a query builder that is used here. */
export interface QueryBuilder {
  insert(data: unknown): unknown;
  update(data: unknown): unknown;
}

/** The part of an entity manager that is used here. */
export interface EntityManager {
  createQueryBuilder(...args: unknown[]): QueryBuilder;
  readonly config: Configuration;
  readonly driver: Driver;
  readonly metadata: unknown;
  global: boolean;
  fork(options?: ForkOptions): EntityManager;
  getContext(validate?: boolean): EntityManager;
  getEventManager(): { registerSubscriber(subscriber: Subscriber): void };
  tryCache(entityName: unknown, cache: unknown, key: unknown, ...rest: unknown[]): Promise<unknown>;
  clearCache(key: string): Promise<void>;
  rollback(): Promise<void>;
}

/** How a manager is forked. */
export interface ForkOptions {
  readonly clear?: boolean;
  readonly disableContextResolution?: boolean;
  readonly keepTransactionContext?: boolean;
  readonly schema?: string;
}

/** The class of entity managers. */
export type EntityManagerClass = new (
  config: Configuration,
  driver: Driver,
  metadata: unknown,
  useContext: boolean,
  eventManager: unknown,
) => EntityManager;

/** The part of MikroORM that is used here, also what is not public. */
export interface MikroOrm {
  readonly config: Configuration;
  readonly driver: Driver;
  readonly em: EntityManager;
}

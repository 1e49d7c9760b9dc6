import type { SlugCheck, TenancyAbout } from "./about.ts";
import type { AdoptOptions, AdoptResult } from "./adopt.ts";
import type { Actor, AuditOptions, AuditPage, PruneAuditOptions } from "./audit.ts";
import type {
  CheckDomainsOptions,
  CheckDomainsResult,
  ClaimOptions,
  Domain,
  ServedOptions,
} from "./domains.ts";
import type { DiffOptions, DiffResult } from "./drift.ts";
import type {
  MigrateOptions,
  MigrationResult,
  MigrationStatus,
  RollbackOptions,
} from "./migrator.ts";
import type { Queryable, QueryResult, Transaction } from "./driver.ts";
import type { FleetOptions, FleetResult } from "./fleet.ts";
import type { FleetRun, FleetRunDetails } from "./fleet-runs.ts";
import type { FleetStatus, FleetStatusOptions } from "./fleet-status.ts";
import type { CreateStep, FleetInsight, InsightOptions, TableInsight } from "./insight.ts";
import type { ListOptions, TenantPage, TotalOptions } from "./registry.ts";
import type { MaybePromise, Resolution, ResolveRequest } from "./resolution.ts";
import type { Logger } from "./logger.ts";
import type { ForEachOptions, ForEachResult, ReportItem, ReportOptions } from "./reports.ts";
import type { Scope } from "./scope.ts";
import type { SeedOptions, SeedResult } from "./seed.ts";
import type { Tenant, TenantRef, TenantState } from "./tenant.ts";
import type { KeyPart } from "./tenant-key.ts";

/** How `create` makes a tenant. */
export interface CreateOptions {
  /** Name for people. */
  readonly name?: string;
  /** Host names of its own, the primary one first. */
  readonly domains?: readonly string[];
  /** Physical name. Default: `tenantPrefix` and the slug, with `_` for `-`. */
  readonly schemaName?: string;
  /** Values of the registry's extra columns. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** What to do if there is such a tenant. Default `"error"`; `"keep"` returns it. */
  readonly ifExists?: "error" | "keep";
  /** Whether to apply the tenant migrations. Default `true`. */
  readonly migrate?: boolean;
  /** Whether to run the configured seed. Default as `migrate`. */
  readonly seed?: boolean;
  /** Runs in the new tenant's scope, after the configured `afterCreate`; if it throws, all is undone. */
  readonly afterCreate?: (tenant: Tenant) => void | Promise<void>;
  /** Called as each step begins; what it throws is logged, and changes nothing. */
  readonly onProgress?: (step: CreateStep) => void;
}

/** How `drop` removes a tenant. */
export interface DropOptions {
  /** What to do if there is none. Default `"error"`; `"ignore"` returns `false`. */
  readonly ifMissing?: "error" | "ignore";
}

/** What `rename` changes; at least one. */
export interface RenameOptions {
  /** New slug. */
  readonly slug?: string;
  /** New schema name; `true` derives it from the new slug. */
  readonly schemaName?: string | true;
}

/** What `update` changes. */
export interface UpdateOptions {
  /** New name for people; `null` removes it. */
  readonly name?: string | null;
  /** New values of extra columns; those absent stay. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** What `provision` did. */
export interface Refilled {
  /** Ready-made schemas that there are now. */
  readonly ready: number;
  /** How many were made. */
  readonly made: number;
  /** How many were removed: made by other migrations, left half-made, or too many. */
  readonly removed: number;
}

/** What `healthCheck` found. */
export interface TenantHealth {
  /** Slug. */
  readonly tenant: string;
  /** Schema name. */
  readonly schemaName: string;
  /** The registry's state. */
  readonly state: TenantState;
  /** Whether the schema is there. */
  readonly schemaExists: boolean;
  /** Tables in it, without the migration history. */
  readonly tableCount: number;
  /** Newest applied migration, as the schema's own history has it. */
  readonly version: string | null;
  /** Versions that are not applied yet, without those that contract and have not begun. */
  readonly pending: readonly string[];
  /** `true` when active, its schema is there and nothing is pending, changed or half-done. */
  readonly healthy: boolean;
}

/** Names for what one scope has elsewhere: in caches, in queues, in stores of files. */
export interface Keys {
  /**
   * Returns a key such as `tenant:<id>:sessions:42`. No two scopes or lists of parts have the same one,
   * and it stays when the tenant is renamed.
   *
   * @throws TenancyError `INVALID_KEY`; `TENANT_REQUIRED` without a scope
   */
  key(...parts: readonly KeyPart[]): string;
  /**
   * Returns a relative path such as `tenants/<id>/uploads/name.pdf`, which never leaves the tenant's
   * folder: for files, and for S3 and its like.
   *
   * @throws TenancyError `INVALID_PATH`; `TENANT_REQUIRED` without a scope
   */
  path(...parts: readonly KeyPart[]): string;
  /**
   * Resolves with an absolute path under `root`, after a look at the disk: below `root`, which has to be
   * there, no part of it may be a symbolic link.
   *
   * @throws TenancyError as `path`
   */
  filePath(root: string, ...parts: readonly KeyPart[]): Promise<string>;
}

/** One tenant, explicitly: for jobs, scripts and tests that want no ambient scope. */
export interface TenantHandle<Pool = unknown> extends Queryable, Keys {
  /** The tenant. */
  readonly tenant: Tenant;
  /** The application's pool, bound to this tenant. */
  readonly pool: Pool;
  /** Runs `fn` in one transaction in the tenant's schema. */
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs `fn` with the tenant as ambient scope. */
  run<T>(fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
}

/** The application's pool, bound to one scope: what an ORM is made with for that scope. */
export interface BoundPool<Pool = unknown> {
  /** The pool; every query runs in the scope, whatever the ambient one is. */
  readonly pool: Pool;
  /** Schema of the scope (on MySQL: its database). */
  readonly schemaName: string;
}

/** Which states a tenant may be in to be entered. */
export interface EnterOptions {
  /** Default: only `active`. */
  readonly allow?: readonly TenantState[];
}

/**
 * One application's tenants.
 *
 * @typeParam Pool - the driver's pool
 */
export interface Tenancy<Pool = unknown> extends Queryable, Keys, AsyncDisposable {
  /** The application's pool: each query runs in the scope in force where it is called. */
  readonly pool: Pool;
  /** Where log lines go. */
  readonly logger: Logger;
  /** What the configuration says that others than this library need to know. */
  readonly about: TenancyAbout;
  /** Aborted when `close` is called: ends what lives as long as the tenancy does, such as streams. */
  readonly closing: AbortSignal;

  /**
   * Runs `fn` with `tenant` as the scope, and resolves with its result; `null` is the global scope.
   *
   * @throws TenancyError `TENANT_NOT_FOUND`, `TENANT_NOT_ACTIVE`, `INVALID_TENANT_ID`
   */
  withTenant<T>(
    tenant: TenantRef | null,
    fn: () => T | PromiseLike<T>,
    options?: EnterOptions,
  ): Promise<Awaited<T>>;
  /** Runs `fn` in the global scope, and resolves with its result. */
  scopeGlobal<T>(fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
  /** Runs `fn` with a scope of its own that is empty until `putTenant`. */
  scope<T>(fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
  /**
   * Changes the scope of the nearest enclosing `withTenant`, `scopeGlobal`, `scope` or request;
   * `null` is the global scope. @throws TenancyError `SCOPE_REQUIRED` outside one
   */
  putTenant(tenant: TenantRef | null, options?: EnterOptions): Promise<void>;
  /** Empties the nearest enclosing scope. @throws TenancyError `SCOPE_REQUIRED` outside one */
  clearTenant(): void;
  /** Returns the tenant in force, or `undefined` in the global scope and in none. */
  currentTenant(): Tenant | undefined;
  /** Returns the tenant in force. @throws TenancyError `TENANT_REQUIRED` when there is none */
  requireTenant(): Tenant;
  /** Returns the scope in force, or `undefined`. */
  currentScope(): Scope | undefined;
  /**
   * Returns an object that stands for the nearest enclosing `withTenant`, `scope` or request, and
   * `undefined` outside one: a key for what must end with it, such as the identity map of an ORM.
   */
  currentRun(): object | undefined;
  /**
   * Calls `fn` in the scope of a resolution, and returns what it returns, unawaited; for framework
   * adapters, whose `next` starts the request's work. Anything but `tenant` and `global` is none.
   */
  enter<T>(resolution: Resolution, fn: () => T): T;

  /** Runs one statement in the scope in force. @throws TenancyError `TENANT_REQUIRED` without one */
  query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>>;
  /** Runs `fn` in one transaction in the scope in force. @throws TenancyError `TENANT_REQUIRED` */
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Returns an explicit handle on one tenant. @throws as `withTenant` */
  tenant(tenant: TenantRef, options?: EnterOptions): Promise<TenantHandle<Pool>>;

  /**
   * Binds the pool to a scope at once, without a look at the tenant's state; for ORM adapters, which take
   * the scope from `currentScope()`. Others want `tenant()`. @throws TenancyError `TENANCY_CLOSED`
   */
  bindPool(scope: Scope): BoundPool<Pool>;

  /** Finds out which tenant a request is for. Never throws for what a request may contain. */
  resolve(request: ResolveRequest): MaybePromise<Resolution>;

  /**
   * Makes a tenant: row, schema, migrations, seed, hooks; all or nothing. An attempt that died halfway
   * is taken up again.
   *
   * @throws TenancyError `INVALID_TENANT_ID`, `TENANT_EXISTS`, `SCHEMA_EXISTS`, `DOMAIN_TAKEN`,
   *   `TENANT_BUSY`, `MIGRATION_FAILED`, `SEED_FAILED`, `HOOK_FAILED`
   */
  create(slug: string, options?: CreateOptions): Promise<Tenant>;
  /**
   * Makes a tenant of a schema that is there, such as the one of an application that had no tenants: what
   * it holds is moved, or stays where it is, and what the ORM's own history says has been applied is taken
   * for applied. Nothing is migrated; hooks and seed do not run. All or nothing; on MySQL and MariaDB,
   * a call that died halfway is repeated.
   *
   * @throws TenancyError `INVALID_TENANT_ID`, `INVALID_SCHEMA_NAME`, `INVALID_QUERY`, `TENANT_EXISTS`,
   *   `SCHEMA_NOT_FOUND`, `SCHEMA_EXISTS`, `SCHEMA_NOT_MOVABLE`, `HISTORY_MISMATCH`,
   *   `MIGRATION_NOT_FOUND`, `DOMAIN_TAKEN`, `TENANT_BUSY`
   */
  adopt(options: AdoptOptions): Promise<AdoptResult>;
  /** The same as `create`: it migrates what it makes. */
  createAndMigrate(slug: string, options?: CreateOptions): Promise<Tenant>;
  /**
   * Brings the ready-made schemas (`provisioning.ready`) up to date and to their number. Happens by
   * itself after each `create`, in the background, and after each `migrateAll`. The signal stops it
   * before the next one. Resolves with `null` if another process is at it.
   *
   * @throws TenancyError `MIGRATION_FAILED`; `INVALID_CONFIG` when a migration is a function
   */
  provision(options?: { readonly signal?: AbortSignal }): Promise<Refilled | null>;
  /** Removes a tenant, its schema and all its data. Resolves with whether there was one. */
  drop(tenant: TenantRef, options?: DropOptions): Promise<boolean>;
  /** Stops serving a tenant; its data stay. */
  suspend(tenant: TenantRef): Promise<Tenant>;
  /** Serves a suspended tenant, or one in maintenance, again. */
  resume(tenant: TenantRef): Promise<Tenant>;
  /** Answers a tenant's requests with 503 until `resume`. */
  startMaintenance(tenant: TenantRef): Promise<Tenant>;
  /** Changes a tenant's slug, its schema's name, or both. */
  rename(tenant: TenantRef, to: RenameOptions): Promise<Tenant>;
  /** Changes a tenant's name or extra columns. */
  update(tenant: TenantRef, changes: UpdateOptions): Promise<Tenant>;
  /** Reads a tenant from the database. @throws TenancyError `TENANT_NOT_FOUND` */
  get(tenant: TenantRef): Promise<Tenant>;
  /** Tells whether `create` would take a slug, and which schema it would make. Reads; takes no lock. */
  checkSlug(slug: string): Promise<SlugCheck>;
  /** Tells whether there is such a tenant, in whatever state. */
  exists(tenant: TenantRef): Promise<boolean>;
  /** Reads one page of tenants, by slug unless told otherwise. @throws TenancyError `INVALID_CURSOR` */
  list(options?: ListOptions): Promise<TenantPage>;
  /** Counts the tenants that a list with the same filter has on all its pages. */
  count(filter?: TotalOptions): Promise<number>;
  /** Reads what a person looks at first: how many tenants there are, since when, and the largest. */
  insight(options?: InsightOptions): Promise<FleetInsight>;
  /** Lists the tables of a tenant, by name. @throws TenancyError `TENANT_NOT_FOUND` */
  tables(tenant: TenantRef): Promise<TableInsight[]>;
  /** Adds a domain to a tenant, which is served at once: the caller says that it is the tenant's. */
  addDomain(
    tenant: TenantRef,
    domain: string,
    options?: { readonly primary?: boolean },
  ): Promise<Tenant>;
  /** Removes a domain from a tenant, be it served or only claimed. */
  removeDomain(tenant: TenantRef, domain: string): Promise<Tenant>;
  /** Makes one of a tenant's domains its primary one. */
  setPrimaryDomain(tenant: TenantRef, domain: string): Promise<Tenant>;
  /**
   * Claims a domain for a tenant, and resolves with what its owner has to publish. It is not served before
   * `verifyDomain` has found that. Several tenants may claim the same one. Repeated, it changes nothing.
   *
   * @throws TenancyError `INVALID_DOMAIN`; `DOMAIN_TAKEN` while another tenant is served under it
   */
  claimDomain(tenant: TenantRef, domain: string, options?: ClaimOptions): Promise<Domain>;
  /**
   * Looks for what the owner of a claimed domain has to publish, and if it is there, serves the domain. One
   * that is verified already is checked again.
   *
   * @throws TenancyError `DOMAIN_NOT_VERIFIED`, which says what was looked for and what was found;
   *   `DOMAIN_TAKEN` while another tenant is served under it; `INVALID_DOMAIN` if it is not claimed
   */
  verifyDomain(tenant: TenantRef, domain: string): Promise<Domain>;
  /** Lists a tenant's domains: those that are served, the primary one first, then those it claims. */
  listDomains(tenant: TenantRef): Promise<Domain[]>;
  /**
   * Looks again for what the owners of verified domains published. A domain is served on until it has been
   * missing for `domains.graceMs`; then it is a claim again. One that cannot be looked up stays as it is.
   */
  checkDomains(options?: CheckDomainsOptions): Promise<CheckDomainsResult>;
  /**
   * Tells whether a host is a domain that a tenant is served under, through the cache: for proxies that ask
   * before they get a certificate.
   *
   * @throws TenancyError `DATABASE_UNAVAILABLE`
   */
  isServedDomain(host: string, options?: ServedOptions): Promise<boolean>;
  /** Looks at a tenant's schema. @throws TenancyError `TENANT_NOT_FOUND`, `HEALTH_CHECK_FAILED` */
  healthCheck(tenant: TenantRef): Promise<TenantHealth>;

  /** Applies a tenant's pending migrations. */
  migrate(tenant: TenantRef, options?: MigrateOptions): Promise<MigrationResult>;
  /** Undoes a tenant's newest migrations; one unless told otherwise. */
  rollback(tenant: TenantRef, options?: RollbackOptions): Promise<MigrationResult>;
  /**
   * Undoes a tenant's newest migrations, one unless told otherwise, and applies them again.
   * `interrupted` is for a rollback that was interrupted before.
   */
  redo(
    tenant: TenantRef,
    options?: Pick<RollbackOptions, "interrupted" | "steps">,
  ): Promise<MigrationResult>;
  /** Lists a tenant's migrations, applied and pending. */
  migrationStatus(tenant: TenantRef | null): Promise<MigrationStatus[]>;
  /** Applies the pending migrations of all tenants; goes on when one fails, and reports. */
  migrateAll(options?: FleetOptions & MigrateOptions): Promise<FleetResult>;
  /** Undoes the newest migrations of all tenants. */
  rollbackAll(options?: FleetOptions & RollbackOptions): Promise<FleetResult>;
  /**
   * Compares the schemas of tenants with a new one that the migrations make, or with a tenant's, and
   * groups those that differ in the same. Changes nothing in any of them.
   *
   * @throws MigrationError if the migrations fail in a new schema; TenancyError `TENANT_NOT_FOUND`
   */
  diff(options?: DiffOptions): Promise<DiffResult>;
  /**
   * Tells which migrations the fleet has, and who is behind: one query over the registry, and a look
   * into one tenant for each set of migrations that is not known here.
   */
  fleetStatus(options?: FleetStatusOptions): Promise<FleetStatus>;
  /** Lists the last 50 runs of `migrateAll` and `rollbackAll`, the newest first. */
  fleetRuns(): Promise<FleetRun[]>;
  /**
   * Reads one run, with tenants that failed or were not reached; `undefined` when there is none.
   *
   * @param options - `limit`: how many tenants at most. Default 100
   */
  fleetRun(id: string, options?: { readonly limit?: number }): Promise<FleetRunDetails | undefined>;
  /** Applies the pending global migrations, the registry's own first. */
  migrateGlobal(options?: MigrateOptions): Promise<MigrationResult>;
  /** Undoes the newest global migrations; never the registry's own. */
  rollbackGlobal(options?: RollbackOptions): Promise<MigrationResult>;

  /**
   * Fills a tenant's schema with the configured seed, or with the file that is named, in one
   * transaction. It is not recorded: a seed must bear to run again.
   *
   * @throws TenancyError `SEED_FAILED`, `SEED_INVALID`, `TENANT_NOT_FOUND`, `TENANT_BUSY`,
   *   `INVALID_STATE`; `INVALID_CONFIG` when there is none
   */
  seed(tenant: TenantRef, options?: SeedOptions): Promise<SeedResult>;

  /**
   * Runs `fn` in the scope of every tenant, some at a time; goes on when one fails, and reports. A tenant
   * that is dropped or suspended meanwhile is left out.
   */
  forEachTenant<T>(
    fn: (tenant: Tenant) => T | PromiseLike<T>,
    options?: ForEachOptions<Awaited<T>>,
  ): Promise<ForEachResult>;
  /**
   * Asks every tenant the same, in read-only transactions, and iterates over the rows with the tenant beside
   * each, by slug. A tenant that cannot be asked is an item too, and ends nothing. Nothing is sent before
   * the iteration begins, and what is in memory does not grow with the number of tenants.
   *
   * @throws TenancyError `INVALID_QUERY`, `INVALID_TENANT_ID` at once; while iterating, what makes the
   *   server unreachable, `TENANT_NOT_FOUND`, `INVALID_QUERY` for a text that leaves something behind
   */
  queryAll<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
    options?: ReportOptions,
  ): AsyncGenerator<ReportItem<Row>, void, undefined>;

  /**
   * Runs `fn` on behalf of `actor`, and resolves with its result: every change that is made inside is
   * recorded in the audit log, before it begins and when it has ended. One that cannot be recorded is
   * refused, and nothing of it is done. Nests; changes outside are not recorded.
   *
   * @throws TenancyError `INVALID_QUERY` for what is no actor; the changes throw `AUDIT_FAILED`, and
   *   `REGISTRY_MISSING` until the global migrations have made the log's table
   */
  actingAs<T>(actor: Actor, fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
  /** Reads one page of the audit log, the newest entry first. @throws TenancyError `INVALID_CURSOR` */
  audit(options?: AuditOptions): Promise<AuditPage>;
  /**
   * Deletes old entries of the audit log, and resolves with their number. Inside `actingAs` it is itself
   * recorded.
   */
  pruneAudit(options: PruneAuditOptions): Promise<number>;

  /** Ends every connection. Calls that come later throw `TENANCY_CLOSED`. */
  close(): Promise<void>;
}

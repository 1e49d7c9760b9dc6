import type { Queryable } from "./driver.ts";
import type { MaybePromise } from "./resolution.ts";
import type { Tenant, TenantRef, TenantState } from "./tenant.ts";

/** A tenant that is about to be. */
export interface NewTenant {
  /** Its parsed slug. */
  readonly slug: string;
  /** Its parsed schema name. */
  readonly schemaName: string;
  /** Name for people. */
  readonly name: string | null;
  /** Server it will live on. */
  readonly server: string;
  /** Values of the extra columns. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Normalised domains, the primary one first. */
  readonly domains: readonly string[];
  /** What is known of its schema, if that is made already. */
  readonly made?: {
    /** Newest migration applied to it. */
    readonly version: string | null;
    /** Fingerprint of its migrations. */
    readonly digest: string;
    /** Whether nothing is left to be done, so that the tenant is active at once. */
    readonly isActive: boolean;
  };
}

/** What may be changed of a tenant, apart from its domains. Absent: left as it is. */
export interface TenantChanges {
  /** New slug. */
  readonly slug?: string;
  /** New schema name. */
  readonly schemaName?: string;
  /** New name for people. */
  readonly name?: string | null;
  /** New state. */
  readonly state?: TenantState;
  /** New migration version. */
  readonly version?: string | null;
  /** New fingerprint of the applied migrations. */
  readonly migrationsDigest?: string | null;
  /** New values of extra columns; those absent are left as they are. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** What a list of tenants may be sorted by; those that are equal in it are sorted by slug. */
export type TenantSort = "slug" | "name" | "createdAt" | "updatedAt";

/** Which tenants `count` counts. */
export interface TotalOptions {
  /** Only tenants in one of these states. */
  readonly state?: TenantState | readonly TenantState[];
  /** Only tenants at this migration version; `null` for those that have none. */
  readonly version?: string | null;
  /** Only tenants on this server. */
  readonly server?: string;
}

/** How `list` filters, sorts and pages. */
export interface ListOptions extends TotalOptions {
  /** Only tenants whose slug or name contains this text, whatever its case. */
  readonly search?: string;
  /** What they are sorted by. Default `"slug"`. */
  readonly sort?: TenantSort;
  /** Whether the last one comes first. Default `false`. */
  readonly descending?: boolean;
  /** Page size, 1 to 1,000. Default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** Which fingerprints of applied migrations tenants have: any but this one, or one of these. */
export type DigestFilter = { readonly not: string } | { readonly in: readonly (string | null)[] };

/** How many tenants are alike. */
export interface TenantCount {
  /** Their state. */
  readonly state: TenantState;
  /** Their version. */
  readonly version: string | null;
  /** Fingerprint of their applied migrations. */
  readonly migrationsDigest: string | null;
  /** How many. */
  readonly tenants: number;
}

/** One page of tenants. */
export interface TenantPage {
  /** The tenants, in the order that was asked for. */
  readonly tenants: readonly Tenant[];
  /** Pass it as `cursor` for the next page; `undefined` after the last. */
  readonly nextCursor: string | undefined;
}

/** How long what was made from some lookups may be remembered; lowered by each of them. */
export interface Freshness {
  /** In milliseconds of `performance.now()`. */
  until: number;
}

/**
 * The table of tenants and their domains.
 *
 * Lookups are cached and answer at once when they can. Writes take the connection, so that they
 * can be part of a larger transaction; they notify other processes when it commits, and the caller
 * calls `forget` after that. All SQL uses qualified names, and so runs in any scope.
 */
export interface Registry {
  /**
   * Looks a tenant up, through the cache, in whatever state; `undefined` when there is none.
   *
   * @param freshness - lowered to the time until which the answer may be remembered
   */
  lookup(ref: TenantRef, freshness?: Freshness): MaybePromise<Tenant | undefined>;
  /** Looks up the tenant that has this normalised domain, through the cache. See `lookup`. */
  lookupDomain(domain: string, freshness?: Freshness): MaybePromise<Tenant | undefined>;
  /** Counts everything that the caches were made to forget; changes when an answer may have changed. */
  readonly epoch: number;
  /** Makes the caches forget a tenant, and unknown names that may now be known. */
  forget(tenant: {
    readonly id?: string;
    readonly slug?: string;
    readonly schemaName?: string;
  }): void;

  /** Reads a tenant from the database; `lock` takes its row until the transaction ends. */
  get(
    on: Queryable,
    ref: TenantRef,
    options?: { readonly lock?: boolean },
  ): Promise<Tenant | undefined>;
  /** Reads a page of tenants from the database; only those with such a fingerprint, if one is given. */
  list(on: Queryable, options?: ListOptions, digests?: DigestFilter): Promise<TenantPage>;
  /** Counts the tenants that a list with this filter has. */
  total(on: Queryable, filter?: TotalOptions): Promise<number>;
  /** Counts the tenants in these states, in all unless told otherwise, by state, version and digest. */
  count(on: Queryable, states?: readonly TenantState[]): Promise<TenantCount[]>;
  /**
   * Inserts a tenant, with its domains, in state `provisioning` unless it is made already.
   *
   * @throws TenancyError `TENANT_EXISTS` (slug), `SCHEMA_EXISTS` (schema name), `DOMAIN_TAKEN`
   */
  insert(on: Queryable, tenant: NewTenant): Promise<Tenant>;
  /**
   * Changes a tenant; with `from`, only if its state is one of these (compare and set).
   *
   * @returns the tenant as it now is, or `undefined` when it is gone or in another state
   * @throws TenancyError `TENANT_EXISTS`, `SCHEMA_EXISTS`
   */
  update(
    on: Queryable,
    id: string,
    changes: TenantChanges,
    from?: readonly TenantState[],
  ): Promise<Tenant | undefined>;
  /**
   * Whether `insert`, which returned this very object, took a row that was there: of a table of the
   * application's own, which has rows that are no tenants.
   */
  wasAdopted(tenant: Tenant): boolean;
  /** Makes a row that `insert` took no tenant again, without its domains; the row itself stays. */
  release(on: Queryable, id: string): Promise<void>;
  /** Deletes a tenant and its domains. */
  remove(on: Queryable, id: string): Promise<void>;
  /** Adds a normalised domain; with `primary`, in front. @throws TenancyError `DOMAIN_TAKEN` */
  addDomain(on: Queryable, id: string, domain: string, primary: boolean): Promise<void>;
  /** Removes a domain; tells whether there was one. */
  removeDomain(on: Queryable, id: string, domain: string): Promise<boolean>;
  /** Puts a domain in front of the tenant's others; tells whether it is the tenant's. */
  setPrimaryDomain(on: Queryable, id: string, domain: string): Promise<boolean>;
  /** Tells other processes that tenants have changed, apart from their names. */
  announce(on: Queryable, ids: readonly string[]): Promise<void>;
  /** Ends the subscription. */
  close(): Promise<void>;
}

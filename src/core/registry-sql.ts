import type { Statement } from "./dialect.ts";
import type { DigestFilter, NewTenant, TenantChanges, TenantSort } from "./registry.ts";
import type { RegistryTables } from "./settings.ts";
import type { TenantRef, TenantState } from "./tenant.ts";

/** SQL of the registry's tables. */
export interface RegistrySql {
  /**
   * Returns what makes the statements of one registry.
   *
   * @param channel - where writes announce themselves, on engines that can notify
   */
  statements(tables: RegistryTables, channel: string): RegistryStatements;
  /** Reads one row of the statements, whatever types the client library gives its values. */
  read(row: Readonly<Record<string, unknown>>): TenantRow;
  /**
   * Statements that make both tables, or bring an existing table up to what the registry needs.
   * May run again at any time.
   */
  migration(tables: RegistryTables): string;
  /** Says what a driver's error means for the registry; `undefined` for nothing in particular. */
  faultOf(error: unknown, tables: RegistryTables): RegistryFault | undefined;
}

/**
 * What an error of the database means: a value that somebody else has; a table or column that is
 * not there; or a value that a column of the application's own table refuses.
 */
export type RegistryFault =
  | "slug taken"
  | "schema taken"
  | "domain taken"
  | "registry missing"
  | "value refused";

/** Names to look up, all at once. */
export interface LookupKeys {
  /** Ids, as text. */
  readonly ids: readonly string[];
  /** Slugs, as `slugKey` makes them. */
  readonly slugKeys: readonly string[];
  /** Normalised domains. */
  readonly domains: readonly string[];
}

/** Where in a sorted list a tenant stands. */
export interface ListPosition {
  /** What the list is sorted by, as `sort_key` of its row; `null` where that is the slug. */
  readonly value: string | null;
  /** Key of its slug, which tells tenants apart that are equal otherwise. */
  readonly key: string;
}

/** Which tenants are counted. */
export interface TotalFilter {
  /** Only in these states. */
  readonly states: readonly TenantState[] | undefined;
  /** Only at this version; `null` for none. */
  readonly version: string | null | undefined;
  /** Only on this server. */
  readonly server: string | undefined;
}

/** Which tenants a page has. */
export interface RegistryFilter extends TotalFilter {
  /** Only with such a fingerprint of applied migrations. */
  readonly digests?: DigestFilter | undefined;
  /** Only with this text in slug or name. */
  readonly search: string | undefined;
  /** What they are sorted by. */
  readonly sort: TenantSort;
  /** Whether the last one comes first. */
  readonly isDescending: boolean;
  /** Only behind this one. */
  readonly after: ListPosition | undefined;
  /** So many. */
  readonly limit: number;
}

/**
 * Makes the statements of one registry; qualified names throughout, so that they run in any scope.
 *
 * A row without a schema name is no tenant, and none of them sees it. Ids are read and compared as
 * text, so that one that the column's type cannot hold is just not found. Those that return a list
 * run in that order, in one transaction, and the last one's rows are the answer.
 */
export interface RegistryStatements {
  /** Rows (for `read`) of all tenants that have one of the names. */
  find(keys: LookupKeys): Statement;
  /** Row of one tenant; with `lock`, taken until the transaction ends. */
  get(ref: TenantRef, lock: boolean): Statement;
  /** Rows in the order that is asked for, with their `sort_key` unless that is the slug's. */
  list(filter: RegistryFilter): Statement;
  /** One row `{ tenants }`. */
  total(filter: TotalFilter): Statement;
  /**
   * Rows `{ state, version, migrations_digest, tenants }`: how many tenants are alike in the three, in
   * one of these states.
   */
  count(states: readonly TenantState[] | undefined): Statement;
  /**
   * Finds the row that has the slug and is no tenant: one row, or none. `undefined` where `insert` needs
   * not to be told, as the engine refuses an insert for what it lacks only when there is a row to insert.
   */
  findUnclaimed(slug: string): Statement | undefined;
  /**
   * Inserts in state `provisioning`, or takes the row that has the slug and is no tenant: the row.
   *
   * @param isThere - whether `findUnclaimed` found one; if it is gone, the answer is no row
   */
  insert(tenant: NewTenant, isThere: boolean): readonly Statement[];
  /** Announces a change that was written without a notice. */
  announce(payload: string): Statement;
  /** Changes a tenant, if it is in one of these states: the row as it now is, or none. */
  update(
    id: string,
    changes: TenantChanges,
    from: readonly TenantState[] | undefined,
  ): readonly Statement[];
  /** Makes a row no tenant again, and deletes its domains. */
  release(id: string): readonly Statement[];
  /** Deletes a tenant and its domains. */
  remove(id: string): readonly Statement[];
  /** No row: no such tenant. Else `{ added: boolean }`: `false` if the domain is another tenant's. */
  addDomain(id: string, domain: string, primary: boolean): readonly Statement[];
  /** One row if there was such a domain. */
  removeDomain(id: string, domain: string): readonly Statement[];
  /** At least one row if it is a domain of the tenant's. */
  setPrimaryDomain(id: string, domain: string): readonly Statement[];
}

/** One tenant as the statements return it. */
export interface TenantRow {
  /** As text. */
  readonly id: string;
  /** See `Tenant`. */
  readonly slug: string;
  /** See `Tenant`. */
  readonly name: string | null;
  /** See `Tenant`. */
  readonly schema_name: string;
  /** See `Tenant`. */
  readonly server: string;
  /** See `Tenant`; in a table of the application it may be any text. */
  readonly state: string;
  /** See `Tenant`. */
  readonly version: string | null;
  /** See `Tenant`. */
  readonly migrations_digest: string | null;
  /** See `Tenant`. */
  readonly created_at: Date | string;
  /** See `Tenant`. */
  readonly updated_at: Date | string;
  /** The primary one first, then in the order in which they were added. */
  readonly domains: readonly string[];
  /** From `insert` alone: whether the row was there before, and was no tenant. */
  readonly was_there?: boolean;
  /** From `list` alone: what the list is sorted by. */
  readonly sort_key?: string | null;
  /** The extra columns, in the order of the configuration. */
  readonly [extra: `extra_${number}`]: unknown;
}

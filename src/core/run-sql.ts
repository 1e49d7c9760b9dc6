import type { Statement } from "./dialect.ts";
import type { FleetCounts } from "./fleet.ts";
import type { FleetRun, FleetRunTenant } from "./fleet-runs.ts";
import type { RegistryTables } from "./settings.ts";

/** A run that begins. */
export type NewRun = Pick<FleetRun, "host" | "latestVersion" | "pid" | "resumes" | "verb"> & {
  /** Its options, as JSON. */
  readonly options: string;
};

/** A run as the statements return it. */
export type RunRow = Omit<FleetRun, "options" | "state"> & {
  /** Its options, as JSON. */
  readonly options: string;
  /** Seconds since its last sign of life, by the server's clock. */
  readonly idleSeconds: number;
};

/** A tenant whose last attempt in a run failed. */
export interface FailureRow {
  /** Its slug. */
  readonly slug: string;
  /** The run. */
  readonly run: string;
  /** Code of its error. */
  readonly code: string | null;
  /** See `FleetRunTenant`. */
  readonly message: string | null;
  /** When it failed. */
  readonly at: Date;
  /** How many such tenants there are. */
  readonly total: number;
}

/** A row as the client library returns it. */
type RawRow = Readonly<Record<string, unknown>>;

/**
 * SQL of the records of fleet runs, which are those of one registry each. A tenant's row is settled when a later run has come to the tenant,
 * so that at most one row tells of its last attempt.
 */
export interface RunSql {
  /** Makes both tables if they are missing. */
  create(schema: string): string;
  /** Inserts a run. The statements run in one transaction; the last one's row is `{ id }`. */
  insert(tables: RegistryTables, run: NewRun): readonly Statement[];
  /** Notes that a run was taken up by another one. */
  takeUp(tables: RegistryTables, id: string, by: string): Statement;
  /** Deletes all but the newest, with their tenants. */
  prune(tables: RegistryTables, keep: number): Statement;
  /** Shows a sign of life. */
  update(tables: RegistryTables, id: string, counts: FleetCounts): Statement;
  /** Ends a run. */
  end(
    tables: RegistryTables,
    id: string,
    counts: FleetCounts,
    stopped: FleetRun["stopped"],
  ): Statement;
  /** Inserts or replaces tenants of a run; each of them once. */
  addTenants(tables: RegistryTables, id: string, tenants: readonly FleetRunTenant[]): Statement;
  /** Rows `{ tenant_id }`: tenants that failed, and were not settled. */
  listUnsettled(tables: RegistryTables): Statement;
  /** Settles the rows that tenants have in other runs. */
  settle(tables: RegistryTables, id: string, tenantIds: readonly string[]): Statement;
  /** Rows for `readRun`, the newest first. */
  list(tables: RegistryTables, limit: number): Statement;
  /** One row for `readRun`, or none. */
  get(tables: RegistryTables, id: string): Statement;
  /** Rows for `readTenant`, in the order of `FleetRunDetails`. */
  listTenants(tables: RegistryTables, id: string, limit: number): Statement;
  /** Rows `{ tenant_id }` of all of a run's tenants. */
  listTenantIds(tables: RegistryTables, id: string): Statement;
  /**
   * Rows for `readFailure`, by slug: tenants whose row is not settled, without those that have another
   * way to show it: migrated to this fingerprint since, or in state `failed`.
   */
  listFailures(tables: RegistryTables, digest: string, limit: number): Statement;
  /** Reads a row, whatever types the client library gives its values. */
  readRun(row: RawRow): RunRow;
  /** See `readRun`. */
  readTenant(row: RawRow): FleetRunTenant;
  /** See `readRun`. */
  readFailure(row: RawRow): FailureRow;
}

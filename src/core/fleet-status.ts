import type { MigrationStatus } from "./migrator.ts";

/** How {@link Tenancy.fleetStatus} looks. */
export interface FleetStatusOptions {
  /**
   * Whether every tenant's own history is read, in place of what the registry says of it. Default
   * `false`: a handful of queries, however many tenants there are.
   */
  readonly verify?: boolean;
  /** How many tenants of each kind are listed by name. Default 100. */
  readonly limit?: number;
}

/** Tenants of one kind. */
export interface FleetGroup {
  /** How many there are. */
  readonly count: number;
  /** Slugs of the first of them. */
  readonly slugs: readonly string[];
}

/** A tenant that failed. */
export interface FleetFailure {
  /** Its slug. */
  readonly slug: string;
  /** Code of the error; `null` where none is known, as for a tenant in state `failed`. */
  readonly code: string | null;
  /** The run that it failed in, for `fleetRun`; `null` if it was in none. */
  readonly run: string | null;
}

/** How many tenants are at one version. */
export interface FleetVersion {
  /** The version; `null` before the first migration. */
  readonly version: string | null;
  /** Tenants at it. */
  readonly tenants: number;
  /** How many of them have something pending. */
  readonly behind: number;
  /** How many of them have a migration that is unknown here. */
  readonly ahead: number;
}

/**
 * Which migrations a fleet has. Of the kinds below, all but `failed` are of tenants that `migrateAll`
 * would take: active, suspended or in maintenance. One may be of several kinds.
 */
export interface FleetStatus {
  /** Newest version of the tenant set in this checkout; `null` when it is empty. */
  readonly latestVersion: string | null;
  /** Tenants in the registry, whatever their state. */
  readonly tenants: number;
  /** How many of them are at each version, the newest first. */
  readonly versions: readonly FleetVersion[];
  /** Those in which something is pending, or of which it is not known that nothing is. */
  readonly behind: FleetGroup;
  /** Those that have a migration that is unknown to this checkout. */
  readonly ahead: FleetGroup;
  /** Those that have a migration whose file is now different. */
  readonly changed: FleetGroup;
  /** Those in which a migration, or its undoing, stopped halfway, or is at work right now. */
  readonly dirty: FleetGroup;
  /** Those whose history is not what the registry says of it; `null` unless it was to be verified. */
  readonly mismatched: FleetGroup | null;
  /** Those in state `failed`, whose last attempt in a run failed, or that could not be read. */
  readonly failed: { readonly count: number; readonly tenants: readonly FleetFailure[] };
  /** The global schema's migrations. */
  readonly global: readonly MigrationStatus[];
}

import type { TenantState } from "./tenant.ts";

/** One table of a tenant. */
export interface TableInsight {
  /** Its name. */
  readonly name: string;
  /** Rows, as the server's statistics have them; `null` where it has none yet. */
  readonly estimatedRows: number | null;
  /** Bytes on disk, with indexes. */
  readonly bytes: number;
}

/** How many tenants were created on one day. */
export interface CreatedOnDay {
  /** The day in UTC, as `2026-01-31`. */
  readonly day: string;
  /** How many of those that there are now. */
  readonly tenants: number;
}

/** How large a tenant is. */
export interface TenantSize {
  /** Its slug. */
  readonly slug: string;
  /** Bytes on disk, tables with indexes, as the server's catalog estimates them. */
  readonly bytes: number;
  /** Tables. */
  readonly tables: number;
}

/** What a person looks at first. */
export interface FleetInsight {
  /** How many tenants are in each state; those without a tenant are absent. */
  readonly states: Readonly<Partial<Record<TenantState, number>>>;
  /** Tenants created on each of the last days, the oldest first; days without any are there. */
  readonly created: readonly CreatedOnDay[];
  /** The largest tenants, the largest first. */
  readonly largest: readonly TenantSize[];
  /** Servers that tenants live on. */
  readonly servers: readonly string[];
}

/** How {@link Tenancy.insight} looks. */
export interface InsightOptions {
  /** Days of `created`, 1 to 366. Default 30. */
  readonly days?: number;
  /** How many of `largest`, 0 to 100; 0 spares the look into the catalog. Default 10. */
  readonly largest?: number;
}

/** A step of making a tenant, as it begins. */
export type CreateStep = "lock" | "row" | "schema" | "migrations" | "seed" | "hooks" | "done";

import type { Tenant, TenantState } from "./tenant.ts";

/** Which tenants a run or a report is about. All that is given has to hold. */
export interface TenantFilter {
  /**
   * In one of these states. Default `active`; of tenants that are named by `only` and are in another
   * one, it is said that they cannot be entered.
   */
  readonly state?: TenantState | readonly TenantState[];
  /** Only these slugs; one that does not exist is an error. */
  readonly only?: readonly string[];
  /** All but these slugs. */
  readonly except?: readonly string[];
  /** Slug or name contains this text, whatever its case. */
  readonly search?: string;
  /** At this migration version; `null` for those that have none. */
  readonly version?: string | null;
}

/** What becomes of a run when a tenant has failed. */
export type AfterError = "continue" | "stop";

/** How `forEachTenant` goes through the tenants. */
export interface ForEachOptions<T = unknown> {
  /** Tenants at a time, at most. Default 4. At most 1,000. */
  readonly concurrency?: number;
  /** Which tenants. Default: all that are active. */
  readonly where?: TenantFilter;
  /**
   * What to do when a tenant has failed: go on (the default), begin no others, or what the function
   * says; if it throws, the run ends with that error once the tenants in hand are done.
   */
  readonly onError?: AfterError | ((error: Error, tenant: Tenant) => AfterError | void);
  /** Called after each tenant, with what `fn` returned for it. */
  readonly onProgress?: (progress: ForEachProgress<T>) => void;
  /** Stops before the next tenant; those in hand are finished. */
  readonly signal?: AbortSignal;
}

/** How far a run is. */
export interface ForEachProgress<T = unknown> {
  /** Tenants done, failed ones included. */
  readonly done: number;
  /** Tenants in the run. */
  readonly total: number;
  /** The tenant that was done last. */
  readonly last: ForEachItem<T>;
}

/** One tenant's part of a run. */
export type ForEachItem<T = unknown> =
  | {
      readonly ok: true;
      readonly tenant: string;
      readonly schemaName: string;
      /** What `fn` returned. */
      readonly value: T;
      readonly durationMs: number;
    }
  | {
      readonly ok: false;
      readonly tenant: string;
      readonly schemaName: string;
      readonly error: Error;
      readonly durationMs: number;
    };

/**
 * What a run did. It holds nothing of the tenants that went well, so that it is as small for ten
 * thousand of them as for one: `onProgress` is told what `fn` returned.
 */
export interface ForEachResult {
  /** `true` when no tenant failed and none was left out by a stop. */
  readonly ok: boolean;
  /** How many tenants were done, failed ones included. */
  readonly done: number;
  /** Tenants that failed, in the order in which they ended. */
  readonly failed: readonly Extract<ForEachItem, { ok: false }>[];
  /** Slugs that were not reached, because of a failure or the signal. */
  readonly notReached: readonly string[];
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** How `queryAll` asks the tenants. */
export interface ReportOptions {
  /** Which tenants. Default: all that are active. */
  readonly where?: TenantFilter;
  /** Connections, at most, apart from the pool. Default 4. At most 16. */
  readonly concurrency?: number;
  /**
   * Tenants that are asked at once on a connection, from 1 to 1,000. Default 50. So many tenants' rows for
   * each connection are in memory at a time; fewer are better where each has many rows.
   */
  readonly batchSize?: number;
  /** Ends the report with the signal's reason, once what was sent is answered. */
  readonly signal?: AbortSignal;
}

/** A row of a report, or why a tenant has none. */
export type ReportItem<Row = Record<string, unknown>> =
  | {
      readonly ok: true;
      /** Slug of the tenant that the row is from. */
      readonly tenant: string;
      readonly row: Row;
    }
  | {
      readonly ok: false;
      /** Slug of the tenant that could not be asked; it has no rows in the report. */
      readonly tenant: string;
      readonly error: Error;
    };

import type { Migration, MigrationResult } from "./migrator.ts";
import type { TenantState } from "./tenant.ts";

/** How `migrateAll` works through the fleet. */
export interface FleetOptions {
  /** Tenants at a time, at most. Default 4. At most 1,000. */
  readonly concurrency?: number;
  /** Only these slugs. */
  readonly only?: readonly string[];
  /** All but these slugs. */
  readonly except?: readonly string[];
  /** Only tenants in these states. Default active, suspended and maintenance. */
  readonly state?: readonly TenantState[];
  /** Slugs of tenants, of those that the run is for, that are done first; if one fails, it ends there. */
  readonly canary?: readonly string[];
  /**
   * Ends the run when more tenants than this have failed: a number, or a share such as `"5%"`. Tenants
   * are then done in waves, the first of 10 and each four times as large as the one before, and a share
   * is that of all tenants up to the end of the wave. Default: the run goes on, and reports.
   */
  readonly maxFailures?: number | `${number}%`;
  /** Whether the others go on when one fails. Default `true`; `false` is `maxFailures: 0`, without waves. */
  readonly continueOnError?: boolean;
  /** Tenants begun per second, at most, so that what else the server does stays fast. Default: no limit. */
  readonly perSecond?: number;
  /**
   * For `migrateAll`: whether each tenant's own history is read, in place of what the registry says of
   * it. Default `false`. For a registry that was restored or edited by hand.
   */
  readonly verify?: boolean;
  /**
   * Takes up the last run of its kind that did not end well, with its options: the tenants that failed
   * or were not reached; of a run whose process died, all in which something is left to do. Not with
   * options that say which tenants, or how far.
   */
  readonly resume?: boolean;
  /** Tells what would be done, and does nothing. */
  readonly dryRun?: boolean;
  /** Called after each tenant that may have had something to do. */
  readonly onProgress?: (progress: FleetProgress) => void;
  /** Stops before the next tenant; those in hand are finished. */
  readonly signal?: AbortSignal;
}

/** How far a fleet run is. */
export interface FleetProgress {
  /** Tenants done, failed ones included. */
  readonly done: number;
  /** Tenants that the run has to look at: those of which it is not known that nothing is to be done. */
  readonly total: number;
  /** The tenant that was done last. */
  readonly last: FleetItem;
}

/** One tenant's part of a fleet run. */
export type FleetItem =
  | ({ readonly ok: true } & MigrationResult & {
        readonly tenant: string;
        /** Version that it was at before, as the registry has it; absent where nobody looked. */
        readonly fromVersion?: string | null;
      })
  | {
      readonly ok: false;
      readonly tenant: string;
      readonly schemaName: string;
      readonly error: Error;
      readonly durationMs: number;
      readonly fromVersion?: string | null;
    };

/** How many tenants a run changed, left alone, failed on and did not reach. */
export interface FleetCounts {
  /** Something was done. */
  readonly changed: number;
  /** There was nothing to do. */
  readonly unchanged: number;
  /** It failed. */
  readonly failed: number;
  /** It was not begun. */
  readonly notReached: number;
}

/** Why a run ended before its end: a canary failed, too many failed, or the signal. */
export type FleetStop = "canary" | "failures" | "signal";

/** What a fleet run did. */
export interface FleetResult {
  /** `true` when no tenant failed and none was left out by a stop. */
  readonly ok: boolean;
  /** The tenants that were changed or have failed, in the order in which they ended; no others. */
  readonly results: readonly FleetItem[];
  /** Those of `results` that failed. */
  readonly failed: readonly Extract<FleetItem, { ok: false }>[];
  /** Slugs that were not reached, because of a stop. */
  readonly notReached: readonly string[];
  /** How many there are of each. */
  readonly counts: FleetCounts;
  /** Why it ended early, if it did. */
  readonly stopped: FleetStop | undefined;
  /** In a dry run: the migrations that would be applied to, or undone in, any tenant, by version. */
  readonly pending?: readonly Migration[];
  /** The record of this run, for `fleetRun`; absent where there was nothing to do, and in a dry run. */
  readonly runId?: string;
  /** With `resume`: the run that was taken up; `null` if there was none. */
  readonly resumed?: string | null;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

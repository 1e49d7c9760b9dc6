import type { FleetCounts, FleetOptions, FleetStop } from "./fleet.ts";
import type { MigrateOptions, RollbackOptions } from "./migrator.ts";

/**
 * How a run stands: `running`; `done`, and all was well; `failed`, as tenants failed or were not
 * reached; or `died`, as it has neither ended nor shown a sign of life for a minute.
 */
export type FleetRunState = "running" | "done" | "failed" | "died";

/** What of a run's options is recorded: which tenants, and how far. */
export type FleetRunOptions = Pick<
  FleetOptions,
  "canary" | "except" | "maxFailures" | "only" | "perSecond" | "state" | "verify"
> &
  Pick<MigrateOptions, "phase" | "steps" | "to" | "toExclusive"> &
  Pick<RollbackOptions, "all">;

/** One run of `migrateAll` or `rollbackAll`, as it was recorded. */
export interface FleetRun {
  /** Its number, as text. */
  readonly id: string;
  /** What it does. */
  readonly verb: "migrate" | "rollback";
  /** How it stands. */
  readonly state: FleetRunState;
  /** Its options. */
  readonly options: FleetRunOptions;
  /** Newest version in the checkout that it ran in. */
  readonly latestVersion: string | null;
  /** Name of the machine. */
  readonly host: string;
  /** Number of its process there. */
  readonly pid: number;
  /** When it began. */
  readonly startedAt: Date;
  /** Its last sign of life. */
  readonly updatedAt: Date;
  /** When it ended. */
  readonly endedAt: Date | null;
  /** How many tenants of each kind there are, as of `updatedAt`. */
  readonly counts: FleetCounts;
  /** Why it ended early; `"error"` when it broke, such as by the loss of the registry. */
  readonly stopped: FleetStop | "error" | null;
  /** The run that it took up. */
  readonly resumes: string | null;
  /** The run that took it up. */
  readonly resumedBy: string | null;
}

/** One tenant that failed in a run, or was not reached. */
export interface FleetRunTenant {
  /** Its id. */
  readonly id: string;
  /** Its slug, as it was then. */
  readonly slug: string;
  /** What became of it. */
  readonly outcome: "failed" | "notReached";
  /** Code of its error. */
  readonly code: string | null;
  /** What more is known of the error, without values of rows: the server's own message may quote some. */
  readonly message: string | null;
}

/** A run, and its tenants that are not done. */
export interface FleetRunDetails extends FleetRun {
  /** Those that failed, then those that were not reached, each by slug; no more than were asked for. */
  readonly tenants: readonly FleetRunTenant[];
}

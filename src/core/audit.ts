/** Who changes something. */
export interface Actor {
  /** Who it is, such as an e-mail address or a user's id: 1 to 200 characters. */
  readonly id: string;
  /** Through what, such as `"console"`, `"cli"` or the application's own name. Default `"application"`. */
  readonly via?: string;
}

/** How a recorded change stands; one that stays `begun` belongs to a process that died, or still runs. */
export type AuditOutcome = "begun" | "done" | "failed";

/** One change, as it was recorded. */
export interface AuditEntry {
  /** Its number, as text; grows. */
  readonly id: string;
  /** When it began. */
  readonly at: Date;
  /** Who did it. */
  readonly actor: Required<Actor>;
  /** The operation, such as `"tenant.suspend"`: those of the tracing channels. */
  readonly action: string;
  /** Slug of the tenant as it was then; `null` for what is about the fleet or the global schema. */
  readonly tenant: string | null;
  /** Id of the tenant, once it is known. */
  readonly tenantId: string | null;
  /** What was asked for, without values that may be secret: names, versions, options. */
  readonly details: Readonly<Record<string, unknown>>;
  /** How it stands. */
  readonly outcome: AuditOutcome;
  /** Code of the error that it failed with. */
  readonly errorCode: string | null;
  /** How long it took, in milliseconds; `null` while it has not ended. */
  readonly durationMs: number | null;
}

/** Which entries, and how many. */
export interface AuditOptions {
  /** Only those about this tenant: by id, also under names it had before. */
  readonly tenantId?: string;
  /** Only those about the tenants that had this slug then, also one that is gone. */
  readonly tenant?: string;
  /** Only this person's. */
  readonly actor?: string;
  /** Only this operation. */
  readonly action?: string;
  /** Only those with this outcome. */
  readonly outcome?: AuditOutcome;
  /** 1 to 1,000. Default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** One page of entries, the newest first. */
export interface AuditPage {
  /** The entries. */
  readonly entries: readonly AuditEntry[];
  /** Pass it as `cursor` for the next page; `undefined` after the last. */
  readonly nextCursor: string | undefined;
}

/** Which entries `pruneAudit` deletes. */
export interface PruneAuditOptions {
  /** Those that began longer ago than so many milliseconds; what began within a day may run still, and stays until it has ended. */
  readonly olderThanMs: number;
}

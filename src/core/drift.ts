import type { FleetOptions } from "./fleet.ts";
import type { TenantRef } from "./tenant.ts";

/** How `diff` compares the schemas of tenants. */
export interface DiffOptions extends Pick<
  FleetOptions,
  "concurrency" | "except" | "only" | "signal" | "state"
> {
  /** The tenant that the others are compared with. Default: a schema made by the migrations. */
  readonly against?: TenantRef;
  /** Called after each tenant. */
  readonly onProgress?: (progress: DiffProgress) => void;
}

/** How far a comparison is. */
export interface DiffProgress {
  /** Tenants that were compared, or could not be read. */
  readonly done: number;
  /** Tenants in the run. */
  readonly total: number;
  /** The tenant that was done last. */
  readonly last: {
    /** Its slug. */
    readonly tenant: string;
    /** Differences from the reference; `null` when it could not be read. */
    readonly differences: number | null;
    /** Why it could not be read. */
    readonly error?: Error;
    /** How long it took, in milliseconds. */
    readonly durationMs: number;
  };
}

/** One thing in which a schema differs from the reference. */
export interface SchemaDifference {
  /**
   * What it is: `"table"`, `"column"`, `"constraint"`, `"index"`, `"view"`, `"function"`, `"trigger"`
   * and so on, as the engine calls it; `"column order"` for columns that are all there, in another order.
   */
  readonly kind: string;
  /** Its name. */
  readonly name: string;
  /** The table or view that it is a part of. */
  readonly table?: string;
  /** `missing` is in the reference alone, `extra` in the tenant alone. */
  readonly change: "changed" | "extra" | "missing";
  /** How the reference has it; `{schema}` stands for the schema's own name. */
  readonly expected?: string;
  /** How the tenant has it. */
  readonly actual?: string;
}

/** What the tenants were compared with. */
export interface DiffReference {
  /**
   * `transaction`: made by the migrations, and rolled back; `schema`: made by the migrations, and
   * dropped; `tenant`: a tenant's own schema.
   */
  readonly source: "schema" | "tenant" | "transaction";
  /** Slug of that tenant; `null` unless it is one. */
  readonly tenant: string | null;
  /** Version of its newest migration. */
  readonly version: string | null;
}

/** A tenant that differs. */
export interface DiffTenant {
  /** Slug. */
  readonly tenant: string;
  /** Version of the newest migration applied to it. */
  readonly version: string | null;
  /** Whether it has the very migrations of the reference: else it must differ in what they make. */
  readonly sameMigrations: boolean;
}

/** Tenants that differ from the reference in the same things. */
export interface DiffGroup {
  /** By table and kind. */
  readonly differences: readonly SchemaDifference[];
  /** By slug. */
  readonly tenants: readonly DiffTenant[];
}

/** A tenant whose schema could not be read. */
export interface DiffFailure {
  /** Slug. */
  readonly tenant: string;
  /** The schema. */
  readonly schemaName: string;
  /** Why. */
  readonly error: Error;
}

/** What `diff` found. */
export interface DiffResult {
  /** `true` when all tenants were read, and none differs. */
  readonly ok: boolean;
  /** What they were compared with. */
  readonly reference: DiffReference;
  /** How many are the same as the reference. */
  readonly same: number;
  /** Those that differ; the largest group first. */
  readonly groups: readonly DiffGroup[];
  /** Those that could not be read, by slug. */
  readonly failed: readonly DiffFailure[];
  /** Slugs that were not reached, because of the signal. */
  readonly notReached: readonly string[];
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

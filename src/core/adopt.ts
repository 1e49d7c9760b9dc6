import type { Tenant } from "./tenant.ts";

/** How `adopt` makes a tenant of what there is. */
export interface AdoptOptions {
  /** The schema in which the application has its tables, such as `"public"`. */
  readonly schema: string;
  /** Slug of the tenant to be. */
  readonly as: string;
  /**
   * `"move"`: what the schema holds goes into the tenant's own; `"in-place"`: the schema becomes the
   * tenant's, under the name that it has. Default: `"move"` for the global schema, which cannot be a
   * tenant's, else `"in-place"`.
   */
  readonly how?: "move" | "in-place";
  /** For `"move"`: name of the tenant's schema. Default: `tenantPrefix` and the slug. */
  readonly schemaName?: string;
  /**
   * For `"move"` out of the global schema: names of tables, functions and types that stay, as all tenants
   * have them in common. Has to be given, if only as `[]`, where global migrations have been applied.
   */
  readonly keep?: readonly string[];
  /**
   * Which of the tenant migrations have been applied to it: `"history"`, those that the ORM's own history
   * says; `"all"`; `"none"`; or all up to this version. Default `"history"`.
   */
  readonly applied?: string;
  /** Name for people. */
  readonly name?: string;
  /** Host names of its own, the primary one first. */
  readonly domains?: readonly string[];
  /** Values of the registry's extra columns. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Tells what would be done, and does nothing. */
  readonly dryRun?: boolean;
}

/** Something in a schema that is adopted. */
export interface AdoptedObject {
  /** What it is, such as `"table"`. */
  readonly kind: string;
  /** Its name; of a function with its arguments. */
  readonly name: string;
}

/** Something that is not moved. */
export interface LeftObject extends AdoptedObject {
  /** Why. */
  readonly reason: string;
}

/** A migration, by name. */
export interface NamedMigration {
  /** Its version. */
  readonly version: string;
  /** Its name. */
  readonly name: string;
}

/** What `adopt` did, or would do. */
export interface AdoptResult {
  /** The tenant; `null` in a dry run. */
  readonly tenant: Tenant | null;
  /** Its slug. */
  readonly slug: string;
  /** Whether it was moved. */
  readonly how: "move" | "in-place";
  /** Where it was. */
  readonly from: string;
  /** Where it now is. */
  readonly schemaName: string;
  /** What the tenant now has; moved, unless it is in place. */
  readonly adopted: readonly AdoptedObject[];
  /** What stays behind in the schema that it was in. */
  readonly left: readonly LeftObject[];
  /** Migrations that are recorded as applied, by version. */
  readonly recorded: readonly NamedMigration[];
  /** Those that `migrate` will apply, by version. */
  readonly pending: readonly NamedMigration[];
}

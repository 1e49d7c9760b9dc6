/**
 * Where a tenant is in its life.
 *
 * `provisioning` → `active` ⇄ `suspended` / `maintenance`; any → `dropping` → gone.
 * `provisioning` → `failed` when creation could neither be finished nor undone; both may be created
 * again under the same slug. `archived` tenants keep their data and serve nobody. Where a schema
 * cannot be renamed, the tenant is `renaming` while what it holds is moved, and then what it was.
 */
export type TenantState =
  | "provisioning"
  | "active"
  | "suspended"
  | "maintenance"
  | "failed"
  | "archived"
  | "renaming"
  | "dropping";

/** Every {@link TenantState}. */
export const TENANT_STATES: readonly TenantState[] = [
  "provisioning",
  "active",
  "suspended",
  "maintenance",
  "failed",
  "archived",
  "renaming",
  "dropping",
];

/** One isolated customer, as the registry has it. Immutable: a change makes a new object. */
export interface Tenant {
  /** Opaque identity; never changes. A UUID unless the registry table is yours and says otherwise. */
  readonly id: string;
  /** Name in URLs and commands; changes by `rename`. */
  readonly slug: string;
  /** Physical name of the PostgreSQL schema (on MySQL: the database). */
  readonly schemaName: string;
  /** Name for people; `null` when none was given. */
  readonly name: string | null;
  /** Where the tenant is in its life. */
  readonly state: TenantState;
  /** Version of the newest migration applied to its schema, or `null` before the first. */
  readonly version: string | null;
  /**
   * Fingerprint of all migrations applied to its schema, each with the checksum of its file; `null`
   * before the first, and `"partial"` while one of them is applied or undone halfway.
   */
  readonly migrationsDigest: string | null;
  /** Database server it lives on; `"default"` unless configured. */
  readonly server: string;
  /** Its host names, the primary one first; normalised (lower case, ASCII, no port). */
  readonly domains: readonly string[];
  /** When the row was made. */
  readonly createdAt: Date;
  /** When the row was last changed. */
  readonly updatedAt: Date;
  /** The registry table's extra columns, by column name, as the driver returns them. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Names a tenant: its slug, its id as `{ id }`, or a {@link Tenant} (looked up anew by its id). */
export type TenantRef = string | { readonly id: string };

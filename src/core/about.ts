import type { Dialect } from "./dialect.ts";

/** What a configuration says that a person who looks at the fleet needs to know. */
export interface TenancyAbout {
  /** Engine of the database. */
  readonly engine: Dialect["name"];
  /** Domain whose one-label subdomains are tenants' slugs; `undefined` if there is none. */
  readonly primaryDomain: string | undefined;
  /** Put before the slug to make a schema name. */
  readonly tenantPrefix: string;
  /** Whether a seed is configured. */
  readonly hasSeed: boolean;
  /** Names of the registry's extra columns. */
  readonly extraColumns: readonly string[];
}

/** What would become of a slug. */
export interface SlugCheck {
  /** The slug. */
  readonly slug: string;
  /** Whether a tenant can be created with it now. */
  readonly ok: boolean;
  /** Schema that the tenant would get; `null` for a slug that nobody may have. */
  readonly schemaName: string | null;
  /** The error that `create` would throw; `null` if it would throw none. */
  readonly error: Error | null;
}

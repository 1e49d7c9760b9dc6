import type { DomainsConfig } from "./domains.ts";
import type { Driver } from "./driver.ts";
import type { Logger } from "./logger.ts";
import type { MigrationFolder } from "./migration-folder.ts";
import type { Migration } from "./migrator.ts";
import type { Resolver } from "./resolution.ts";
import type { SeedSource } from "./seed.ts";
import type { Tenant } from "./tenant.ts";

/** The registry's table: ours, or an existing one of the application. */
export interface RegistryConfig {
  /** Table of tenants, in the global schema. Default `"tenants"`. */
  readonly table?: string;
  /** Table of domains, in the global schema. Default: the table's name in the singular + `"_domains"`. */
  readonly domainsTable?: string;
  /**
   * Names of our columns where an existing table calls them otherwise, such as
   * `{ slug: "handle", name: "title" }`. Default: the column's own name.
   */
  readonly columns?: Readonly<Partial<Record<RegistryColumn, string>>>;
  /**
   * The application's own columns in the table: name to SQL type, such as
   * `{ plan: "text not null default 'free'" }`. Added by the global migration when missing;
   * read into `tenant.extra`, written through `create` and `update`.
   */
  readonly extraColumns?: Readonly<Record<string, string>>;
}

/** The columns that the registry itself needs. */
export type RegistryColumn =
  | "id"
  | "slug"
  | "name"
  | "schema_name"
  | "server"
  | "state"
  | "version"
  | "migrations_digest"
  | "created_at"
  | "updated_at";

/** How long lookups are remembered in the process. */
export interface CacheConfig {
  /** For a tenant that exists, in milliseconds. Default 300,000; at most 5,000 while notifications are down. */
  readonly ttlMs?: number;
  /** For one that does not, in milliseconds. Default 30,000. */
  readonly negativeTtlMs?: number;
  /** How many tenants, and how many unknown names, are remembered. Default 10,000 each. */
  readonly maxEntries?: number;
}

/** Where migrations come from: a folder, objects, or a folder that another tool writes. */
export type MigrationSource = string | readonly Migration[] | MigrationFolder;

/** The two sets of migrations. */
export interface MigrationsConfig {
  /** For the global schema. Default: the folder `migrations/global`, which may be missing. */
  readonly global?: MigrationSource;
  /** For each tenant's schema. Default: the folder `migrations/tenant`, which may be missing. */
  readonly tenant?: MigrationSource;
  /** Table of the history, in each schema. Default `"kirayedar_migrations"`. */
  readonly table?: string;
  /**
   * Whether a migration that is older than the newest applied one is refused, in place of applied with
   * a warning. Default `false`.
   */
  readonly strictOrder?: boolean;
  /**
   * How long a statement of a migration waits for a lock before it gives way and is tried again, in
   * milliseconds: others who want the table wait behind it for as long. It gives up after
   * `lockTimeoutMs`. Default 1,000; on MySQL and MariaDB whole seconds. Not for what runs outside a
   * transaction on PostgreSQL.
   */
  readonly lockWaitMs?: number;
  /**
   * When a tenant's pending migrations are applied. `"manually"`: by `migrate` and `migrateAll`.
   * `"on-request"`: by the first request, or other call, that enters the tenant, too; only those that
   * expand, and all who want to enter wait for it, for at most `lockTimeoutMs`. Default `"manually"`.
   */
  readonly migrate?: "manually" | "on-request";
}

/** Tenants that are made before they are asked for. */
export interface ProvisioningConfig {
  /**
   * How many schemas are kept ready, migrated and empty of tenants: `create` takes one in a few
   * milliseconds, and others are made in the background. Default 0, at most 10,000. All tenant
   * migrations have to be SQL text. On MySQL and MariaDB such a tenant's database keeps the name that
   * it was made with, as databases cannot be renamed.
   */
  readonly ready?: number;
}

/** The application's own work around the lifecycle. A hook that throws stops the operation. */
export interface Hooks {
  /** Before anything is done, in the global scope. Throw to refuse. */
  beforeCreate?(about: {
    readonly slug: string;
    readonly schemaName: string;
  }): void | Promise<void>;
  /**
   * After the migrations, in the new tenant's scope, before it becomes active. When it throws, the
   * tenant is removed again.
   */
  afterCreate?(tenant: Tenant): void | Promise<void>;
  /** Before a tenant is dropped, in its scope. Throw to refuse. */
  beforeDrop?(tenant: Tenant): void | Promise<void>;
  /** After a tenant has been dropped, in the global scope. */
  afterDrop?(tenant: Tenant): void | Promise<void>;
}

/** Everything about one tenancy. Only `database` is required. */
export interface TenancyConfig<Pool = unknown> {
  /** The driver, such as `pg({ connectionString })`. */
  readonly database: Driver<Pool>;
  /** Domain whose one-label subdomains are tenants' slugs, such as `"example.com"`. */
  readonly primaryDomain?: string;
  /** Host, or hosts, of the global scope, such as `"admin.example.com"`. */
  readonly adminHost?: string | readonly string[];
  /** Whether the first label of a foreign host is tried as a slug. Default `false`. */
  readonly slugFallback?: boolean;
  /** Put before the slug to make a schema name. Default `"tenant_"`; `""` is allowed. */
  readonly tenantPrefix?: string;
  /** Slugs that nobody may have, beside the built-in ones (`www`, `admin`, `api`, …). */
  readonly reservedSlugs?: readonly (string | RegExp)[];
  /** Schema of the global tables. Default `"public"`. */
  readonly globalSchema?: string;
  /**
   * Schemas behind the tenant's own in the search path, for extensions and shared tables. Default
   * none: a missing table must fail, not fall through to a global one of the same name.
   */
  readonly sharedSchemas?: readonly string[];
  /** The registry's table. */
  readonly registry?: RegistryConfig;
  /** Lookups in memory. */
  readonly cache?: CacheConfig;
  /** How tenants' own domains are verified. */
  readonly domains?: DomainsConfig;
  /** How requests name their tenant. Default: by host alone. */
  readonly resolvers?: readonly Resolver[];
  /** The two sets of migrations. */
  readonly migrations?: MigrationsConfig;
  /**
   * What fills a new tenant, after its migrations and before `afterCreate`: path of a SQL file, path of
   * a module that exports `seed` or a default function, or such a function. Default: nothing.
   */
  readonly seed?: SeedSource;
  /** Tenants that are made before they are asked for. */
  readonly provisioning?: ProvisioningConfig;
  /** The application's own work around the lifecycle. */
  readonly hooks?: Hooks;
  /** Where log lines go. Default: nowhere. */
  readonly logger?: Logger;
  /** How long an operation waits for another one on the same tenant, in milliseconds. Default 10,000. */
  readonly lockTimeoutMs?: number;
  /** Folder that relative paths of migrations and seeds start from. Default: the working directory. */
  readonly rootDir?: string;
  /**
   * Loads a module of a migration or a seed by its file URL. Default: Node's own `import`.
   *
   * @internal
   */
  readonly importModule?: (url: string) => Promise<unknown>;
  /**
   * Milliseconds of a clock that never goes back, for whatever is remembered for some time. Default:
   * `performance.now`.
   *
   * @internal
   */
  readonly now?: () => number;
}

/** Types a configuration file; returns its argument. */
export function defineConfig<Pool>(config: TenancyConfig<Pool>): TenancyConfig<Pool> {
  return config;
}

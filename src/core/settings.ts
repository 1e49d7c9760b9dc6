import type {
  CacheConfig,
  Hooks,
  MigrationSource,
  ProvisioningConfig,
  RegistryColumn,
} from "./config.ts";
import type { DomainsConfig } from "./domains.ts";
import type { Logger } from "./logger.ts";
import type { NameRules } from "./names.ts";
import type { Resolver, ResolverSettings } from "./resolution.ts";
import type { SeedSource } from "./seed.ts";

/** The registry's tables, with every default filled in. Names are unquoted. */
export interface RegistryTables {
  /** Schema they are in. */
  readonly schema: string;
  /** Table of tenants. */
  readonly table: string;
  /** Table of domains. */
  readonly domainsTable: string;
  /** Physical name of each of our columns. */
  readonly columns: Readonly<Record<RegistryColumn, string>>;
  /** The application's own columns: name to SQL type. */
  readonly extraColumns: Readonly<Record<string, string>>;
}

/** A checked configuration, with every default filled in. */
export interface Settings {
  /** Which names are allowed. */
  readonly rules: NameRules;
  /** The registry's tables. */
  readonly registry: RegistryTables;
  /** Lookups in memory. */
  readonly cache: Required<CacheConfig>;
  /** How requests name their tenant. */
  readonly resolvers: readonly Resolver[];
  /** What resolvers may know. */
  readonly resolving: ResolverSettings;
  /** The two sets of migrations, folders as absolute paths. */
  readonly migrations: {
    readonly global: MigrationSource;
    readonly tenant: MigrationSource;
    /** Whether the folders may be missing, because they were not configured. */
    readonly optional: { readonly global: boolean; readonly tenant: boolean };
    readonly strictOrder: boolean;
    /** How long a statement waits for a lock before it gives way, in milliseconds. */
    readonly lockWaitMs: number;
    /** When pending migrations of a tenant are applied. */
    readonly migrate: "manually" | "on-request";
    readonly table: string;
  };
  /** What fills a new tenant. */
  readonly seed: {
    readonly source: SeedSource | undefined;
    /** Folder that relative paths start from. */
    readonly rootDir: string;
  };
  /** Tenants that are made before they are asked for. */
  readonly provisioning: Required<ProvisioningConfig>;
  /** How domains are verified; what is not given is made when it is first needed. */
  readonly domains: Required<Omit<DomainsConfig, "fetch" | "resolver">> &
    Pick<DomainsConfig, "fetch" | "resolver">;
  /** The application's own work around the lifecycle. */
  readonly hooks: Hooks;
  /** Where log lines go. */
  readonly logger: Logger;
  /** How long to wait for another operation on the same tenant, in milliseconds. */
  readonly lockTimeoutMs: number;
}

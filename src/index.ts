export type { SlugCheck, TenancyAbout } from "./core/about.ts";
export type {
  AdoptedObject,
  AdoptOptions,
  AdoptResult,
  LeftObject,
  NamedMigration,
} from "./core/adopt.ts";
export type {
  Actor,
  AuditEntry,
  AuditOptions,
  AuditOutcome,
  AuditPage,
  PruneAuditOptions,
} from "./core/audit.ts";
export { defineConfig } from "./core/config.ts";
export type {
  CacheConfig,
  Hooks,
  MigrationsConfig,
  ProvisioningConfig,
  MigrationSource,
  RegistryColumn,
  RegistryConfig,
  TenancyConfig,
} from "./core/config.ts";
export type {
  CheckDomainsOptions,
  CheckDomainsProgress,
  CheckDomainsResult,
  ClaimOptions,
  Domain,
  DomainChallenge,
  DomainCheck,
  DomainMethod,
  DomainOutcome,
  DomainsConfig,
  DomainState,
  ServedOptions,
  TxtResolver,
} from "./core/domains.ts";
export type {
  DiffFailure,
  DiffGroup,
  DiffOptions,
  DiffProgress,
  DiffReference,
  DiffResult,
  DiffTenant,
  SchemaDifference,
} from "./core/drift.ts";
export type { Driver, Queryable, QueryResult, Transaction } from "./core/driver.ts";
export type { Operation, OperationEvent } from "./core/events.ts";
export type {
  CreatedOnDay,
  CreateStep,
  FleetInsight,
  InsightOptions,
  TableInsight,
  TenantSize,
} from "./core/insight.ts";
export type { Logger } from "./core/logger.ts";
export type {
  MigrateOptions,
  Migration,
  MigrationContext,
  MigrationPhase,
  MigrationResult,
  MigrationStatus,
  RollbackOptions,
} from "./core/migrator.ts";
export type { MigrationFolder, MigrationTool } from "./core/migration-folder.ts";
export { tenantOf } from "./core/records.ts";
export type { ListOptions, TenantPage, TenantSort, TotalOptions } from "./core/registry.ts";
export type {
  AfterError,
  ForEachItem,
  ForEachOptions,
  ForEachProgress,
  ForEachResult,
  ReportItem,
  ReportOptions,
  TenantFilter,
} from "./core/reports.ts";
export type {
  Identification,
  MaybePromise,
  Resolution,
  ResolveRequest,
  Resolver,
  ResolverSettings,
} from "./core/resolution.ts";
export type {
  SeedContext,
  SeedFunction,
  SeedOptions,
  SeedResult,
  SeedSource,
} from "./core/seed.ts";
export type { GlobalScope, Scope, TenantScope } from "./core/scope.ts";
export type {
  FleetCounts,
  FleetItem,
  FleetOptions,
  FleetProgress,
  FleetResult,
  FleetStop,
} from "./core/fleet.ts";
export type {
  FleetRun,
  FleetRunDetails,
  FleetRunOptions,
  FleetRunState,
  FleetRunTenant,
} from "./core/fleet-runs.ts";
export type {
  FleetFailure,
  FleetGroup,
  FleetStatus,
  FleetStatusOptions,
  FleetVersion,
} from "./core/fleet-status.ts";
export type {
  BoundPool,
  CreateOptions,
  DropOptions,
  EnterOptions,
  Keys,
  Refilled,
  RenameOptions,
  Tenancy,
  TenantHandle,
  TenantHealth,
  UpdateOptions,
} from "./core/tenancy.ts";
export { TENANT_STATES } from "./core/tenant.ts";
export { keyPrefixOf } from "./core/tenant-key.ts";
export type { KeyPart } from "./core/tenant-key.ts";
export { folderOf } from "./core/tenant-path.ts";
export type { Tenant, TenantRef, TenantState } from "./core/tenant.ts";
export type { ErrorCode } from "./errors/codes.ts";
export { isTenancyError, TenancyError } from "./errors/tenancy-error.ts";
export type { TenancyErrorOptions } from "./errors/tenancy-error.ts";
export { MigrationError } from "./migrate/migration-error.ts";
export type { MigrationFailure } from "./migrate/migration-error.ts";
export { SeedError } from "./migrate/seed-error.ts";
export type { SeedFailure } from "./migrate/seed-error.ts";
export { cookie } from "./resolvers/cookie.ts";
export { header } from "./resolvers/header.ts";
export { host } from "./resolvers/host.ts";
export { pathPrefix } from "./resolvers/path.ts";
export { query } from "./resolvers/query.ts";
export { value } from "./resolvers/value.ts";
export type { NamedTenant } from "./resolvers/value.ts";
export { createTenancy } from "./tenancy/create-tenancy.ts";

import type { AuditEntry } from "../../core/audit.ts";
import type { Domain } from "../../core/domains.ts";
import type { FleetRun, FleetRunDetails } from "../../core/fleet-runs.ts";
import type { FleetStatus } from "../../core/fleet-status.ts";
import type { MigrationStatus } from "../../core/migrator.ts";
import type { Tenant } from "../../core/tenant.ts";
import type {
  AuditView,
  DomainView,
  MigrationView,
  Overview,
  RunDetails,
  RunView,
  TenantSummary,
} from "../contract.ts";

function time(date: Date): string {
  return date.toISOString();
}

function timeOrNull(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

/** Returns a tenant as a list has it. */
export function toSummary(tenant: Tenant): TenantSummary {
  return {
    createdAt: time(tenant.createdAt),
    domains: tenant.domains,
    name: tenant.name,
    schemaName: tenant.schemaName,
    server: tenant.server,
    slug: tenant.slug,
    state: tenant.state,
    updatedAt: time(tenant.updatedAt),
    version: tenant.version,
  };
}

/** Returns a tenant's extra columns as JSON can hold them. */
export function toExtra(extra: Tenant["extra"]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(extra).map(([name, value]) => [
      name,
      typeof value === "bigint" ? value.toString() : value,
    ]),
  );
}

/** Returns a domain. */
export function toDomainView(domain: Domain): DomainView {
  const { challenge } = domain;
  return {
    challenge: challenge && {
      dns: challenge.dns,
      http: challenge.http,
      methods: challenge.methods,
    },
    checkedAt: timeOrNull(domain.checkedAt),
    createdAt: time(domain.createdAt),
    domain: domain.domain,
    failingSince: timeOrNull(domain.failingSince),
    isPrimary: domain.isPrimary,
    method: domain.method,
    state: domain.state,
    verifiedAt: timeOrNull(domain.verifiedAt),
  };
}

/** Returns one line of a migration's status. */
export function toMigrationView(status: MigrationStatus): MigrationView {
  return {
    appliedAt: timeOrNull(status.appliedAt),
    name: status.name,
    state: status.state,
    version: status.version,
  };
}

/** Returns how many tenants are at each version. */
export function toVersions(status: FleetStatus): Overview["versions"] {
  return status.versions.map(({ ahead, behind, tenants, version }) => ({
    ahead,
    behind,
    tenants,
    version,
  }));
}

/** Returns a fleet run. */
export function toRunView(run: FleetRun): RunView {
  return {
    counts: run.counts,
    endedAt: timeOrNull(run.endedAt),
    host: run.host,
    id: run.id,
    latestVersion: run.latestVersion,
    options: { ...run.options },
    resumedBy: run.resumedBy,
    resumes: run.resumes,
    startedAt: time(run.startedAt),
    state: run.state,
    stopped: run.stopped,
    verb: run.verb,
  };
}

/** Returns a fleet run with its tenants that are not done. */
export function toRunDetails(run: FleetRunDetails): RunDetails {
  return {
    ...toRunView(run),
    tenants: run.tenants.map(({ code, message, outcome, slug }) => ({
      code,
      message,
      outcome,
      slug,
    })),
  };
}

/** Returns an entry of the audit log. */
export function toAuditView(entry: AuditEntry): AuditView {
  return {
    action: entry.action,
    actor: entry.actor.id,
    at: time(entry.at),
    details: entry.details,
    durationMs: entry.durationMs,
    errorCode: entry.errorCode,
    id: entry.id,
    outcome: entry.outcome,
    tenant: entry.tenant,
    via: entry.actor.via,
  };
}

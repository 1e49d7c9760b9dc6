import type { RegistryTables } from "../../core/settings.ts";
import { quoteIdentifier } from "./identifier.ts";

/** Returns the table of runs. */
export function runsTable({ schema }: Pick<RegistryTables, "schema">): string {
  return `${quoteIdentifier(schema)}.kirayedar_runs`;
}

/** Returns the table of tenants that failed in a run, or were not reached. */
export function runTenantsTable({ schema }: Pick<RegistryTables, "schema">): string {
  return `${quoteIdentifier(schema)}.kirayedar_run_tenants`;
}

/** Makes both tables if they are missing. */
export function createRunTables(schema: string): string {
  const runs = runsTable({ schema });
  const tenants = runTenantsTable({ schema });
  return `create table if not exists ${runs} (
  id bigint generated always as identity primary key,
  registry text not null,
  verb text not null,
  options text not null,
  latest_version text,
  host text not null,
  pid integer not null,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  ended_at timestamptz,
  changed integer not null default 0,
  unchanged integer not null default 0,
  failed integer not null default 0,
  not_reached integer not null default 0,
  stopped text,
  resumes bigint,
  resumed_by bigint
);
create table if not exists ${tenants} (
  run_id bigint not null references ${runs} (id) on delete cascade,
  tenant_id text not null,
  slug text not null,
  outcome text not null,
  code text,
  message text,
  noted_at timestamptz not null default now(),
  is_settled boolean not null default false,
  primary key (run_id, tenant_id)
);
create index if not exists kirayedar_run_tenants_open
  on ${tenants} (tenant_id) where outcome = 'failed' and not is_settled`;
}

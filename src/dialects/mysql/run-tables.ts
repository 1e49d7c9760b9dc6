import type { RegistryTables } from "../../core/settings.ts";
import { quoteIdentifier } from "./identifier.ts";

const OPTIONS = "engine = InnoDB character set utf8mb4 collate utf8mb4_bin";

/** Returns the table of runs. */
export function runsTable({ schema }: Pick<RegistryTables, "schema">): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier("kirayedar_runs")}`;
}

/** Returns the table of tenants that failed in a run, or were not reached. */
export function runTenantsTable({ schema }: Pick<RegistryTables, "schema">): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier("kirayedar_run_tenants")}`;
}

/** Makes both tables if they are missing. Ids are bytes, as that is how they are compared. */
export function createRunTables(schema: string): string {
  const runs = runsTable({ schema });
  const tenants = runTenantsTable({ schema });
  return `create table if not exists ${runs} (
  id bigint not null auto_increment primary key,
  registry varchar(64) not null,
  verb varchar(16) not null,
  options longtext not null,
  latest_version varchar(255),
  host varchar(255) not null,
  pid int unsigned not null,
  started_at timestamp(6) not null default current_timestamp(6),
  updated_at timestamp(6) not null default current_timestamp(6),
  ended_at timestamp(6) null default null,
  changed int not null default 0,
  unchanged int not null default 0,
  failed int not null default 0,
  not_reached int not null default 0,
  stopped varchar(16),
  resumes bigint,
  resumed_by bigint,
  index kirayedar_runs_of (registry, id)
) ${OPTIONS};
create table if not exists ${tenants} (
  run_id bigint not null,
  tenant_id varbinary(512) not null,
  slug varchar(255) not null,
  outcome varchar(16) not null,
  code varchar(64),
  message varchar(2000),
  noted_at timestamp(6) not null default current_timestamp(6),
  is_settled boolean not null default 0,
  primary key (run_id, tenant_id),
  index kirayedar_run_tenants_open (tenant_id, outcome, is_settled),
  constraint kirayedar_run_tenants_run foreign key (run_id) references ${runs} (id) on delete cascade
) ${OPTIONS}`;
}

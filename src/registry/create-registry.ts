import type { Driver } from "../core/driver.ts";
import type { Registry } from "../core/registry.ts";
import type { Settings } from "../core/settings.ts";
import { noticeChannel } from "./notifications.ts";
import { createRegistryTable, createRunStatement } from "./registry-table.ts";
import { createReadTenant } from "./tenant-row.ts";
import { TenantLookup } from "./tenant-lookup.ts";

/** What a registry is made from. */
export interface RegistryOptions {
  /** Reads for lookups and listens; all else goes over the connection that is given with it. */
  readonly driver: Driver;
  /** The tables, how long lookups are remembered, and the logger. */
  readonly settings: Pick<Settings, "cache" | "logger" | "registry">;
  /** Milliseconds of a clock that never goes back. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

/** Makes the registry of one tenancy. Does no I/O; begins to listen with the first lookup that does. */
export function createRegistry(options: RegistryOptions): Registry {
  const { driver, now = () => performance.now(), settings } = options;
  const { registry: tables } = settings;
  const sql = driver.dialect.registry;
  const statements = sql.statements(tables, noticeChannel(tables));
  const run = createRunStatement(sql, tables);
  const read = createReadTenant(sql, tables);
  const lookup = new TenantLookup({ driver, now, read, run, settings, statements });
  return {
    ...createRegistryTable(statements, tables, run, read),
    close: () => lookup.close(),
    get epoch() {
      return lookup.epoch;
    },
    forget: (tenant) => lookup.forget(tenant),
    lookup: (ref, freshness) => lookup.lookup(ref, freshness),
    lookupDomain: (domain, freshness) => lookup.lookupDomain(domain, freshness),
  };
}

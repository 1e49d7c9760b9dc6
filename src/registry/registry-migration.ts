import type { Dialect } from "../core/dialect.ts";
import type { Migration } from "../core/migrator.ts";
import type { RegistryTables } from "../core/settings.ts";

/** Version of the migration that makes the registry's tables: before every other. */
export const REGISTRY_VERSION = "00000000000000";

/**
 * Returns the global migration that makes the registry's tables, or adds to an application's table
 * what it lacks. Its text may run again at any time, and does no more than is needed. So its checksum is
 * a number that grows when the text has more to make: then the next run brings a registry up to it, and
 * a new extra column does not make it a changed one.
 */
export function registryMigration(
  dialect: Pick<Dialect, "registry">,
  tables: RegistryTables,
): Migration {
  return {
    checksum: "kirayedar_registry_2",
    name: "kirayedar_registry",
    up: dialect.registry.migration(tables),
    version: REGISTRY_VERSION,
  };
}

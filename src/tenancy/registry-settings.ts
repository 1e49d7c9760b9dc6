import type { RegistryColumn, RegistryConfig } from "../core/config.ts";
import type { NameRules } from "../core/names.ts";
import type { RegistryTables } from "../core/settings.ts";
import { checkIdentifier, checkObject, invalidOption } from "./check.ts";
import { singular } from "./singular.ts";

const COLUMNS: readonly RegistryColumn[] = [
  "id",
  "slug",
  "name",
  "schema_name",
  "server",
  "state",
  "version",
  "migrations_digest",
  "created_at",
  "updated_at",
];

/**
 * Checks where the registry is, and fills in the defaults.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export function resolveRegistry(
  config: RegistryConfig | undefined,
  rules: NameRules,
): RegistryTables {
  const given = checkObject("registry", config, [
    "columns",
    "domainsTable",
    "extraColumns",
    "table",
  ]);
  const maxBytes = rules.dialect.maxIdentifierBytes;
  const table = checkIdentifier("registry.table", given.table ?? "tenants", maxBytes);
  const domainsTable = checkIdentifier(
    "registry.domainsTable",
    given.domainsTable ?? `${singular(table)}_domains`,
    maxBytes,
  );
  if (domainsTable === table) {
    throw invalidOption("registry.domainsTable", "is the same as `registry.table`");
  }
  const columns = resolveColumns(given.columns, maxBytes);
  return {
    columns,
    domainsTable,
    extraColumns: resolveExtraColumns(given.extraColumns, columns, maxBytes),
    schema: rules.globalSchema,
    table,
  };
}

function resolveColumns(
  given: RegistryConfig["columns"],
  maxBytes: number,
): Readonly<Record<RegistryColumn, string>> {
  const renamed = checkObject("registry.columns", given, COLUMNS);
  const columns = {} as Record<RegistryColumn, string>;
  const taken = new Set<string>();
  for (const column of COLUMNS) {
    const option = `registry.columns.${column}`;
    const name = checkIdentifier(option, renamed[column] ?? column, maxBytes);
    if (taken.has(name)) throw invalidOption(option, "is the name of another column");
    taken.add(name);
    columns[column] = name;
  }
  return columns;
}

function resolveExtraColumns(
  given: RegistryConfig["extraColumns"],
  columns: Readonly<Record<RegistryColumn, string>>,
  maxBytes: number,
): Readonly<Record<string, string>> {
  const names = Object.keys(given ?? {});
  const extra = checkObject("registry.extraColumns", given, names) as Record<string, unknown>;
  const taken = new Set(Object.values(columns));
  for (const name of names) {
    const option = `registry.extraColumns.${name}`;
    checkIdentifier(option, name, maxBytes);
    if (taken.has(name)) throw invalidOption(option, "is a column that the registry itself needs");
    if (typeof extra[name] !== "string" || extra[name].trim() === "") {
      throw invalidOption(option, "is not an SQL type such as `text`");
    }
  }
  return { ...given };
}

import type { Statement } from "../../core/dialect.ts";
import { slugKey } from "../../core/names.ts";
import type { RegistryStatements } from "../../core/registry-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { list, total } from "./registry-list.ts";
import {
  bytesOf,
  KEYS,
  placeholders,
  type RegistryNames,
  registryNames,
} from "./registry-names.ts";
import { hasId, IS_TENANT, selectRows } from "./registry-rows.ts";

/** The reading half of the registry's statements. */
export function registryReads(
  tables: RegistryTables,
): Pick<RegistryStatements, "count" | "find" | "get" | "list" | "total"> {
  const names = registryNames(tables);
  return {
    count: (states) => count(names, states),
    find: (keys) => find(names, keys),
    get: (ref, lock) => {
      const isSlug = typeof ref === "string";
      const where = isSlug ? `${IS_TENANT} and t.${KEYS.slug} = ?` : hasId(names);
      return {
        params: isSlug ? [slugKey(ref)] : [ref.id, ref.id],
        text: `${selectRows(names)} where ${where}${lock ? " for update" : ""}`,
      };
    },
    list: (filter) => list(names, filter),
    total: (filter) => total(names, filter),
  };
}

/** One arm for each index; joined by `or`, they would make the server read the whole table. */
function find(
  names: RegistryNames,
  { domains, ids, slugKeys }: Parameters<RegistryStatements["find"]>[0],
): Statement {
  const { columns: c, domains: domainsTable, tenants } = names;
  return {
    params: [...ids, ...ids, ...slugKeys, ...domains],
    text: `${selectRows(names)} join (
    select t.${c.id} as found from ${tenants} t where t.${c.id} in (${placeholders(ids)})
      and ${bytesOf(`t.${c.id}`)} in (${placeholders(ids, bytesOf)})
    union select t.${c.id} from ${tenants} t
      where ${IS_TENANT} and t.${KEYS.slug} in (${placeholders(slugKeys)})
    union select d.tenant_id from ${domainsTable} d where d.domain in (${placeholders(domains)})
  ) f on f.found = t.${c.id} where ${IS_TENANT}`,
  };
}

function count(
  { columns: c, tenants }: RegistryNames,
  states: Parameters<RegistryStatements["count"]>[0],
): Statement {
  const columns = (["state", "version", "migrations_digest"] as const).map(
    (column) => `cast(t.${c[column]} as char) as ${column}`,
  );
  const isInStates =
    states === undefined
      ? ""
      : ` and ${bytesOf(`t.${c.state}`)} in (${placeholders(states, bytesOf)})`;
  return {
    params: states ?? [],
    text: `select ${columns.join(", ")}, count(*) as tenants from ${tenants} t
      where ${IS_TENANT}${isInStates} group by 1, 2, 3`,
  };
}

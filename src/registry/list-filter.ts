import type { ListOptions, TenantSort, TotalOptions } from "../core/registry.ts";
import type { RegistryFilter, TotalFilter } from "../core/registry-sql.ts";
import { TENANT_STATES, type TenantState } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { parseCursor } from "./cursor.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
const SORTS: readonly TenantSort[] = ["slug", "name", "createdAt", "updatedAt"];

/**
 * Checks how a list is filtered, sorted and paged.
 *
 * @throws TenancyError `INVALID_QUERY`, `INVALID_CURSOR`
 */
export function parseListOptions(options: ListOptions): Omit<RegistryFilter, "digests"> {
  const { cursor, descending = false, limit = DEFAULT_LIMIT, search, sort = "slug" } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new TenancyError(
      "INVALID_QUERY",
      `\`limit\` is not a whole number from 1 to ${MAX_LIMIT}.`,
    );
  }
  if (!SORTS.includes(sort)) {
    throw new TenancyError("INVALID_QUERY", "`sort` is nothing that a list is sorted by.", {
      remedy: `Use ${SORTS.join(", ")}.`,
    });
  }
  if (typeof descending !== "boolean") {
    throw new TenancyError("INVALID_QUERY", "`descending` is neither `true` nor `false`.");
  }
  const order = { by: sort, isDescending: descending };
  return {
    ...parseTotalOptions(options),
    after: cursor === undefined ? undefined : parseCursor(order, cursor),
    isDescending: descending,
    limit,
    search: parseText("search", search),
    sort,
  };
}

/** Checks which tenants are counted. @throws TenancyError `INVALID_QUERY` */
export function parseTotalOptions({ server, state, version }: TotalOptions): TotalFilter {
  return {
    server: parseText("server", server),
    states: state === undefined ? undefined : parseStates(state),
    version: version === null ? null : parseText("version", version),
  };
}

function parseStates(state: TenantState | readonly TenantState[]): readonly TenantState[] {
  const states = typeof state === "string" ? [state] : state;
  if (!Array.isArray(states) || !states.every((one) => TENANT_STATES.includes(one))) {
    throw new TenancyError("INVALID_QUERY", "`state` has something that is no state.", {
      remedy: `Use ${TENANT_STATES.join(", ")}.`,
    });
  }
  return states;
}

/** PostgreSQL has no text with a NUL in it, and would refuse the whole statement. */
function parseText(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw new TenancyError("INVALID_QUERY", `\`${option}\` is not text that a database can hold.`);
}

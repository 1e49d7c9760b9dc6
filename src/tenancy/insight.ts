import type { Statement } from "../core/dialect.ts";
import type { CreatedOnDay, FleetInsight, TableInsight, TenantSize } from "../core/insight.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { TenantState } from "../core/tenant.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { notFound, parseRef } from "../lifecycle/refs.ts";
import { createRunStatement } from "../registry/registry-table.ts";
import { badOption } from "./fleet-options.ts";
import type { Operations } from "./operations.ts";

/** The part of {@link Tenancy} that looks at the fleet, and at the tables of a tenant. */
export type Insight = Pick<Tenancy, "insight" | "tables">;

const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;
const DEFAULT_LARGEST = 10;
const MAX_LARGEST = 100;
const DAY_MS = 86_400_000;

type Row = Readonly<Record<string, unknown>>;

/** Creates the part of a tenancy that looks at the fleet, and at the tables of a tenant. */
export function createInsight(deps: LifecycleDeps, operations: Operations): Insight {
  const { driver, registry, settings } = deps;
  return {
    insight: async (options = {}) => {
      const { days = DEFAULT_DAYS, largest = DEFAULT_LARGEST } = options;
      checkNumber("days", days, 1, MAX_DAYS);
      checkNumber("largest", largest, 0, MAX_LARGEST);
      return await operations.track(() => readFleet(deps, days, largest));
    },
    tables: async (ref) => {
      const parsed = parseRef(ref, settings.rules);
      return await operations.track(async () => {
        const tenant = await registry.get(pooledQueries(driver), parsed);
        if (tenant === undefined) throw notFound(parsed);
        const rows = await readOneOf(deps, driver.dialect.insight.listTables(tenant.schemaName));
        return rows.map((row) => toTable(deps, row));
      });
    },
  };
}

async function readFleet(
  deps: LifecycleDeps,
  days: number,
  largest: number,
): Promise<FleetInsight> {
  const { driver, registry, settings } = deps;
  const { insight } = driver.dialect;
  const run = createRunStatement(driver.dialect.registry, settings.registry);
  const on = pooledQueries(driver);
  const states: Partial<Record<TenantState, number>> = {};
  for (const { state, tenants } of await registry.count(on)) {
    states[state] = (states[state] ?? 0) + tenants;
  }
  const created = await run<Row>(on, insight.created(settings.registry, days));
  const servers = await run<Row>(on, insight.servers(settings.registry));
  const sizes =
    largest === 0 ? [] : await readOneOf(deps, insight.largest(settings.registry, largest));
  return {
    created: toDays(deps, created, days),
    largest: sizes.map((row) => toSize(deps, row)),
    servers: servers.map((row) => insight.toText(row["server"])),
    states,
  };
}

/** Reads in the first way that is open to the database user; in none, there is nothing to be read. */
async function readOneOf(deps: LifecycleDeps, ways: readonly Statement[]): Promise<Row[]> {
  const { driver } = deps;
  const { insight } = driver.dialect;
  for (const { params, text } of ways) {
    try {
      if (insight.limitWaiting === undefined) {
        return (await driver.query<Row>(GLOBAL_SCOPE, text, params)).rows;
      }
      const first = insight.limitWaiting;
      return await driver.transaction(GLOBAL_SCOPE, async (tx) => {
        await tx.query(first);
        return (await tx.query<Row>(text, params)).rows;
      });
    } catch (error) {
      if (!insight.isRefused(error)) throw error;
    }
  }
  return [];
}

/** The newest day is the server's today; a day that has no row has no tenants. */
function toDays({ driver }: LifecycleDeps, rows: readonly Row[], days: number): CreatedOnDay[] {
  const { toNumber } = driver.dialect.insight;
  const counts = new Map<number, number>();
  let today = 0;
  for (const { day, tenants } of rows) {
    if (tenants === null) today = toNumber(day);
    else counts.set(toNumber(day), toNumber(tenants));
  }
  return Array.from({ length: days }, (_, index) => {
    const day = today - days + 1 + index;
    return {
      day: new Date(day * DAY_MS).toISOString().slice(0, 10),
      tenants: counts.get(day) ?? 0,
    };
  });
}

function toSize({ driver }: LifecycleDeps, row: Row): TenantSize {
  const { toNumber, toText } = driver.dialect.insight;
  return {
    bytes: toNumber(row["bytes"]),
    slug: toText(row["slug"]),
    tables: toNumber(row["tables"]),
  };
}

function toTable({ driver }: LifecycleDeps, row: Row): TableInsight {
  const { toNumber, toText } = driver.dialect.insight;
  const rows = row["estimated_rows"];
  return {
    bytes: toNumber(row["bytes"]),
    estimatedRows: rows === null ? null : toNumber(rows),
    name: toText(row["name"]),
  };
}

function checkNumber(option: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw badOption(option, `is not a whole number from ${min} to ${max}`);
}

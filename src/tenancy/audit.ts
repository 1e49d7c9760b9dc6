import type { AuditFilter } from "../core/audit-sql.ts";
import type { AuditOptions, AuditOutcome, PruneAuditOptions } from "../core/audit.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Tenancy } from "../core/tenancy.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { createRunStatement, type RunStatement } from "../registry/registry-table.ts";
import { type Actors, parseActor } from "./actors.ts";
import { badOption } from "./fleet-options.ts";
import type { Operations } from "./operations.ts";
import { rejecting } from "./rejecting.ts";

/** The part of {@link Tenancy} that says who changed what. */
export type Audit = Pick<Tenancy, "actingAs" | "audit" | "pruneAudit">;

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
const OUTCOMES: readonly AuditOutcome[] = ["begun", "done", "failed"];

/** Entries that one transaction deletes, so that none is long. */
const PRUNED_AT_ONCE = 5000;

/** Longest age that a server can subtract from now: a hundred years. */
const MAX_AGE_MS = 100 * 366 * 86_400_000;

/** Creates the part of a tenancy that says who changed what. */
export function createAudit(deps: LifecycleDeps, operations: Operations, actors: Actors): Audit {
  const { driver, settings } = deps;
  const { audit } = driver.dialect;
  const run: RunStatement = createRunStatement(driver.dialect.registry, settings.registry);

  return {
    actingAs: (actor, fn) =>
      rejecting(() => {
        operations.checkOpen();
        return actors.run({ actor: parseActor(actor) }, fn);
      }),
    audit: async (options = {}) => {
      const filter = parseAuditOptions(options);
      return await operations.track(async () => {
        const more = { ...filter, limit: filter.limit + 1 };
        const rows = await run<Record<string, unknown>>(
          pooledQueries(driver),
          audit.list(settings.registry, more),
        );
        const entries = rows.slice(0, filter.limit).map((row) => audit.read(row));
        const last = rows.length > filter.limit ? entries.at(-1) : undefined;
        return { entries, nextCursor: last === undefined ? undefined : toCursor(last.id) };
      });
    },
    pruneAudit: async (options) => {
      const olderThanMs = parseAge(options);
      return await operations.run("audit.prune", {}, () => prune(deps, run, olderThanMs), {
        details: { olderThanMs },
        outcomeOf: (deleted) => ({ deleted }),
      });
    },
  };
}

async function prune(
  { driver, settings }: LifecycleDeps,
  run: RunStatement,
  olderThanMs: number,
): Promise<number> {
  let total = 0;
  for (;;) {
    const deleted = await driver.transaction(GLOBAL_SCOPE, async (tx) => {
      const { audit } = driver.dialect;
      let rows: { readonly deleted: unknown }[] = [];
      for (const statement of audit.prune(settings.registry, olderThanMs, PRUNED_AT_ONCE)) {
        rows = await run(tx, statement);
      }
      return Number(rows[0]?.deleted ?? 0);
    });
    total += deleted;
    if (deleted < PRUNED_AT_ONCE) return total;
  }
}

function parseAge(options: PruneAuditOptions): number {
  const { olderThanMs } = options;
  const isAge = typeof olderThanMs === "number" && olderThanMs >= 0 && olderThanMs <= MAX_AGE_MS;
  if (isAge) return Math.ceil(olderThanMs);
  throw badOption("olderThanMs", "is not a number of milliseconds, from 0 to a hundred years");
}

/** Checks which entries are asked for. @throws TenancyError `INVALID_QUERY`, `INVALID_CURSOR` */
function parseAuditOptions(options: AuditOptions): AuditFilter {
  const { action, actor, cursor, limit = DEFAULT_LIMIT, outcome, tenant, tenantId } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw badOption("limit", `is not a whole number from 1 to ${MAX_LIMIT}`);
  }
  if (outcome !== undefined && !OUTCOMES.includes(outcome)) {
    throw badOption("outcome", `is none of ${OUTCOMES.join(", ")}`);
  }
  return {
    action: parseText("action", action),
    actor: parseText("actor", actor),
    beforeId: cursor === undefined ? undefined : parseCursor(cursor),
    limit,
    outcome,
    tenant: parseText("tenant", tenant),
    tenantId: parseText("tenantId", tenantId),
  };
}

function parseText(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.length <= 255 && !value.includes("\0")) return value;
  throw badOption(option, "is not text of up to 255 characters");
}

const CURSOR = "audit:";

function toCursor(id: string): string {
  return Buffer.from(CURSOR + id).toString("base64url");
}

function parseCursor(cursor: unknown): string {
  if (typeof cursor === "string" && cursor.length <= 100) {
    const text = Buffer.from(cursor, "base64url").toString();
    const id = text.startsWith(CURSOR) ? text.slice(CURSOR.length) : "";
    if (/^\d{1,18}$/.test(id) && toCursor(id) === cursor) return id;
  }
  throw new TenancyError("INVALID_CURSOR", "The cursor is not one of the audit log.");
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Statement } from "../core/dialect.ts";
import type { Queryable, Session, Transaction } from "../core/driver.ts";
import type { MoveKey, MoveSql, Remake } from "../core/move-sql.ts";
import { slugKey } from "../core/names.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Tenant, TenantState } from "../core/tenant.ts";
import { globalQueries, type LifecycleDeps } from "./deps.ts";
import { Patience } from "../migrate/patience.ts";
import { withPatience } from "./patience.ts";

/** A move under way, as it is written down in the transaction that also marks the tenant. */
export interface Move {
  /** Where everything was. */
  readonly from: string;
  /** Where it is to be. */
  readonly to: string;
  /** What the tenant's slug was. */
  readonly slug: string;
  /** What its state was, and is to be again. */
  readonly state: TenantState;
  /** Whether the tables have moved, so that there is no way back. */
  readonly isMoved: boolean;
  /** Statement that gives the new schema the defaults of the old one; `null` before they are read. */
  readonly alter: string | null;
}

/** A table that is hidden in the old schema until its triggers are gone. */
export interface HiddenTable {
  /** Its name. */
  readonly table: string;
  /** The name under which it waits. */
  readonly hidden: string;
}

/** Everything written down about one move. */
export interface MoveRecord {
  /** The move. */
  readonly move: Move;
  /** What has to be made again, in order. */
  readonly remakes: readonly Remake[];
  /** Tables that are, or may be, hidden. */
  readonly hidden: readonly HiddenTable[];
}

type Entry = { readonly remake: Remake } | { readonly hidden: HiddenTable };

/**
 * Runs writes of a move in one transaction, again when those of other tenants' moves are in its way:
 * what they lock in the journal lies side by side, and they may deadlock.
 */
export function moveWrites<T>(
  {
    deps,
    session,
    tenant,
  }: { readonly deps: LifecycleDeps; readonly session: Session; readonly tenant: Tenant },
  fn: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const patience = new Patience(deps.settings.lockTimeoutMs);
  return withPatience(deps, session, patience, tenant.slug, fn);
}

/** The journal of one tenant's move. */
export class MoveJournal {
  readonly #sql: MoveSql;
  readonly #key: MoveKey;
  /** Where the next entry is written. */
  #next = 1;

  constructor({ settings }: LifecycleDeps, sql: MoveSql, tenantId: string) {
    this.#sql = sql;
    this.#key = { registry: settings.registry.table, schema: settings.registry.schema, tenantId };
  }

  /** Makes the table if it is missing. */
  async create(session: Session): Promise<void> {
    const { journal } = this.#sql;
    const { params, text } = journal.read(this.#key);
    try {
      await session.query(GLOBAL_SCOPE, text, params);
    } catch (error) {
      if (!journal.isMissing(error)) throw error;
      await session.query(GLOBAL_SCOPE, journal.create(this.#key.schema));
    }
  }

  /** Reads what is written down; `undefined` when there is no move. */
  async read(on: Queryable): Promise<MoveRecord | undefined> {
    const { journal } = this.#sql;
    const rows = await run<{ entry: string; position: number | string }>(
      on,
      journal.read(this.#key),
    ).catch((error: unknown) => {
      if (journal.isMissing(error)) return [];
      throw error;
    });
    const [first, ...rest] = rows;
    if (first === undefined) return undefined;
    this.#next = Number(rows.at(-1)?.position) + 1;
    const entries = rest.map(({ entry }) => JSON.parse(entry) as Entry);
    return {
      hidden: entries.flatMap((entry) => ("hidden" in entry ? [entry.hidden] : [])),
      move: JSON.parse(first.entry) as Move,
      remakes: entries.flatMap((entry) => ("remake" in entry ? [entry.remake] : [])),
    };
  }

  /** Writes the move itself. */
  async writeMove(on: Queryable, move: Move): Promise<void> {
    await run(on, this.#sql.journal.write(this.#key, 0, JSON.stringify(move)));
  }

  /** Adds entries. */
  async add(on: Queryable, entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      await run(on, this.#sql.journal.write(this.#key, this.#next, JSON.stringify(entry)));
      this.#next += 1;
    }
  }

  /** Removes the entries, and leaves the move. */
  async clear(on: Queryable): Promise<void> {
    await run(on, this.#sql.journal.remove(this.#key, 1));
    this.#next = 1;
  }

  /** Notes that the name is given up from now on, until {@link waitUntilFree} does not wait for it. */
  async free(on: Queryable, schemaName: string): Promise<void> {
    await run(on, this.#sql.journal.removeFreed(this.#key, 10 * HELD_MS));
    await run(on, this.#sql.journal.writeFreed(this.#key, schemaName));
  }

  /** Removes everything. */
  async remove(on: Queryable): Promise<void> {
    await run(on, this.#sql.journal.remove(this.#key, 0));
  }
}

/**
 * How long a process may know a tenant by a name that it has given up: five seconds between two looks
 * for changes, at most, as many until a look counts as failed, and some time to spare.
 */
const HELD_MS = 11_000;

/**
 * Waits until nobody takes a schema name for another tenant's any more.
 *
 * @param tenantId - who wants the name; may take back its own at once
 */
// ISOLATION: a process that still knows the old owner by it would run its queries in the new owner's
// schema. integration/mysql/rename-freed.test.ts
export async function waitUntilFree(
  deps: LifecycleDeps,
  session: Session,
  schemaName: string,
  tenantId = "",
): Promise<void> {
  const { move } = deps.driver.dialect.schema;
  if (move === undefined) return;
  const { schema, table } = deps.settings.registry;
  const key = { registry: table, schema, tenantId };
  const { journal } = move;
  const [row] = await run<{ age_ms: number | string | null }>(
    globalQueries(session),
    journal.readFreed(key, schemaName),
  ).catch((error: unknown) => {
    if (journal.isMissing(error)) return [];
    throw error;
  });
  const ageMs = row?.age_ms ?? null;
  if (ageMs === null || Number(ageMs) >= HELD_MS) return;
  await sleep(HELD_MS - Math.max(0, Number(ageMs)));
}

/** Returns the id of the tenant that had a slug before its move, which has not ended. */
export async function findMovingTenant(
  deps: LifecycleDeps,
  slug: string,
): Promise<string | undefined> {
  const { schema } = deps.driver.dialect;
  const { move } = schema;
  if (move === undefined) return undefined;
  const { schema: schemaName, table } = deps.settings.registry;
  const rows = await deps.driver.session({}, (session) =>
    run<{ entry: string; tenant_id: string }>(
      globalQueries(session),
      move.journal.list({ registry: table, schema: schemaName }),
    ).catch((error: unknown) => {
      if (move.journal.isMissing(error)) return [];
      throw error;
    }),
  );
  return rows.find(({ entry }) => slugKey((JSON.parse(entry) as Move).slug) === slugKey(slug))
    ?.tenant_id;
}

/** Whether a tenant may have a move under way. */
export function mayBeMoving(deps: LifecycleDeps, { state }: Tenant): boolean {
  const { move } = deps.driver.dialect.schema;
  return move !== undefined && (state === "renaming" || state === "dropping");
}

async function run<Row>(on: Queryable, { params, text }: Statement): Promise<Row[]> {
  return (await on.query<Row>(text, params)).rows;
}

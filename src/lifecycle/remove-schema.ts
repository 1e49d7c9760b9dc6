import type { Session, Transaction } from "../core/driver.ts";
import type { SchemaBatchSql, SchemaObject } from "../core/schema-sql.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import type { LifecycleDeps } from "./deps.ts";
import { Patience } from "../migrate/patience.ts";
import { withPatience } from "./patience.ts";

/**
 * Objects that one transaction drops. Each takes some locks (a table with its indexes about 15), and
 * the server has room for about 12,000 by default, for everybody together.
 */
const BATCH = 100;

/** Objects that one look at the catalogs returns. */
const LISTED = 5_000;

/** Objects that an error names. */
const NAMED = 5;

/** How {@link removeSchema} goes about it. */
export interface RemovalOptions {
  /** Slug, for messages. */
  readonly tenant: string;
  /**
   * Runs in the transaction that ends the schema: what must be true exactly when it is gone. Where
   * DDL commits at once it is a transaction behind that, and a stop in between leaves it to be done.
   */
  readonly atLast?: (tx: Transaction) => Promise<void>;
  /** Hears that something was dropped for good, so that there is no way back. */
  readonly onCommitted?: () => void;
}

/**
 * Removes a schema with everything in it, if it is there.
 *
 * A small one goes in one transaction; of a large one the objects go first, in batches, so that no
 * transaction needs more locks than the server has. May be called again after a stop at any point.
 *
 * @throws TenancyError `SCHEMA_REFERENCED` before anything is dropped; `TENANT_BUSY` when somebody
 *   holds a lock on something in it for too long
 */
export async function removeSchema(
  deps: LifecycleDeps,
  session: Session,
  schemaName: string,
  options: RemovalOptions,
): Promise<void> {
  const { schema } = deps.driver.dialect;
  await checkOutside(deps, session, schemaName, options.tenant);
  const patience = new Patience(deps.settings.lockTimeoutMs);
  const attempt = (fn: (tx: Transaction) => Promise<void>): Promise<void> =>
    withPatience(deps, session, patience, options.tenant, fn);
  if (schema.batches !== undefined) {
    await thinOut(session, schema.batches, schemaName, async (text) => {
      await attempt((tx) => tx.script(text));
      options.onCommitted?.();
    });
  }
  if (deps.driver.dialect.hasTransactionalDdl) {
    await attempt(async (tx) => {
      await tx.script(schema.drop(schemaName));
      await options.atLast?.(tx);
    });
    return;
  }
  try {
    await attempt((tx) => tx.script(schema.drop(schemaName)));
  } catch (error) {
    // A lock that is not free stops it before its beginning; what another error left, nobody knows.
    if (!isTenancyError(error, "TENANT_BUSY")) options.onCommitted?.();
    throw error;
  }
  options.onCommitted?.();
  if (options.atLast !== undefined) await attempt(options.atLast);
}

/** Only what is in the schema is the tenant's; what depends on it may hold everybody's data. */
// ISOLATION: `cascade` drops columns of other schemas that have a type of this one. integration/lifecycle/drop.test.ts
async function checkOutside(
  { driver }: LifecycleDeps,
  session: Session,
  schemaName: string,
  tenant: string,
): Promise<void> {
  const { params, text } = driver.dialect.schema.listOutside(schemaName, NAMED);
  const { rows } = await session.query<{ object: string }>(GLOBAL_SCOPE, text, params);
  if (rows.length === 0) return;
  const objects = rows.map(({ object }) => object).join(", ");
  throw new TenancyError(
    "SCHEMA_REFERENCED",
    `What is not in the schema "${schemaName}" of the tenant "${tenant}" depends on it: ${objects}.`,
    { tenant },
  );
}

/** Drops what is in a large schema, until one transaction has room for the locks of the rest. */
async function thinOut(
  session: Session,
  batches: SchemaBatchSql,
  schemaName: string,
  drop: (text: string) => Promise<void>,
): Promise<void> {
  for (let size = BATCH + 1; ; size = LISTED) {
    const { params, text } = batches.list(schemaName, size);
    const { rows } = await session.query<SchemaObject>(GLOBAL_SCOPE, text, params);
    if (rows.length <= BATCH) return;
    for (let from = 0; from < rows.length; from += BATCH) {
      await drop(batches.drop(rows.slice(from, from + BATCH)));
    }
  }
}

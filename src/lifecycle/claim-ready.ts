import type { Session, Transaction } from "../core/driver.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import type { CreatePlan } from "./create-plan.ts";
import { globalWrites, type LifecycleDeps } from "./deps.ts";
import { ownerOf, readRow, type ReadyRow } from "./ready-pool.ts";
import { findSchema, readyMark, schemaTaken } from "./schema-mark.ts";

/** What is known of a claim while it is made. */
export interface Claim {
  /** Whether the tenant becomes active at once, as nothing has to be done in it. */
  readonly isLast: boolean;
  /** Called before the tenant's row is written. */
  readonly onBegin: () => void;
  /** Called with the row, before anything is committed. */
  readonly onRow: (tenant: Tenant) => void;
}

/**
 * Makes a tenant from a ready-made schema: in one transaction it is taken, gets its row, and, where
 * schemas can be renamed, its name and mark. Elsewhere the tenant keeps the name that the schema has.
 *
 * @returns `undefined` when there is none that fits
 * @throws TenancyError `TENANT_EXISTS`, `SCHEMA_EXISTS`, `DOMAIN_TAKEN`
 */
export async function claimReady(
  deps: LifecycleDeps,
  session: Session,
  { options, tenant: wanted }: CreatePlan,
  claim: Claim,
): Promise<Tenant | undefined> {
  const { driver, migrator, registry, settings } = deps;
  const { ready, schema } = driver.dialect;
  const hasName = schema.rename === undefined && options.schemaName !== undefined;
  if (settings.provisioning.ready === 0 || options.migrate === false || hasName) return undefined;
  const { digest, version } = await migrator.latest("tenant");
  const owner = ownerOf(settings);

  const take = async (tx: Transaction): Promise<Tenant | undefined> => {
    const schemaName = await takeSound(deps, tx, digest);
    if (schemaName === undefined) return undefined;
    if (!ready.isTakenWhole) {
      const remove = ready.remove(owner, schemaName);
      await tx.query(remove.text, remove.params);
    }
    claim.onBegin();
    const name = schema.rename === undefined ? schemaName : wanted.schemaName;
    const isActive = claim.isLast && schema.rename !== undefined;
    const made = await registry.insert(tx, {
      ...wanted,
      made: { digest, isActive, version },
      schemaName: name,
    });
    claim.onRow(made);
    if (schema.rename !== undefined) {
      const rename = `${schema.rename(schemaName, name)}; ${schema.mark(name, made.id)}`;
      await tx.script(rename).catch((error: unknown) => {
        throw schema.isTaken(error) ? schemaTaken(wanted, error) : error;
      });
    }
    return made;
  };

  const taken = await globalWrites(session, take).catch((error: unknown) => {
    // Others are at the same rows; there is another way.
    if (schema.isLockConflict(error)) return undefined;
    throw error;
  });
  if (taken !== undefined && schema.rename === undefined) {
    const mark = schema.mark(taken.schemaName, taken.id);
    await session.transaction(GLOBAL_SCOPE, (tx) => tx.script(mark));
  }
  return taken;
}

/**
 * Takes a ready-made schema that is there. One that is not, or that is somebody's, is never handed out,
 * and is struck off by the next refill.
 */
// ISOLATION: where the registry was restored, a tenant may have it since. integration/lifecycle/ready.test.ts
async function takeSound(
  deps: LifecycleDeps,
  tx: Transaction,
  digest: string,
): Promise<string | undefined> {
  const { ready } = deps.driver.dialect;
  const owner = ownerOf(deps.settings);
  const take = ready.take(owner, digest, readyMark(""));
  for (;;) {
    const [row] = (await tx.query<ReadyRow>(take.text, take.params)).rows;
    if (row === undefined) return undefined;
    const { schemaName } = readRow(row);
    if (ready.isTakenWhole) return schemaName;
    const { tenantId } = await findSchema(deps, tx, schemaName);
    if (tenantId === readyMark(schemaName)) return schemaName;
    const { params, text } = ready.change(owner, schemaName, false);
    await tx.query(text, params);
  }
}

import type { Session, Transaction } from "../core/driver.ts";
import type { NewTenant, Registry } from "../core/registry.ts";
import type { Tenant } from "../core/tenant.ts";
import { globalQueries, globalWrites, type LifecycleDeps } from "./deps.ts";
import { changedMeanwhile } from "./refs.ts";
import { removeSchema } from "./remove-schema.ts";
import { findSchema, readyMark } from "./schema-mark.ts";

/**
 * Takes up a creation whose process died: removes the schema if it was made for this row, and gives
 * the row what is asked for now. The id stays.
 *
 * @returns the row, in state `provisioning`
 */
export async function takeUp(
  deps: LifecycleDeps,
  session: Session,
  found: Tenant,
  wanted: NewTenant,
): Promise<Tenant> {
  const { registry } = deps;
  await removeLeftover(deps, session, found);
  return await globalWrites(session, async (tx) => {
    await replaceDomains(registry, tx, found, wanted.domains);
    const { extra, name, schemaName, slug } = wanted;
    const taken = await registry.update(
      tx,
      found.id,
      {
        extra,
        migrationsDigest: null,
        name,
        schemaName,
        slug,
        state: "provisioning",
        version: null,
      },
      ["provisioning", "failed"],
    );
    if (taken === undefined) throw changedMeanwhile(found);
    return taken;
  });
}

/**
 * Removes the schema of an unfinished tenant, unless it was made by somebody else: between the row
 * and its schema, a process may have died and another program have taken the name.
 *
 * A blank one is ours too: it was not there when the row was made, and its maker died before it
 * could mark it. If it was another program's after all, nothing is lost with it.
 */
// ISOLATION: without the mark, a foreign schema of that name is dropped. integration/lifecycle/create-failure.test.ts
export async function removeLeftover(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
  atLast?: (tx: Transaction) => Promise<void>,
): Promise<void> {
  const schema = await findSchema(deps, globalQueries(session), tenant.schemaName);
  // One that was ready-made bears its own mark until it has its tenant's.
  const isOurs = [tenant.id, readyMark(tenant.schemaName)].includes(schema.tenantId ?? "");
  if (isOurs || schema.isBlank) {
    await removeSchema(deps, session, tenant.schemaName, {
      tenant: tenant.slug,
      ...(atLast && { atLast }),
    });
  } else if (atLast !== undefined) {
    await globalWrites(session, atLast);
  }
}

async function replaceDomains(
  registry: Registry,
  tx: Transaction,
  { domains, id }: Tenant,
  wanted: readonly string[],
): Promise<void> {
  for (const domain of domains) {
    if (!wanted.includes(domain)) await registry.removeDomain(tx, id, domain);
  }
  for (const domain of wanted) {
    if (!domains.includes(domain)) await registry.addDomain(tx, id, domain, false);
  }
  const [primary] = wanted;
  if (primary !== undefined) await registry.setPrimaryDomain(tx, id, primary);
}

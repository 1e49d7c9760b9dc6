import type { Session } from "../core/driver.ts";
import type { SchemaHistory } from "../core/migrator.ts";
import type { Tenant } from "../core/tenant.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";
import { globalQueries, type LifecycleDeps } from "../lifecycle/deps.ts";
import { type Kind, kindOf } from "./fleet-kinds.ts";
import { DEFAULT_CONCURRENCY } from "./fleet-options.ts";
import { readSelection, type FleetSelection } from "./fleet-selection.ts";

/** Tenants that are read before they are told of; sessions are given back then. */
const PAGE = 200;

/** What a tenant's own history says. */
export interface Verified {
  readonly tenant: Tenant;
  /** Its newest version; as the registry has it, where the history cannot be read. */
  readonly version: string | null;
  readonly kind: Kind | undefined;
  /** Whether the registry says something else. */
  readonly isMismatched: boolean;
  /** Why it could not be read. */
  readonly error: unknown;
}

/** Reads the history of every tenant, many on one connection: one round trip each. */
export async function* verifyTenants(
  deps: LifecycleDeps,
  selection: FleetSelection,
): AsyncGenerator<Verified, void, undefined> {
  let page: Tenant[] = [];
  for await (const tenant of readSelection(deps, selection)) {
    page.push(tenant);
    if (page.length < PAGE) continue;
    yield* await verifyPage(deps, page);
    page = [];
  }
  yield* await verifyPage(deps, page);
}

/** @returns them in their order, without those that are gone */
async function verifyPage(deps: LifecycleDeps, tenants: readonly Tenant[]): Promise<Verified[]> {
  const verified: (Verified | undefined)[] = [];
  const left = tenants.entries();
  const reader = (): Promise<void> =>
    deps.driver.session({}, async (session) => {
      for (const [index, tenant] of left) verified[index] = await verify(deps, session, tenant);
    });
  const readers = Array.from({ length: Math.min(DEFAULT_CONCURRENCY, tenants.length) }, reader);
  for (const each of await Promise.allSettled(readers)) {
    if (each.status === "rejected") throw each.reason;
  }
  return verified.filter((each) => each !== undefined);
}

async function verify(
  deps: LifecycleDeps,
  session: Session,
  listed: Tenant,
): Promise<Verified | undefined> {
  try {
    const seen = await compare(deps, session, listed);
    if (!seen.isMismatched) return seen;
  } catch (error) {
    if (isConnectionFailure(error)) throw error;
  }
  // It may have been migrated, renamed or dropped since it was listed.
  const tenant = await deps.registry.get(globalQueries(session), { id: listed.id });
  if (tenant === undefined) return undefined;
  try {
    return await compare(deps, session, tenant);
  } catch (error) {
    if (isConnectionFailure(error)) throw error;
    return { error, isMismatched: false, kind: undefined, tenant, version: tenant.version };
  }
}

async function compare(
  { migrator }: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<Verified> {
  const history = await migrator.history(session, tenant);
  return {
    error: undefined,
    isMismatched: !isAsNoted(tenant, history),
    kind: kindOf(history.migrations),
    tenant,
    version: history.version,
  };
}

function isAsNoted(
  { migrationsDigest, version }: Tenant,
  { migrations, ...history }: SchemaHistory,
): boolean {
  const isEmpty = migrations.every(({ state }) => state === "pending");
  if (isEmpty && migrationsDigest === null) return version === null;
  return version === history.version && migrationsDigest === history.migrationsDigest;
}

import { randomBytes } from "node:crypto";
import type { Session } from "../core/driver.ts";
import type { LatestMigrations } from "../core/migrator.ts";
import type { ReadyOwner, ReadySchema } from "../core/ready-sql.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";
import type { Refilled } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { compareVersions } from "../migrate/discover.ts";
import { globalWrites, type LifecycleDeps } from "./deps.ts";
import { migrateNewSchema } from "./migrate-new.ts";
import { readyMark } from "./schema-mark.ts";
import { removeLeftover } from "./take-up.ts";

/**
 * Brings the ready-made schemas up to date and to their number: removes those that were made by other
 * migrations, or not to their end, and makes what is missing.
 *
 * A row that may not be handed out is written before its schema is made, and before it is removed; so
 * that what a process leaves that died in between is found. Only who holds the lock makes or removes.
 *
 * @param isStopped - whether no more shall be made
 * @returns `undefined` if somebody else is at it
 * @throws TenancyError `MIGRATION_FAILED`; `INVALID_CONFIG` when the migrations cannot be prepared
 */
export async function refillReady(
  deps: LifecycleDeps,
  isStopped: () => boolean,
): Promise<Refilled | undefined> {
  try {
    return await deps.driver.session(
      { lock: lockNameOf(deps.settings), lockTimeoutMs: 0 },
      (session) => refillLocked(deps, session, isStopped),
    );
  } catch (error) {
    if (isTenancyError(error, "TENANT_BUSY")) return undefined;
    throw error;
  }
}

async function refillLocked(
  deps: LifecycleDeps,
  session: Session,
  isStopped: () => boolean,
): Promise<Refilled> {
  const { migrator, settings } = deps;
  const wanted = settings.provisioning.ready;
  const latest = await migrator.latest("tenant");
  if (wanted > 0) await checkPreparable(deps);
  const found = await listReady(deps, session);
  const isGood = (schema: ReadySchema): boolean =>
    schema.isReady && schema.digest === latest.digest;
  const good = found.filter(isGood).slice(0, wanted);
  // While a new version is rolled out, what its processes have made is not for us, and not ours to remove.
  const isNewer = ({ version }: ReadySchema): boolean =>
    version !== null && compareVersions(version, latest.version ?? "") > 0;
  const bad = found.filter(
    (schema) => !good.includes(schema) && !(schema.isReady && isNewer(schema) && wanted > 0),
  );
  let removed = 0;
  for (const { schemaName } of bad)
    removed += (await removeReady(deps, session, schemaName)) ? 1 : 0;
  let made = 0;
  while (good.length + made < wanted && !isStopped()) {
    await makeReady(deps, session, latest);
    made += 1;
  }
  return { made, ready: good.length + made, removed };
}

/** Lists the ready-made schemas of this registry, the oldest first. */
export async function listReady(
  { driver, settings }: LifecycleDeps,
  session: Session,
): Promise<ReadySchema[]> {
  const { params, text } = driver.dialect.ready.list(ownerOf(settings), readyMark(""));
  const { rows } = await session.query<ReadyRow>(GLOBAL_SCOPE, text, params);
  return rows.map(readRow);
}

/** A row as client libraries return it. */
export interface ReadyRow {
  readonly schema_name: string;
  readonly digest: string;
  readonly version: string | null;
  readonly is_ready: unknown;
}

/** Reads a row, whatever a client library makes of truth. */
export function readRow(row: ReadyRow): ReadySchema {
  return {
    digest: row.digest,
    isReady: Boolean(Number(row.is_ready)),
    schemaName: row.schema_name,
    version: row.version,
  };
}

function lockNameOf({ registry }: Settings): string {
  return `kirayedar:ready:${registry.schema}.${registry.table}`;
}

/** Whose the ready-made schemas are: two registries in one schema may have other migrations. */
export function ownerOf({ registry }: Pick<Settings, "registry">): ReadyOwner {
  return { registry: registry.table, schema: registry.schema };
}

/** Makes up a name that no tenant gets by its slug, as none begins with an underscore. */
function newReadyName({ rules: { dialect, tenantPrefix } }: Settings): string {
  const own = `_${randomBytes(8).toString("hex")}`;
  // The server would cut a name that is too long, and not tell.
  return (tenantPrefix.length + own.length <= dialect.maxIdentifierBytes ? tenantPrefix : "") + own;
}

/**
 * What is prepared must be what every tenant gets: text is the same for all of them, a function may not
 * be. @throws TenancyError `INVALID_CONFIG`
 */
async function checkPreparable({ migrator }: LifecycleDeps): Promise<void> {
  const migrations = await migrator.list("tenant");
  const odd = migrations.find(({ up }) => typeof up !== "string");
  if (odd === undefined) return;
  throw new TenancyError(
    "INVALID_CONFIG",
    `The migration ${odd.version}_${odd.name} is a function, so that no tenants can be made ready by \`provisioning.ready\`.`,
    { remedy: "Write it as SQL, or leave the option out." },
  );
}

async function makeReady(
  deps: LifecycleDeps,
  session: Session,
  latest: LatestMigrations,
): Promise<void> {
  const { driver, migrator, settings } = deps;
  const { ready, schema } = driver.dialect;
  const owner = ownerOf(settings);
  const name = newReadyName(settings);
  const fake = fakeTenant(name);
  await globalWrites(session, (tx) => run(tx, ready.add(owner, { ...latest, schemaName: name })));
  try {
    const first = schema.create(name, fake.id);
    const isComplete = await migrateNewSchema(deps, session, fake, first);
    if (!isComplete) await migrator.migrate(session, fake);
    await checkNameless(deps, session, name);
    await globalWrites(session, (tx) => run(tx, ready.change(owner, name, true)));
  } catch (error) {
    // If this fails too the row stays, and says that it is to be removed.
    await removeReady(deps, session, name).catch(() => undefined);
    throw error;
  }
}

/** @returns whether it was there */
async function removeReady(
  deps: LifecycleDeps,
  session: Session,
  schemaName: string,
): Promise<boolean> {
  const { ready } = deps.driver.dialect;
  const owner = ownerOf(deps.settings);
  await globalWrites(session, (tx) => run(tx, ready.change(owner, schemaName, false)));
  // Whoever had taken it has committed by now, and it is a tenant's.
  const isLeft = (await listReady(deps, session)).some((left) => left.schemaName === schemaName);
  if (!isLeft) return false;
  await removeLeftover(deps, session, fakeTenant(schemaName), (tx) =>
    run(tx, ready.remove(owner, schemaName)),
  );
  return true;
}

/** A function that has the schema's name in its text would look for it when the name is another. */
async function checkNameless(
  { driver }: LifecycleDeps,
  session: Session,
  schemaName: string,
): Promise<void> {
  const statement = driver.dialect.ready.listNaming?.(schemaName);
  if (statement === undefined) return;
  const { params, text } = statement;
  const { rows } = await session.query<{ object: string }>(GLOBAL_SCOPE, text, params);
  const [first] = rows;
  if (first === undefined) return;
  throw new TenancyError(
    "INVALID_CONFIG",
    `The migrations write the schema's own name into ${first.object}, so that no tenants can be made ready by \`provisioning.ready\`.`,
    { remedy: "Leave the name out where the search path finds it, or leave the option out." },
  );
}

/** What a schema is migrated as before it has a tenant. */
function fakeTenant(schemaName: string): Tenant {
  const never = new Date(0);
  return Object.freeze({
    createdAt: never,
    domains: [],
    extra: {},
    id: readyMark(schemaName),
    migrationsDigest: null,
    name: null,
    schemaName,
    server: "default",
    slug: schemaName,
    state: "provisioning",
    updatedAt: never,
    version: null,
  });
}

async function run(
  tx: Parameters<Parameters<typeof globalWrites>[1]>[0],
  { params, text }: { readonly params: readonly unknown[]; readonly text: string },
): Promise<void> {
  await tx.query(text, params);
}

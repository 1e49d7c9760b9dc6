import { randomUUID } from "node:crypto";
import type { DiffReference } from "../core/drift.ts";
import type { Session } from "../core/driver.ts";
import { scopeOf } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import type { SchemaPicture } from "./compare-schemas.ts";
import { MADE_UP_SLUG, newReferenceName, referenceLock, referenceMark } from "./reference-name.ts";
import { readSchema, readTenant, requestOf, withLockLimit } from "./read-schema.ts";
import { removeLeftovers, removeReference } from "./remove-reference.ts";

/** What tenants are compared with. */
export interface Reference {
  /** What it holds. */
  readonly picture: SchemaPicture;
  /** What is told of it. */
  readonly about: DiffReference;
  /** Fingerprint of its migrations, as `Tenant.migrationsDigest` has it. */
  readonly digest: string | null;
}

/** Takes a tenant's own schema as the reference. @throws as `readTenant` */
export async function referenceOf(deps: LifecycleDeps, tenant: Tenant): Promise<Reference> {
  const picture = await deps.driver.session({}, (session) =>
    withLockLimit(deps, session, () => readTenant(deps, session, tenant)),
  );
  const { migrationsDigest, slug, version } = tenant;
  return {
    about: { source: "tenant", tenant: slug, version },
    digest: migrationsDigest,
    picture,
  };
}

/**
 * Makes a new schema with all tenant migrations, reads it, and leaves nothing of it.
 *
 * In a transaction that is rolled back, nobody else ever sees it, and a process that dies leaves
 * nothing. Where a migration refuses a transaction, or the engine has none for such statements, it is
 * a schema that is dropped afterwards; what a process that died has left goes with the next one.
 *
 * @throws MigrationError if a migration fails in a new schema
 */
export async function makeReference(deps: LifecycleDeps): Promise<Reference> {
  await removeLeftovers(deps);
  const { digest, version } = await deps.migrator.latest("tenant");
  const rolledBack = deps.driver.dialect.hasTransactionalDdl
    ? await readRolledBack(deps)
    : undefined;
  const picture = rolledBack ?? (await readDropped(deps));
  const source = rolledBack === undefined ? "schema" : "transaction";
  return { about: { source, tenant: null, version }, digest, picture };
}

/** Ends a transaction that has done what it was for. */
class RolledBack extends Error {}

/** @returns `undefined` if not all migrations can be run in a transaction */
async function readRolledBack(deps: LifecycleDeps): Promise<SchemaPicture | undefined> {
  const { dialect } = deps.driver;
  const tenant = makeUp(newReferenceName(deps.settings));
  let picture: SchemaPicture | undefined;
  await deps.driver.session({}, async (session) => {
    const attempt = session.transaction(
      scopeOf(tenant),
      async (tx) => {
        const { complete } = await deps.migrator.migrateNew(tx, tenant);
        if (complete) {
          const run = tx.query.bind(tx);
          const request = requestOf(deps, tenant.schemaName);
          picture = await readSchema(dialect, ({ params, text }) => run(text, params), request);
        }
        throw new RolledBack();
      },
      { first: createSql(deps, tenant) },
    );
    await attempt.catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  });
  return picture;
}

async function readDropped(deps: LifecycleDeps): Promise<SchemaPicture> {
  const tenant = makeUp(newReferenceName(deps.settings));
  // ISOLATION: who holds it says that the schema is in use; another run would remove it half-made.
  // integration/drift/leftovers.test.ts
  const lock = referenceLock(tenant.schemaName);
  try {
    return await deps.driver.session({ lock }, async (session) => {
      await makeSchema(deps, session, tenant);
      return await readTenant(deps, session, tenant);
    });
  } finally {
    await removeReference(deps, tenant.schemaName);
  }
}

async function makeSchema(deps: LifecycleDeps, session: Session, tenant: Tenant): Promise<void> {
  const { migrator } = deps;
  const { complete } = await session.transaction(
    scopeOf(tenant),
    (tx) => migrator.migrateNew(tx, tenant),
    { first: createSql(deps, tenant) },
  );
  if (!complete) await migrator.migrate(session, tenant);
}

function createSql({ driver, settings }: LifecycleDeps, { schemaName }: Tenant): string {
  return driver.dialect.schema.create(schemaName, referenceMark(settings));
}

/** A tenant that is in no registry: migrations that are functions are told of one. */
function makeUp(schemaName: string): Tenant {
  const now = new Date();
  return Object.freeze({
    createdAt: now,
    domains: [],
    extra: {},
    id: randomUUID(),
    migrationsDigest: null,
    name: null,
    schemaName,
    server: "default",
    slug: MADE_UP_SLUG,
    state: "provisioning",
    updatedAt: now,
    version: null,
  } satisfies Tenant);
}

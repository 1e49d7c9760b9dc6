import { GLOBAL_SCOPE } from "../core/scope.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { globalQueries, type LifecycleDeps } from "../lifecycle/deps.ts";
import { removeSchema } from "../lifecycle/remove-schema.ts";
import { findSchema } from "../lifecycle/schema-mark.ts";
import { MADE_UP_SLUG, referenceLock, referenceMark, referencePrefix } from "./reference-name.ts";

/**
 * Removes the schemas that comparisons left behind whose process died. One that is in use has its lock
 * held; a lock that is free says that its owner is gone. What cannot be removed is logged, and is no
 * reason not to compare.
 */
export async function removeLeftovers(deps: LifecycleDeps): Promise<void> {
  const { driver, settings } = deps;
  const { params, text } = driver.dialect.introspect.list(referencePrefix(settings));
  const { rows } = await driver.session({}, (session) =>
    session.query<{ name: unknown }>(GLOBAL_SCOPE, text, params),
  );
  for (const { name } of rows) await removeReference(deps, String(name));
}

/** Removes a schema that nobody uses any more. Never throws. */
export async function removeReference(deps: LifecycleDeps, schemaName: string): Promise<void> {
  const lock = referenceLock(schemaName);
  try {
    await deps.driver.session({ lock, lockTimeoutMs: 0 }, async (session) => {
      // ISOLATION: a schema that only has such a name is somebody's. integration/drift/leftovers.test.ts
      const found = await findSchema(deps, globalQueries(session), schemaName);
      const isOurs = found.tenantId === referenceMark(deps.settings) || found.isBlank;
      if (isOurs) await removeSchema(deps, session, schemaName, { tenant: MADE_UP_SLUG });
    });
  } catch (error) {
    if (isTenancyError(error, "TENANT_BUSY")) return;
    const { code } = error as { readonly code?: unknown };
    deps.settings.logger.warn({ code, schemaName }, "reference schema not removed");
  }
}

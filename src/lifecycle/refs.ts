import { type NameRules, parseSlug } from "../core/names.ts";
import type { Tenant, TenantRef, TenantState } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/**
 * Checks what a caller calls a tenant by, and returns it without anything else that came with it.
 *
 * @throws TenancyError `INVALID_TENANT_ID`
 */
export function parseRef(ref: TenantRef, rules: NameRules): TenantRef {
  if (typeof ref === "string") return parseSlug(ref, rules);
  const id: unknown = (ref as { id?: unknown } | null | undefined)?.id;
  if (typeof id !== "string" || id === "") {
    throw new TenancyError("INVALID_TENANT_ID", "The tenant is neither a slug nor has it an id.", {
      remedy: "Pass a slug, `{ id }`, or a tenant.",
    });
  }
  return { id };
}

/** Returns what a message calls a tenant by. */
export function labelOf(ref: TenantRef): string {
  return typeof ref === "string" ? ref : ref.id;
}

/** Returns the error for a tenant that is not there. */
export function notFound(ref: TenantRef): TenancyError {
  const named = typeof ref === "string" ? `"${ref}"` : `with the id "${ref.id}"`;
  return new TenancyError("TENANT_NOT_FOUND", `There is no tenant ${named}.`, {
    tenant: labelOf(ref),
  });
}

/** Returns the error for a tenant whose state does not allow an operation. */
export function wrongState(tenant: Tenant, operation: string): TenancyError {
  return new TenancyError(
    "INVALID_STATE",
    `The tenant "${tenant.slug}" is ${describeState(tenant.state)} and cannot be ${operation}.`,
    { remedy: remedyFor(tenant.state), tenant: tenant.slug },
  );
}

/** Returns what to do about a tenant in this state, where that is not what the error's code says. */
export function remedyFor(state: TenantState): string | undefined {
  return state === "renaming"
    ? "Wait until it has ended, or repeat `rename` if it was interrupted."
    : undefined;
}

/** Returns the error for a tenant whose row changed although its lock was held. */
export function changedMeanwhile(tenant: Tenant): TenancyError {
  return new TenancyError(
    "INVALID_STATE",
    `The row of the tenant "${tenant.slug}" was changed by hand during the operation.`,
    { remedy: "Look at the tenant, and repeat the operation.", tenant: tenant.slug },
  );
}

const DESCRIPTIONS: Readonly<Record<TenantState, string>> = {
  active: "active",
  archived: "archived",
  dropping: "being dropped",
  failed: "half-made",
  maintenance: "in maintenance",
  provisioning: "still being made",
  renaming: "being renamed",
  suspended: "suspended",
};

/** Returns a state as it reads in a sentence, after "is". */
export function describeState(state: TenantState): string {
  return DESCRIPTIONS[state];
}

import { TenancyError } from "../errors/tenancy-error.ts";
import type { Scope } from "./scope.ts";
import type { Tenant } from "./tenant.ts";

const SLOT = Symbol.for("kirayedar.records");

/** One memory for every copy of this package in the process, as an ORM's records are shared too. */
function origins(): WeakMap<object, Scope> {
  const holder = globalThis as { [SLOT]?: WeakMap<object, Scope> };
  return (holder[SLOT] ??= new WeakMap<object, Scope>());
}

/** Remembers in which scope a record was loaded or saved. The record itself is not touched. */
export function rememberOrigin(record: object, scope: Scope): void {
  origins().set(record, scope);
}

/**
 * Returns the tenant in whose scope an ORM loaded or saved a record; `null` for the global scope, and
 * `undefined` for a record of which nobody knows, such as one that was just made.
 */
export function tenantOf(record: object): Tenant | null | undefined {
  const scope = origins().get(record);
  if (scope === undefined) return undefined;
  return scope.kind === "tenant" ? scope.tenant : null;
}

/**
 * Refuses a record that was loaded in another scope than the one that it is to be written in.
 *
 * @param what - what the record is, such as `"User"`, for the message
 * @throws TenancyError `WRONG_TENANT`
 */
export function checkOrigin(record: object, scope: Scope | undefined, what: string): void {
  const origin = origins().get(record);
  // ISOLATION: a record has the same keys in every tenant, so writing it elsewhere changes the row of
  // another customer. unit/core/records.test.ts
  if (origin === undefined || scope === undefined || isSame(origin, scope)) return;
  throw new TenancyError(
    "WRONG_TENANT",
    `A record of ${what} was loaded in ${inWords(origin)}, and written in ${inWords(scope)}.`,
    { tenant: scope.kind === "tenant" ? scope.tenant.slug : undefined },
  );
}

/** Whether both scopes are the same schema, whatever has changed of the tenant meanwhile. */
function isSame(one: Scope, other: Scope): boolean {
  if (one.kind === "global" || other.kind === "global") return one.kind === other.kind;
  return one.tenant.id === other.tenant.id;
}

function inWords(scope: Scope): string {
  return scope.kind === "tenant" ? `the tenant "${scope.tenant.slug}"` : "the global scope";
}

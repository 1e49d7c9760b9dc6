import type { Scope } from "../../../core/scope.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";

/**
 * What a job carries of the scope that it is to run in. A tenant is named by its id: a slug may change
 * until the job runs, and may be another tenant's by then.
 */
export type JobMark = { readonly tenant: string } | { readonly global: true };

/** The mark of the global scope. */
export const GLOBAL_MARK: JobMark = Object.freeze({ global: true });

/** Field of a payload, or of a job's options, that holds its mark. */
export const MARK_FIELD = "kirayedar";

/** Returns the mark of a scope. */
export function markOf(scope: Scope): JobMark {
  return scope.kind === "tenant" ? { tenant: scope.tenant.id } : GLOBAL_MARK;
}

/** Reads a mark; `undefined` if there is none. @throws TenancyError `TENANT_REQUIRED` if it is malformed */
export function parseMark(value: unknown): JobMark | undefined {
  if (value === undefined) return undefined;
  const { global, tenant } = (value ?? {}) as { readonly global?: unknown; tenant?: unknown };
  // ISOLATION: a mark that says two things would be read in two ways. unit/integrations/jobs/mark.test.ts
  if (global === true && tenant === undefined) return GLOBAL_MARK;
  if (global === undefined && typeof tenant === "string" && tenant !== "") return { tenant };
  throw new TenancyError("TENANT_REQUIRED", `The field "${MARK_FIELD}" of a job is malformed.`, {
    remedy: "Enqueue it again with what `kirayedar` offers for this queue.",
  });
}

/**
 * Puts a mark into a payload. An object keeps its fields, so that it can still be searched for and read
 * in a dashboard; anything else is kept inside the mark.
 *
 * @throws TenancyError `INVALID_QUERY` for a payload that has the mark's own field
 */
export function wrapPayload(payload: unknown, mark: JobMark): Record<string, unknown> {
  if (!isPlainObject(payload)) return { [MARK_FIELD]: { ...mark, payload: payload ?? null } };
  // ISOLATION: a payload often is what a client sent, and must not choose the tenant. unit/integrations/jobs/mark.test.ts
  if (MARK_FIELD in payload) {
    const fact = `The payload of a job has a field "${MARK_FIELD}", which is reserved for its tenant.`;
    throw new TenancyError("INVALID_QUERY", fact, { remedy: "Rename the field." });
  }
  return { ...payload, [MARK_FIELD]: mark };
}

/** What {@link unwrapPayload} found. */
export interface Unwrapped {
  /** The mark, unchecked; `undefined` if there is none. */
  readonly mark: unknown;
  /** The payload as it was enqueued. */
  readonly payload: unknown;
}

/** Takes the mark out of what a queue has stored. */
export function unwrapPayload(stored: unknown): Unwrapped {
  if (!isPlainObject(stored) || !(MARK_FIELD in stored))
    return { mark: undefined, payload: stored };
  const { [MARK_FIELD]: carried, ...payload } = stored;
  if (!isPlainObject(carried) || !("payload" in carried)) return { mark: carried, payload };
  const { payload: inner, ...mark } = carried;
  return { mark, payload: inner };
}

/**
 * Returns a job's key in a space that all tenants share: without the tenant, the job of one would
 * replace, delay or suppress that of another with the same key. Those of the global scope stay, but for
 * those that look like a tenant's.
 */
// ISOLATION: one tenant's job would overwrite another's. integration/jobs/graphile-worker.test.ts
export function keyFor(mark: JobMark, key: string): string {
  // ISOLATION: with a tenant's id in it, a key of the global scope would name that tenant's job. No id
  // becomes `_`. unit/integrations/jobs/mark.test.ts
  if (!("tenant" in mark)) return LIKE_TENANTS.test(key) ? `_.${key}` : key;
  // Only what every queue allows in a key, and reversible, as ids may be of any form.
  const id = mark.tenant.replaceAll(
    /[^A-Za-z0-9-]/g,
    (character) => `_${character.charCodeAt(0).toString(16)}_`,
  );
  return `${id}.${key}`;
}

const LIKE_TENANTS = /^[\w-]*\./;

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  // What says how it is to be stored is stored so.
  return isPlain && typeof (value as { toJSON?: unknown }).toJSON !== "function";
}

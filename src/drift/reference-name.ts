import { randomBytes } from "node:crypto";
import { REFERENCE_KEY_LENGTH, REFERENCE_MARK } from "../core/names.ts";
import type { RegistryTables, Settings } from "../core/settings.ts";
import { shortHash } from "../internal/short-hash.ts";

/** What the migrations are told that their tenant is called. */
export const MADE_UP_SLUG = "diff-reference";

/** Hexadecimal digits that are different each time. */
const RANDOM_DIGITS = 8;

/**
 * Begins the names of the schemas that one registry's comparisons make. With the tenants' prefix, as a
 * database user may have no rights but on names that begin with it; with what tells registries apart,
 * which share a server, and whose locks do not know of each other.
 */
export function referencePrefix({ registry, rules }: Settings): string {
  const { dialect, tenantPrefix } = rules;
  const own = REFERENCE_MARK + keyOf(registry);
  const room = dialect.maxIdentifierBytes - own.length - RANDOM_DIGITS;
  return (tenantPrefix.length <= room ? tenantPrefix : "") + own;
}

/** Returns a name for a schema that is made to be compared with; nobody else has it. */
export function newReferenceName(settings: Settings): string {
  return referencePrefix(settings) + randomBytes(RANDOM_DIGITS / 2).toString("hex");
}

/** Returns what such a schema is marked with, in place of a tenant's id. */
export function referenceMark({ registry }: Pick<Settings, "registry">): string {
  return `reference ${keyOf(registry)}`;
}

/** Returns the name of the lock that whoever uses such a schema holds. */
export function referenceLock(schemaName: string): string {
  return `kirayedar:reference:${schemaName}`;
}

function keyOf({ schema, table }: RegistryTables): string {
  return shortHash(JSON.stringify([schema, table])).slice(-REFERENCE_KEY_LENGTH);
}

import { TenancyError } from "../errors/tenancy-error.ts";
import type { Scope } from "./scope.ts";

/** One part of a key or a path. A number stands for its decimal digits. */
export type KeyPart = string | number | bigint;

/** Longest key, in characters, which are all ASCII. */
export const MAX_KEY_LENGTH = 1024;

/** What stands for itself in a key: nothing that a separator, a glob or a protocol gives a meaning. */
const PLAIN = /^[\w.@-]*$/;
const OTHERS = /[^\w.@-]/gu;

/**
 * Returns the key of something that belongs to a scope, such as `tenant:<id>:sessions:42`.
 *
 * No two scopes or lists of parts have the same key: what is not a letter or digit of ASCII, `_`, `.`,
 * `@` or `-` is written as the `%XX` of its UTF-8 bytes.
 *
 * @throws TenancyError `INVALID_KEY` without parts, for one that is neither text nor a whole number,
 *   and for a key of more than 1,024 characters
 */
export function keyOf(scope: Scope, parts: readonly KeyPart[]): string {
  if (parts.length === 0) throw invalid("A key has at least one part.");
  // ISOLATION: unescaped, a part could hold the separator, and name what belongs to another.
  // unit/core/tenant-key.test.ts
  const key = prefixOf(scope) + parts.map((part) => escape(textOf(part, "INVALID_KEY"))).join(":");
  if (key.length > MAX_KEY_LENGTH) {
    throw invalid(`A key has ${key.length} characters; ${MAX_KEY_LENGTH} are allowed.`);
  }
  return key;
}

/**
 * Returns what all keys of a tenant begin with, and no others: to remove them when the tenant is
 * dropped. `null` is the global scope.
 *
 * There is nothing in it that a glob has a meaning for, so that with a `*` behind it, it is a pattern
 * for Redis' `SCAN MATCH`.
 */
export function keyPrefixOf(tenant: { readonly id: string } | null): string {
  // ISOLATION: by the id, which no other tenant ever has; a slug is given to another one after a drop
  // or a rename. unit/core/tenant-key.test.ts
  return tenant === null ? "global:" : `tenant:${escape(tenant.id)}:`;
}

/**
 * Returns the text of a part.
 *
 * @throws TenancyError with `code`: an id that is missing would make one key of many
 */
export function textOf(part: unknown, code: "INVALID_KEY" | "INVALID_PATH"): string {
  if (typeof part === "string") return part;
  if (typeof part === "bigint" || Number.isSafeInteger(part)) return String(part);
  const kind = part === null ? "null" : typeof part;
  throw new TenancyError(code, `A part of type ${kind} is neither text nor a whole number.`);
}

function prefixOf(scope: Scope): string {
  return keyPrefixOf(scope.kind === "tenant" ? scope.tenant : null);
}

function escape(text: string): string {
  return PLAIN.test(text) ? text : text.replace(OTHERS, escapeCharacter);
}

function escapeCharacter(character: string): string {
  // Half of a surrogate pair has no bytes in UTF-8: all of them would be the same.
  if (!character.isWellFormed()) return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return Array.from(new TextEncoder().encode(character), percent).join("");
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function invalid(fact: string): TenancyError {
  return new TenancyError("INVALID_KEY", fact);
}

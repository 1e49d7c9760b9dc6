import { TenancyError } from "../errors/tenancy-error.ts";
import type { Scope } from "./scope.ts";
import { type KeyPart, textOf } from "./tenant-key.ts";

/** Longest path, in bytes of UTF-8: what S3 allows. */
export const MAX_PATH_BYTES = 1024;

/** Longest part, in bytes of UTF-8: what Linux allows for a name; no other system allows less. */
export const MAX_NAME_BYTES = 255;

/** Separators, drive letters, streams, wildcards and what Windows forbids beside them. */
const FORBIDDEN = /[/\\:*?"<>|]/;

/** Characters that some file systems and code pages take for a separator, or for a drive's colon. */
const LOOKALIKES = /[\u00a5\u20a9\u2044\u2215\u2216\u2236\u29f5\u29f8\u29f9]/;

/** Control characters, halves of pairs, private ones, and those that change what is shown. */
const INVISIBLE =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u;

/** What somebody behind may decode. */
const ENCODED = /%(?:[0-9a-f]{2}|u[0-9a-f]{4})/i;

/** Windows' devices, whatever stands behind a full stop. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9])\s*(?:\.|$)/i;

/**
 * Returns the path of something that belongs to a scope, such as `tenants/<id>/uploads/name.pdf`:
 * relative, with `/` between its parts, and never outside of the scope's folder. It can be a path
 * of files on any system, and a key of S3 and its like.
 *
 * Each part is one name. It is brought into NFC, and otherwise taken as it is or refused.
 *
 * @throws TenancyError `INVALID_PATH` for a part that is no plain name, without parts, and for what is
 *   too long
 */
export function pathOf(scope: Scope, parts: readonly KeyPart[]): string {
  if (parts.length === 0) throw invalid("A path has at least one part.");
  const folder = folderOf(scope.kind === "tenant" ? scope.tenant : null);
  const path = folder + parts.map((part) => parseName(textOf(part, "INVALID_PATH"))).join("/");
  if (byteLength(path) > MAX_PATH_BYTES) {
    throw invalid(`A path is longer than ${MAX_PATH_BYTES} bytes.`);
  }
  return path;
}

/**
 * Returns the folder that all paths of a tenant are in, and no others, with a `/` at its end: to remove
 * it when the tenant is dropped. `null` is the global scope.
 */
export function folderOf(tenant: { readonly id: string } | null): string {
  return tenant === null ? "global/" : `tenants/${escapeId(tenant.id)}/`;
}

/**
 * Ids of an existing table may be anything, and some file systems do not tell upper case from lower.
 * What is not plain is written as the hexadecimal digits of its UTF-8 bytes, or code unit, after `=`.
 */
// ISOLATION: the folders of `a` and `A`, or of `..`, would be somebody else's. unit/core/tenant-path.test.ts
function escapeId(id: string): string {
  if (id === "") return "=";
  const name = id.replaceAll(/[^a-z0-9_-]/gu, (character) => {
    if (!character.isWellFormed()) return `=u${character.charCodeAt(0).toString(16)}`;
    const bytes = new TextEncoder().encode(character);
    return Array.from(bytes, (byte) => `=${byte.toString(16).padStart(2, "0")}`).join("");
  });
  const safe = DEVICE.test(name) ? `=${name.charCodeAt(0).toString(16)}${name.slice(1)}` : name;
  if (byteLength(safe) > MAX_NAME_BYTES) throw invalid("The tenant's id is too long for a folder.");
  return safe;
}

/** Returns a name in the form in which it is stored. @throws TenancyError `INVALID_PATH` */
function parseName(text: string): string {
  const name = text.normalize("NFC");
  // What a system that folds full-width and similar characters would make of it.
  const folded = name.normalize("NFKC");
  const visible = folded.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "");
  // ISOLATION: each of these could name a file outside of the tenant's folder. unit/core/tenant-path.test.ts
  if (FORBIDDEN.test(folded) || LOOKALIKES.test(name)) {
    throw invalid("A part of a path holds a separator, a drive or a wildcard.");
  }
  if (INVISIBLE.test(name)) throw invalid("A part of a path holds a character that is not shown.");
  if (ENCODED.test(folded)) throw invalid("A part of a path is percent-encoded.");
  if (/^[.\s]*$/.test(visible)) throw invalid("A part of a path is empty, or nothing but dots.");
  if (/[.\s]$/.test(visible) || /^\s/.test(visible)) {
    throw invalid("A part of a path begins or ends with white space, or ends with a dot.");
  }
  if (DEVICE.test(visible)) throw invalid("A part of a path is the name of a device on Windows.");
  if (byteLength(name) > MAX_NAME_BYTES) {
    throw invalid(`A part of a path is longer than ${MAX_NAME_BYTES} bytes.`);
  }
  return name;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function invalid(fact: string): TenancyError {
  return new TenancyError("INVALID_PATH", fact);
}

import { createHash } from "node:crypto";

/** Stands for the fingerprint of a history in which a migration is applied, or undone, halfway. */
export const PARTIAL_DIGEST = "partial";

/** What of a migration the fingerprint is made from. */
interface Applied {
  readonly version: string;
  readonly checksum: string;
}

/**
 * Returns the fingerprint of a set of migrations: SHA-256, in hexadecimal, of the lines
 * `version:checksum`, in the order of the versions' bytes. Two schemas that have the same had the same migrations
 * applied, from files that were the same; the server can compute it from the history.
 */
export function digestOf(applied: Iterable<Applied>): string {
  // Versions are digits, so that the order of UTF-16 units is that of bytes.
  const lines = [...applied]
    .toSorted((a, b) => (a.version < b.version ? -1 : 1))
    .map(({ checksum, version }) => `${version}:${checksum}`);
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

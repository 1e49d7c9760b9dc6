const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/**
 * Returns 13 characters (`0-9a-z`) that are always the same for the same text; for names that are
 * derived from longer ones. Not for secrets.
 *
 * @see http://www.isthe.com/chongo/tech/comp/fnv/ (FNV-1a, 64 bits)
 */
export function shortHash(text: string): string {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  }
  return hash.toString(36).padStart(13, "0");
}

import { TenancyError } from "../errors/tenancy-error.ts";

const VERSION = "1:";

/** Makes the cursor of the page behind the slug with this key. */
export function toCursor(key: string): string {
  return Buffer.from(VERSION + key).toString("base64url");
}

/**
 * Returns the key that a cursor was made from.
 *
 * @throws TenancyError `INVALID_CURSOR` for anything that {@link toCursor} did not return
 */
export function parseCursor(cursor: unknown): string {
  if (typeof cursor === "string" && cursor.length <= 1000) {
    const text = Buffer.from(cursor, "base64url").toString();
    const key = text.slice(VERSION.length);
    const isOurs = text.startsWith(VERSION) && key !== "" && !key.includes("\0");
    // Decoding skips what is not base64 and mends what is not UTF-8; encoding again shows it.
    if (isOurs && toCursor(key) === cursor) return key;
  }
  throw new TenancyError("INVALID_CURSOR", "The cursor is not one of this list.");
}

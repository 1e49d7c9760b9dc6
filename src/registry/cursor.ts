import type { TenantSort } from "../core/registry.ts";
import type { ListPosition } from "../core/registry-sql.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/** Which list a cursor is of. */
export interface CursorOrder {
  /** What the list is sorted by. */
  readonly by: TenantSort;
  /** Whether the last one comes first. */
  readonly isDescending: boolean;
}

const VERSION = "2:";

/** More than any that is made: a value of 100 characters and a slug of 255, as JSON writes them. */
const MAX_LENGTH = 4000;

/** Makes the cursor of the page behind a tenant, in one order. */
export function toCursor({ by, isDescending }: CursorOrder, { key, value }: ListPosition): string {
  const parts = [isDescending ? `-${by}` : by, key, ...(by === "slug" ? [] : [value])];
  return Buffer.from(VERSION + JSON.stringify(parts)).toString("base64url");
}

/**
 * Returns the position that a cursor was made from.
 *
 * @throws TenancyError `INVALID_CURSOR` for anything that {@link toCursor} did not return for this order
 */
export function parseCursor(order: CursorOrder, cursor: unknown): ListPosition {
  const position = typeof cursor === "string" ? read(cursor) : undefined;
  // Decoding skips what is not base64 and mends what is not UTF-8; encoding again shows it, as it does
  // another order.
  if (position !== undefined && toCursor(order, position) === cursor) return position;
  throw invalidCursor();
}

/** Returns the error for a cursor that leads nowhere. */
export function invalidCursor(cause?: unknown): TenancyError {
  return new TenancyError("INVALID_CURSOR", "The cursor is not one of this list, in this order.", {
    cause,
  });
}

function read(cursor: string): ListPosition | undefined {
  if (cursor.length > MAX_LENGTH) return undefined;
  const text = Buffer.from(cursor, "base64url").toString();
  if (!text.startsWith(VERSION)) return undefined;
  try {
    const [, key, value = null] = JSON.parse(text.slice(VERSION.length)) as readonly unknown[];
    const isKey = typeof key === "string" && key !== "" && !key.includes("\0");
    const isValue = value === null || (typeof value === "string" && !value.includes("\0"));
    return isKey && isValue ? { key, value } : undefined;
  } catch {
    return undefined;
  }
}

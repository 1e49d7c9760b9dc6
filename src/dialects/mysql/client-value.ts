/** Reads text, which a client library may be told to return as bytes. */
export function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return typeof value === "string" ? value : (value as { toString(): string }).toString();
}

/** Reads a number, which may come as text, as bytes, as a bigint, or as a library's own class. */
export function toNumber(value: unknown): number {
  return typeof value === "number" ? value : Number(toText(value));
}

/** Reads what the engines have instead of a boolean. */
export function toBoolean(value: unknown): boolean {
  return typeof value === "boolean" ? value : toNumber(value) !== 0;
}

/**
 * Reads seconds since 1970: a moment, whatever the time zone of the session is, and whatever the
 * client library takes it for.
 */
export function toDate(seconds: unknown): Date {
  return new Date(Math.round(toNumber(seconds) * 1000));
}

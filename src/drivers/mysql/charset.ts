import { TenancyError } from "../../errors/tenancy-error.ts";

/** Any character that two character sets may write in two ways. */
const BEYOND_ASCII = /[^\0-\u007f]/;

/** Whether this is the name of a character set, or a collation, in which every character can be written. */
export function isUtf8(charset: string): boolean {
  return /^utf-?8/i.test(charset);
}

/**
 * Refuses to write anything but UTF-8. In other character sets the client libraries write characters
 * that these lack as others: in `latin1` U+0127 as a quote and U+013B as a semicolon, which no escaping
 * of values has seen.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export function checkCharset(charset: unknown, option: string, driver: string): void {
  // ISOLATION: a value would end its string, and begin a statement. unit/drivers/mysql/charset.test.ts
  if (charset === undefined || charset === null) return;
  if (typeof charset === "string" && isUtf8(charset)) return;
  throw new TenancyError(
    "INVALID_CONFIG",
    `The option \`${option}\` of \`${driver}\` names another character set than UTF-8.`,
    { remedy: "Leave it out: the server converts to the character sets of your tables." },
  );
}

/** Whether a text, or a value to be written into one, has characters beyond ASCII, or may have. */
export function isBeyondAscii(value: unknown): boolean {
  if (typeof value === "string") return BEYOND_ASCII.test(value);
  if (typeof value !== "object" || value === null) return typeof value === "function";
  if (value instanceof Date || value instanceof Uint8Array) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  return !isPlain || Object.entries(value).some((pair) => pair.some(isBeyondAscii));
}

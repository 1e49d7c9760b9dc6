import { TenancyError } from "../errors/tenancy-error.ts";

/** Returns the error for an option of a call that has a wrong value; the value itself is never shown. */
export function badOption(name: string, fact: string): TenancyError {
  return new TenancyError("INVALID_QUERY", `The option \`${name}\` ${fact}.`);
}

/** Checks a whole number from 1 to `max`, and fills in the default. @throws TenancyError `INVALID_QUERY` */
export function checkCount(
  name: string,
  value: number | undefined,
  { fallback, max }: { readonly fallback: number; readonly max: number },
): number {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw badOption(name, `is not a whole number from 1 to ${max}`);
}

/** Checks an `AbortSignal`. @throws TenancyError `INVALID_QUERY` */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined && typeof signal?.aborted !== "boolean") {
    throw badOption("signal", "is not an `AbortSignal`");
  }
}

import { TenancyError } from "../errors/tenancy-error.ts";

/** Returns the error for an option that has a wrong value; the value itself is never shown. */
export function invalidOption(option: string, fact: string, cause?: unknown): TenancyError {
  return new TenancyError("INVALID_CONFIG", `The option \`${option}\` ${fact}.`, { cause });
}

/** Checks that a value is a plain object with no other keys than these, and returns it. */
export function checkObject<T extends object>(
  option: string,
  value: T | undefined,
  keys: readonly string[],
): Partial<T> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidOption(option, "is not an object");
  }
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) {
      const known = keys.map((name) => `\`${name}\``).join(", ");
      throw invalidOption(`${option}.${key}`, `is not known; there are ${known}`);
    }
  }
  return value;
}

/** Checks a number within bounds, and fills in the default. */
export function checkNumber(
  option: string,
  value: unknown,
  bounds: { readonly fallback: number; readonly min: number; readonly integer?: boolean },
): number {
  if (value === undefined) return bounds.fallback;
  const isGood =
    typeof value === "number" &&
    Number.isFinite(value) &&
    value >= bounds.min &&
    (bounds.integer !== true || Number.isSafeInteger(value));
  if (!isGood) {
    const kind = bounds.integer === true ? "a whole number" : "a number";
    throw invalidOption(option, `is not ${kind} of ${bounds.min} or more`);
  }
  return value;
}

/** Checks a boolean, and fills in the default. */
export function checkBoolean(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean") throw invalidOption(option, "is neither `true` nor `false`");
  return value;
}

/** Checks a list. */
export function checkArray(option: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidOption(option, "is not an array");
  return value;
}

/** Checks the name of a table, column or schema. */
export function checkIdentifier(option: string, value: unknown, maxBytes: number): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (typeof value !== "string" || value === "" || /[\u0000-\u001f\u007f]/.test(value)) {
    throw invalidOption(option, "is not a name");
  }
  // Longer ones are cut by the server, and would then be another table's.
  if (!value.isWellFormed() || new TextEncoder().encode(value).length > maxBytes) {
    throw invalidOption(option, `is longer than ${maxBytes} bytes`);
  }
  return value;
}

/** Checks that a value has methods of these names. */
export function checkMethods(option: string, value: unknown, methods: readonly string[]): void {
  const object = value as Record<string, unknown> | null | undefined;
  for (const method of methods) {
    if (typeof object?.[method] !== "function") {
      throw invalidOption(option, `has no method \`${method}\``);
    }
  }
}

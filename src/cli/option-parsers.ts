import { InvalidArgumentError } from "commander";
import { TENANT_STATES, type TenantState } from "../core/tenant.ts";

const MAX_RATE = 1_000_000;

/** Parses a whole number from 1 to `max`. */
export function positiveInteger(max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < 1 || number > max) {
      const upTo = max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`;
      throw new InvalidArgumentError(`It must be a whole number from 1${upTo || " up"}.`);
    }
    return number;
  };
}

/** Parses how many may fail: a whole number, or a share such as `5%`. */
export function failureLimit(text: string): number | `${number}%` {
  if (/^\d+$/.test(text)) return Number(text);
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) <= 100) return `${Number(percent)}%`;
  throw new InvalidArgumentError("It must be a whole number, or a share such as 5%.");
}

const SPANS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
};

/** Parses a span of time, such as `90s`, `30m`, `12h` or `7d`, into milliseconds. */
export function timeSpan(text: string): number {
  const [, number, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const length = SPANS[unit];
  if (number !== undefined && length !== undefined) return Number(number) * length;
  throw new InvalidArgumentError("It must be a span of time such as 90s, 30m, 12h or 7d.");
}

/** Parses a number above 0, such as `0.5`. */
export function rate(text: string): number {
  const number = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && number > 0 && number <= MAX_RATE) return number;
  throw new InvalidArgumentError(`It must be a number above 0, and no larger than ${MAX_RATE}.`);
}

/** Parses states with commas between them; the option may be repeated. */
export function states(text: string, previous?: readonly TenantState[]): readonly TenantState[] {
  const parsed = text.split(",").map((word) => {
    const state = TENANT_STATES.find((known) => known === word.trim());
    if (state === undefined) {
      throw new InvalidArgumentError(`Allowed are ${TENANT_STATES.join(", ")}.`);
    }
    return state;
  });
  return [...(previous ?? []), ...parsed];
}

/** Parses words with commas between them; the option may be repeated. */
export function words(text: string, previous?: readonly string[]): readonly string[] {
  const parsed = text.split(",").map((word) => word.trim());
  if (parsed.includes("")) throw new InvalidArgumentError("A name is missing.");
  return [...(previous ?? []), ...parsed];
}

/** Parses `column=value`; the option may be repeated. The value may hold further `=`. */
export function assignment(
  text: string,
  previous?: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must look like column=value.");
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

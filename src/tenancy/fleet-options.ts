import type { FleetOptions } from "../core/fleet.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/** Tenants at a time, unless told otherwise. */
export const DEFAULT_CONCURRENCY = 4;

/** More would only wait in line: for connections, of which no server has as many. */
const MAX_CONCURRENCY = 1_000;

/** How many tenants may fail: so many, or so many of a hundred. */
export type FailureLimit = { readonly count: number } | { readonly percent: number };

/** Returns the error for an option of a run that has a wrong value. */
export function badOption(name: string, fact: string): TenancyError {
  return new TenancyError("INVALID_QUERY", `The option \`${name}\` ${fact}.`);
}

/** Checks how a run goes about it. @throws TenancyError `INVALID_QUERY` */
export function checkFleetOptions(options: FleetOptions): void {
  const { concurrency, onProgress, perSecond, signal } = options;
  const isCount = Number.isInteger(concurrency) && Number(concurrency) >= 1;
  if (concurrency !== undefined && !(isCount && concurrency <= MAX_CONCURRENCY)) {
    throw badOption("concurrency", `is not a whole number from 1 to ${MAX_CONCURRENCY}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw badOption("onProgress", "is not a function");
  }
  const isRate = typeof perSecond === "number" && perSecond > 0 && perSecond <= 1_000_000;
  if (perSecond !== undefined && !isRate) {
    throw badOption("perSecond", "is not a number above 0");
  }
  if (signal !== undefined && typeof signal?.aborted !== "boolean") {
    throw badOption("signal", "is not an `AbortSignal`");
  }
  parseFailureLimit(options.maxFailures);
}

/** Reads how many tenants may fail; `undefined` for any number. @throws TenancyError `INVALID_QUERY` */
export function parseFailureLimit(given: FleetOptions["maxFailures"]): FailureLimit | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "number" && Number.isInteger(given) && given >= 0) return { count: given };
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(String(given)) ?? [];
  if (percent !== undefined && Number(percent) <= 100) return { percent: Number(percent) };
  throw badOption("maxFailures", 'is neither a whole number nor a share such as "5%"');
}

import { LRUCache } from "lru-cache";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";

/** How long nobody tries again after a failure; doubled by each that follows. */
const FIRST_PAUSE_MS = 5_000;

/** The longest pause between two attempts. */
const LONGEST_PAUSE_MS = 60_000;

/** A server that was not there says nothing about the tenant. */
const UNREACHABLE_PAUSE_MS = 1_000;

/** A failure that is remembered, and what the tenant was at after it. */
interface Setback {
  readonly digest: string | null;
  readonly error: unknown;
  readonly pauseMs: number;
  readonly until: number;
}

/** Remembers which tenants could not be migrated, so that not every request tries again. */
export class Setbacks {
  readonly #byId: LRUCache<string, Setback>;
  readonly #now: () => number;

  /** @param now - milliseconds of a clock that never goes back */
  constructor(maxEntries: number, now: () => number = () => performance.now()) {
    this.#byId = new LRUCache({ max: maxEntries });
    this.#now = now;
  }

  /** Returns the failure after which it is too early to try again. */
  of({ id, migrationsDigest }: Tenant): { readonly error: unknown } | undefined {
    const setback = this.#byId.get(id);
    // Who was migrated, or rolled back, by somebody else since then is looked at anew.
    const isAboutIt = setback !== undefined && setback.digest === migrationsDigest;
    return isAboutIt && setback.until > this.#now() ? setback : undefined;
  }

  /** @param digest - what the tenant is at now, after the failure */
  note(id: string, digest: string | null, error: unknown): void {
    const before = this.#byId.get(id);
    const isRepeated = before !== undefined && before.digest === digest;
    let pauseMs = isRepeated ? Math.min(before.pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    if (isUnreachable(error)) pauseMs = UNREACHABLE_PAUSE_MS;
    this.#byId.set(id, { digest, error, pauseMs, until: this.#now() + pauseMs });
  }

  /** Forgets a tenant's failures. */
  clear(id: string): void {
    this.#byId.delete(id);
  }
}

/** Whether it was the server that failed, and not what was asked of it. */
export function isUnreachable(error: unknown): boolean {
  return isTenancyError(error, "DATABASE_UNAVAILABLE") || isConnectionFailure(error);
}

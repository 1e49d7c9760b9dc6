import { TenancyError } from "../../errors/tenancy-error.ts";
import { RequestError } from "../api/problem.ts";

/** How many changes a person may make. */
export interface RateLimit {
  /** In the long run. Default 60. */
  readonly perMinute?: number;
  /** At once, after a pause. Default 20. */
  readonly burst?: number;
}

/** People who are remembered before those that have not been seen for long are forgotten. */
const MOST_PEOPLE = 1000;

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Counts changes: a bucket of tokens for each person, in the memory of this process. */
export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #burst: number;
  readonly #perMs: number;
  readonly #now: () => number;

  /** @throws TenancyError `INVALID_CONFIG` */
  constructor(limit: RateLimit | undefined, now: () => number = () => performance.now()) {
    const { burst = 20, perMinute = 60 } = limit ?? {};
    for (const [name, value] of Object.entries({ burst, perMinute })) {
      if (Number.isFinite(value) && value > 0 && (name !== "burst" || value >= 1)) continue;
      throw new TenancyError("INVALID_CONFIG", `\`rateLimit.${name}\` is no number above 0.`);
    }
    this.#burst = burst;
    this.#perMs = perMinute / 60_000;
    this.#now = now;
  }

  /** Takes one token of a person. @throws RequestError `RATE_LIMITED`, with `Retry-After` */
  take(person: string): void {
    const now = this.#now();
    const { filledAt, tokens } = this.#buckets.get(person) ?? {
      filledAt: now,
      tokens: this.#burst,
    };
    const filled = Math.min(this.#burst, tokens + (now - filledAt) * this.#perMs);
    const isEmpty = filled < 1;
    // Put behind the others, so that the first is who has not been seen for the longest time.
    this.#buckets.delete(person);
    this.#buckets.set(person, { filledAt: now, tokens: isEmpty ? filled : filled - 1 });
    this.#forget();
    if (!isEmpty) return;
    const seconds = Math.ceil((1 - filled) / this.#perMs / 1000);
    throw new RequestError("RATE_LIMITED", `Too many changes; try again in ${seconds} s.`, {
      "retry-after": String(seconds),
    });
  }

  #forget(): void {
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_PEOPLE && oldest !== undefined) this.#buckets.delete(oldest);
  }
}

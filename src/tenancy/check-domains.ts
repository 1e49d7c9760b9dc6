import type { DomainRow } from "../core/domain-sql.ts";
import type {
  CheckDomainsOptions,
  CheckDomainsResult,
  DomainCheck,
  DomainOutcome,
} from "../core/domains.ts";
import { badOption, checkCount, checkSignal } from "../internal/call-options.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { listDue } from "../lifecycle/domain-claims.ts";
import type { Operations } from "./operations.ts";
import { recheck } from "./recheck-domain.ts";
import { workThrough } from "./work-through.ts";

const DEFAULT_CONCURRENCY = 8;
const MAX_CONCURRENCY = 1000;

/** Domains that are read at a time. */
const PAGE = 500;

/** Looks again at the verified domains. @throws TenancyError `INVALID_QUERY` for a bad option */
export async function checkEveryDomain(
  deps: LifecycleDeps,
  operations: Operations,
  options: CheckDomainsOptions = {},
): Promise<CheckDomainsResult> {
  checkOptions(options);
  return await operations.track(() => new Check(deps, operations, options).toResult());
}

function checkOptions(options: CheckDomainsOptions): void {
  const { concurrency, limit, olderThanMs = 0, onProgress, signal } = options;
  checkCount("concurrency", concurrency, { fallback: DEFAULT_CONCURRENCY, max: MAX_CONCURRENCY });
  checkCount("limit", limit, { fallback: 1, max: Number.MAX_SAFE_INTEGER });
  checkSignal(signal);
  if (!Number.isFinite(olderThanMs) || olderThanMs < 0) {
    throw badOption("olderThanMs", "is not a number of 0 or more");
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw badOption("onProgress", "is not a function");
  }
}

/** One check of the verified domains; holds those that are not well. */
class Check {
  readonly #deps: LifecycleDeps;
  readonly #operations: Operations;
  readonly #options: CheckDomainsOptions;
  readonly #counts: Record<DomainOutcome, number> = {
    failing: 0,
    lapsed: 0,
    unknown: 0,
    verified: 0,
  };
  readonly #domains: DomainCheck[] = [];
  #done = 0;
  #total = 0;
  #isLeft = false;

  constructor(deps: LifecycleDeps, operations: Operations, options: CheckDomainsOptions) {
    this.#deps = deps;
    this.#operations = operations;
    this.#options = options;
  }

  async toResult(): Promise<CheckDomainsResult> {
    const { concurrency = DEFAULT_CONCURRENCY } = this.#options;
    const startedAt = performance.now();
    await workThrough(this.#due(), {
      concurrency,
      isStopped: () => this.#isStopped(),
      leave: () => void (this.#isLeft = true),
      work: (due) => this.#work(due),
    });
    return {
      counts: this.#counts,
      domains: this.#domains,
      done: this.#done,
      durationMs: performance.now() - startedAt,
      ok: this.#counts.lapsed === 0 && !this.#isLeft,
      stopped: this.#isLeft,
    };
  }

  /** Each look moves its domain behind the others, so that the next page has other ones. */
  async *#due(): AsyncGenerator<DomainRow, void, undefined> {
    const { concurrency = DEFAULT_CONCURRENCY, limit = Infinity, olderThanMs = 0 } = this.#options;
    const seen = new Set<string>();
    for (;;) {
      // Those in hand are still among the first.
      const rows = await listDue(this.#deps, { limit: PAGE + concurrency, olderThanMs });
      this.#total ||= Math.min(limit, rows[0]?.total ?? 0);
      const fresh = rows.filter(({ domain }) => !seen.has(domain));
      if (fresh.length === 0) return;
      for (const row of fresh) {
        if (seen.size >= limit) return;
        if (this.#isStopped()) {
          this.#isLeft = true;
          return;
        }
        seen.add(row.domain);
        yield row;
      }
    }
  }

  #isStopped(): boolean {
    return this.#operations.isClosed || this.#options.signal?.aborted === true;
  }

  async #work(row: DomainRow): Promise<void> {
    const check = await recheck(this.#deps, this.#operations, row);
    this.#done += 1;
    this.#counts[check.outcome] += 1;
    if (check.outcome !== "verified") this.#domains.push(check);
    const total = Math.max(this.#done, this.#total);
    this.#options.onProgress?.({ done: this.#done, last: check, total });
  }
}

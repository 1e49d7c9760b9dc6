import type {
  AfterError,
  ForEachItem,
  ForEachOptions,
  ForEachResult,
  ReportOptions,
} from "../core/reports.ts";
import { scopeOf } from "../core/scope.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { badOption, checkCount, checkSignal } from "../internal/call-options.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { notFound } from "../lifecycle/refs.ts";
import { queryAll, type ReportDeps } from "../reports/query-all.ts";
import {
  planTenants,
  readAgain,
  readTenants,
  refusalOf,
  type TenantSelection,
} from "./select-tenants.ts";
import type { Operations } from "./operations.ts";
import { workThrough } from "./work-through.ts";

const DEFAULT_CONCURRENCY = 4;
/** More would only wait in line: for connections, of which no server has as many. */
const MAX_CONCURRENCY = 1_000;

/** The part of {@link Tenancy} that does the application's own work in all tenants. */
export type EveryTenant = Pick<Tenancy, "forEachTenant" | "queryAll">;

type Work<T> = (tenant: Tenant) => T | PromiseLike<T>;

/** Creates the part of a tenancy that does the application's own work in all tenants. */
export function createEveryTenant(deps: LifecycleDeps, operations: Operations): EveryTenant {
  return {
    forEachTenant: async <T>(fn: Work<T>, options: ForEachOptions<Awaited<T>> = {}) => {
      checkForEach(fn, options);
      const selection = planTenants(options.where, deps.settings);
      return await operations.track(() =>
        new Run<T>(deps, operations, { fn, options, selection }).toResult(),
      );
    },
    queryAll: <Row>(text: string, params?: readonly unknown[], options: ReportOptions = {}) => {
      operations.checkOpen();
      const { where, ...how } = options;
      const selection = planTenants(where, deps.settings);
      const report: ReportDeps = {
        driver: deps.driver,
        tenants: {
          read: () => readTenants(deps, selection),
          readAgain: (tenant) => readAgain(deps, selection, tenant),
          refusal: (tenant) => refusalOf(tenant, selection),
        },
        track: (part) => operations.track(part),
      };
      return queryAll<Row>(report, text, params, how);
    },
  };
}

function checkForEach<T>(fn: Work<T>, options: ForEachOptions<Awaited<T>>): void {
  if (typeof fn !== "function")
    throw new TenancyError("INVALID_QUERY", "There is no function to run.");
  const { concurrency, onError, onProgress, signal } = options;
  checkCount("concurrency", concurrency, { fallback: DEFAULT_CONCURRENCY, max: MAX_CONCURRENCY });
  checkSignal(signal);
  const isKnown = [undefined, "continue", "stop"].includes(onError as string | undefined);
  if (!isKnown && typeof onError !== "function") {
    throw badOption("onError", 'is neither "continue", "stop" nor a function');
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw badOption("onProgress", "is not a function");
  }
}

/** What a {@link Run} does, and where. */
interface Plan<T> {
  readonly fn: Work<T>;
  readonly options: ForEachOptions<Awaited<T>>;
  readonly selection: TenantSelection;
}

/** One run through the tenants; holds what has failed, and nothing of what went well. */
class Run<T> {
  readonly #deps: LifecycleDeps;
  readonly #operations: Operations;
  readonly #plan: Plan<T>;
  readonly #failed: Extract<ForEachItem, { ok: false }>[] = [];
  readonly #left: string[] = [];
  #done = 0;
  #total = 0;
  #isStopped = false;

  constructor(deps: LifecycleDeps, operations: Operations, plan: Plan<T>) {
    this.#deps = deps;
    this.#operations = operations;
    this.#plan = plan;
  }

  async toResult(): Promise<ForEachResult> {
    const { options, selection } = this.#plan;
    const startedAt = performance.now();
    if (options.onProgress !== undefined) this.#total = await this.#count();
    await workThrough(readTenants(this.#deps, selection), {
      concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
      isStopped: () =>
        this.#isStopped || this.#operations.isClosed || options.signal?.aborted === true,
      leave: ({ slug }) => void this.#left.push(slug),
      work: (tenant) => this.#work(tenant),
    });
    return {
      done: this.#done,
      durationMs: performance.now() - startedAt,
      failed: this.#failed,
      notReached: this.#left.toSorted(),
      ok: this.#failed.length === 0 && this.#left.length === 0,
    };
  }

  async #count(): Promise<number> {
    let total = 0;
    for await (const _ of readTenants(this.#deps, this.#plan.selection)) total += 1;
    return total;
  }

  async #work(listed: Tenant): Promise<void> {
    const item = await this.#enter(listed);
    if (item === undefined) {
      this.#total -= 1;
      return;
    }
    this.#done += 1;
    if (!item.ok) this.#failed.push(item);
    const done = this.#done;
    // Tenants that were made since they were counted are in the run too.
    this.#plan.options.onProgress?.({ done, last: item, total: Math.max(done, this.#total) });
    if (!item.ok && this.#afterError(item.error, listed) === "stop") this.#isStopped = true;
  }

  /** @returns `undefined` if the tenant left the run after it was listed, such as by being dropped */
  async #enter(listed: Tenant): Promise<ForEachItem<Awaited<T>> | undefined> {
    const { context, registry } = this.#deps;
    const { fn, selection } = this.#plan;
    const startedAt = performance.now();
    let tenant = listed;
    try {
      // The page may be hours old: it is entered as it is now.
      const known = await registry.lookup({ id: listed.id });
      if (known === undefined) throw notFound(listed.slug);
      tenant = known;
      const refusal = refusalOf(tenant, selection);
      if (refusal !== undefined) throw refusal;
      const value = await context.run(scopeOf(tenant), () => fn(tenant));
      return { ...about(tenant, startedAt), ok: true, value };
    } catch (thrown) {
      if (selection.only === undefined && (await this.#isGone(listed))) return undefined;
      const error =
        thrown instanceof Error ? thrown : new Error("Not an error was thrown.", { cause: thrown });
      return { ...about(tenant, startedAt), error, ok: false };
    }
  }

  /** Where nobody knows, it is still there: the error that led here must not be lost. */
  async #isGone(tenant: Tenant): Promise<boolean> {
    const again = readAgain(this.#deps, this.#plan.selection, tenant);
    return (await again.catch(() => tenant)) === undefined;
  }

  #afterError(error: Error, tenant: Tenant): AfterError | void {
    const { onError } = this.#plan.options;
    return typeof onError === "function" ? onError(error, tenant) : onError;
  }
}

function about(
  { schemaName, slug }: Tenant,
  startedAt: number,
): Pick<ForEachItem, "durationMs" | "schemaName" | "tenant"> {
  return { durationMs: performance.now() - startedAt, schemaName, tenant: slug };
}

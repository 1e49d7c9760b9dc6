import type { DiffOptions, DiffProgress, DiffResult, SchemaDifference } from "../core/drift.ts";
import type { Session } from "../core/driver.ts";
import type { Tenant } from "../core/tenant.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";
import { globalQueries, type LifecycleDeps } from "../lifecycle/deps.ts";
import { compareSchemas } from "./compare-schemas.ts";
import { DiffGroups } from "./diff-groups.ts";
import { readTenant, withLockLimit } from "./read-schema.ts";
import type { Reference } from "./reference.ts";

/** Tenants that are listed at a time; no connection is held while they are. */
const BATCH = 200;

/** Which tenants are compared with what. */
export interface DiffRun {
  /** Makes, or reads, what they are compared with. */
  makeReference(): Promise<Reference>;
  /** Reads the tenants one by one, as they are needed. */
  read(): AsyncGenerator<Tenant, void, undefined>;
  /** How many there are; only asked for if somebody wants to hear of progress. */
  countTenants(): Promise<number>;
  /** Whether a tenant still is one of the run, now that it was looked at again; `undefined`: it is gone. */
  isWanted(tenant: Tenant | undefined): boolean;
  /** Whether no more tenants are to be begun, for a reason of its own. */
  isStopped(): boolean;
}

/**
 * Compares tenants with a reference, so many at a time. One that cannot be read does not stop the
 * others. Of those that are the same, nothing is remembered.
 *
 * @throws what the reference, listing the tenants or `onProgress` throws, and `DATABASE_UNAVAILABLE`
 */
export async function diffFleet(
  deps: LifecycleDeps,
  run: DiffRun,
  options: Pick<DiffOptions, "onProgress" | "signal"> & { readonly concurrency: number },
): Promise<DiffResult> {
  const startedAt = performance.now();
  const total = options.onProgress === undefined ? 0 : await run.countTenants();
  const reference = await run.makeReference();
  const comparison = new FleetComparison(deps, run, reference, options, total);
  const notReached = await comparison.run();
  const { groups: found } = comparison;
  const [failed, groups] = [found.failed(), found.groups()];
  return {
    durationMs: performance.now() - startedAt,
    failed,
    groups,
    notReached,
    ok: failed.length === 0 && groups.length === 0 && notReached.length === 0,
    reference: reference.about,
    same: found.same,
  };
}

type ComparisonOptions = Parameters<typeof diffFleet>[2];

/** What was found out about one tenant. */
type Finding =
  | { readonly tenant: Tenant; readonly differences: readonly SchemaDifference[] }
  | { readonly tenant: Tenant; readonly error: Error };

/** One run; its workers share it. */
class FleetComparison {
  readonly groups = new DiffGroups();
  readonly #deps: LifecycleDeps;
  readonly #run: DiffRun;
  readonly #reference: Reference;
  readonly #options: ComparisonOptions;
  /** Ids of tenants whose connection was lost once. */
  readonly #retried = new Set<string>();
  #total: number;
  #done = 0;
  #isBroken = false;

  constructor(
    deps: LifecycleDeps,
    run: DiffRun,
    reference: Reference,
    options: ComparisonOptions,
    total: number,
  ) {
    this.#deps = deps;
    this.#run = run;
    this.#reference = reference;
    this.#options = options;
    this.#total = total;
  }

  /** Compares them all. @returns slugs of those that were not begun */
  async run(): Promise<string[]> {
    const notReached: string[] = [];
    let batch: Tenant[] = [];
    for await (const tenant of this.#run.read()) {
      if (this.#isStopped()) notReached.push(tenant.slug);
      else if (batch.push(tenant) === BATCH) {
        notReached.push(...(await this.#compareAll(batch)));
        batch = [];
      }
    }
    notReached.push(...(await this.#compareAll(batch)));
    return notReached.toSorted();
  }

  /** @returns slugs of those that were not begun */
  async #compareAll(batch: Tenant[]): Promise<string[]> {
    const workers = Math.min(this.#options.concurrency, batch.length);
    const work = Array.from({ length: workers }, () => this.#work(batch));
    const broken = (await Promise.allSettled(work)).find(({ status }) => status === "rejected");
    if (broken?.status === "rejected") throw broken.reason;
    return batch.map(({ slug }) => slug);
  }

  /** Takes tenants until there are none, on one connection as long as it lasts. */
  async #work(batch: Tenant[]): Promise<void> {
    try {
      while (batch.length > 0 && !this.#isStopped()) {
        await this.#deps.driver.session({}, (session) =>
          withLockLimit(this.#deps, session, () => this.#workOn(session, batch)),
        );
      }
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  async #workOn(session: Session, batch: Tenant[]): Promise<void> {
    while (!this.#isStopped()) {
      const tenant = batch.shift();
      if (tenant === undefined) return;
      const startedAt = performance.now();
      const finding = await this.#examine(session, tenant);
      const isLost = hasLostConnection(finding);
      if (isLost && !this.#retried.has(tenant.id)) {
        this.#retried.add(tenant.id);
        batch.unshift(tenant);
      } else if (finding === undefined) this.#total -= 1;
      else this.#note(finding, performance.now() - startedAt);
      // The others are read on another connection.
      if (isLost) return;
    }
  }

  /**
   * Compares one tenant. What does not fit is looked at again if the tenant was migrated, renamed or
   * dropped since it was listed.
   */
  async #examine(session: Session, listed: Tenant): Promise<Finding | undefined> {
    const first = await this.#compare(session, listed);
    if ("differences" in first && first.differences.length === 0) return first;
    if (hasLostConnection(first)) return first;
    const on = globalQueries(session);
    // If nobody can say how the tenant is now, it is as it was.
    const now = await this.#deps.registry.get(on, { id: listed.id }).catch(() => listed);
    if (!this.#run.isWanted(now)) return undefined;
    if (now === undefined || isAsListed(listed, now)) return first;
    return await this.#compare(session, now);
  }

  async #compare(session: Session, tenant: Tenant): Promise<Finding> {
    try {
      const picture = await readTenant(this.#deps, session, tenant);
      return { differences: compareSchemas(this.#reference.picture, picture), tenant };
    } catch (cause) {
      const error =
        cause instanceof Error ? cause : new Error("Not an error was thrown.", { cause });
      return { error, tenant };
    }
  }

  #note(finding: Finding, durationMs: number): void {
    const { schemaName, slug, version } = finding.tenant;
    this.#done += 1;
    const last = { durationMs, tenant: slug };
    if ("error" in finding) {
      const { error } = finding;
      this.groups.fail({ error, schemaName, tenant: slug });
      this.#tell({ ...last, differences: null, error });
      return;
    }
    const { differences, tenant } = finding;
    const sameMigrations = hasSameMigrations(tenant, this.#reference);
    this.groups.add({ sameMigrations, tenant: slug, version }, differences);
    this.#tell({ ...last, differences: differences.length });
  }

  #tell(last: DiffProgress["last"]): void {
    // Tenants that were made since they were counted are in the run too.
    const total = Math.max(this.#done, this.#total);
    this.#options.onProgress?.({ done: this.#done, last, total });
  }

  #isStopped(): boolean {
    return this.#isBroken || this.#run.isStopped() || this.#options.signal?.aborted === true;
  }
}

function hasLostConnection(finding: Finding | undefined): boolean {
  return finding !== undefined && "error" in finding && isConnectionFailure(finding.error);
}

function isAsListed(listed: Tenant, now: Tenant): boolean {
  return (
    listed.schemaName === now.schemaName &&
    listed.version === now.version &&
    listed.migrationsDigest === now.migrationsDigest
  );
}

/** Rows from before fingerprints were kept have none. */
function hasSameMigrations(
  { migrationsDigest, version }: Tenant,
  { about, digest }: Reference,
): boolean {
  if (migrationsDigest === null || digest === null) return version === about.version;
  return migrationsDigest === digest;
}

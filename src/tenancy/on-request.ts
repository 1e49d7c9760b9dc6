import type { MaybePromise } from "../core/resolution.ts";
import { outsideScope } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { SharedWork } from "../internal/shared-work.ts";
import { Turns } from "../internal/turns.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { PARTIAL_DIGEST } from "../migrate/digest.ts";
import { catchUp, type Settled } from "./catch-up.ts";
import type { Operations } from "./operations.ts";
import { isUnreachable, Setbacks } from "./setbacks.ts";

/** Tenants migrated at a time: a burst after a deployment leaves connections to everybody else. */
const AT_A_TIME = 2;

/** How many fingerprints are remembered: tenants share theirs, so that there are few. */
const MAX_SETTLED = 10_000;

/** Brings tenants up to date before they are entered. */
export interface OnRequest {
  /**
   * Returns the tenant as it may be entered: at once if nothing is to be applied, else when it was.
   *
   * @returns `undefined` if it is gone; it may be in another state than before
   * @throws TenancyError what `migrate` throws; `TENANT_BUSY` if that has not ended in time
   */
  ready(tenant: Tenant): MaybePromise<Tenant | undefined>;
}

/** Creates what migrates tenants on request; `undefined` where they are migrated by hand. */
export function createOnRequest(
  deps: LifecycleDeps,
  operations: Operations,
): OnRequest | undefined {
  if (deps.settings.migrations.migrate === "manually") return undefined;
  return new RequestMigrations(deps, operations);
}

class RequestMigrations implements OnRequest {
  readonly #deps: LifecycleDeps;
  readonly #operations: Operations;
  readonly #settled = new SettledDigests();
  /** Tenants, as they were looked up, that are entered as they are although they look behind. */
  readonly #kept = new WeakSet<Tenant>();
  readonly #attempts = new Map<string, SharedWork<Tenant | undefined>>();
  readonly #turns = new Turns(AT_A_TIME);
  readonly #setbacks: Setbacks;
  #latest: string | undefined;
  #reading: Promise<void> | undefined;

  constructor(deps: LifecycleDeps, operations: Operations) {
    this.#deps = deps;
    this.#operations = operations;
    this.#setbacks = new Setbacks(deps.settings.cache.maxEntries);
  }

  ready(tenant: Tenant): MaybePromise<Tenant | undefined> {
    // All that is paid for a tenant that is up to date.
    if (tenant.migrationsDigest === this.#latest) return tenant;
    if (this.#settled.has(tenant.migrationsDigest) || this.#kept.has(tenant)) return tenant;
    // What a hook or a migration enters may be locked by the very operation that it is a part of.
    if (tenant.state !== "active" || this.#operations.isInside) return tenant;
    if (this.#latest === undefined) return this.#read().then(() => this.ready(tenant));
    return this.#wait(tenant);
  }

  /** Reads the migrations, once: files do not change under a process. */
  #read(): Promise<void> {
    // Modules are loaded, and what they start is nobody's.
    this.#reading ??= outsideScope(() => this.#deps.migrator.latest("tenant")).then(
      ({ digest }) => {
        this.#settled.add(digest);
        this.#latest = digest;
      },
      (error: unknown) => {
        this.#reading = undefined;
        throw error;
      },
    );
    return this.#reading;
  }

  async #wait(tenant: Tenant): Promise<Tenant | undefined> {
    const setback = this.#setbacks.of(tenant);
    if (setback !== undefined) throw setback.error;
    // ISOLATION: by id, and looked up by it again: a slug or a domain may be another tenant's by now.
    // integration/tenancy/on-request.test.ts
    const { id } = tenant;
    const attempt = this.#attempts.get(id) ?? this.#begin(tenant);
    const { lockTimeoutMs } = this.#deps.settings;
    const kept = await attempt.wait(lockTimeoutMs, () => stillMigrated(tenant));
    if (kept !== undefined) return kept;
    this.#operations.checkOpen();
    return await this.#deps.registry.lookup({ id });
  }

  #begin(tenant: Tenant): SharedWork<Tenant | undefined> {
    // ISOLATION: else a migration's function runs in the scope of whoever came first, which may be
    // another tenant's. integration/tenancy/on-request.test.ts
    const work = outsideScope(() => this.#turns.take(() => this.#attempt(tenant)));
    const attempt = new SharedWork(work.finally(() => this.#attempts.delete(tenant.id)));
    this.#attempts.set(tenant.id, attempt);
    return attempt;
  }

  /** @returns the tenant, if it is entered as it is */
  async #attempt(tenant: Tenant): Promise<Tenant | undefined> {
    const { id, schemaName, slug } = tenant;
    const operations = this.#operations;
    try {
      const { isKept } = await operations.track(() =>
        operations.trace(
          "tenant.migrate",
          { schemaName, tenant: slug },
          () => catchUp(this.#deps, tenant, this.#settled),
          ({ versions }) => (versions.length > 0 ? "info" : "debug"),
        ),
      );
      this.#setbacks.clear(id);
      if (!isKept) return undefined;
      this.#kept.add(tenant);
      return tenant;
    } catch (error) {
      if (isTenancyError(error, "TENANCY_CLOSED")) throw error;
      this.#setbacks.note(id, await this.#digestAfter(error, tenant), error);
      throw error;
    }
  }

  /** Migrations before the one that failed were applied, or it is halfway itself. */
  async #digestAfter(error: unknown, tenant: Tenant): Promise<string | null> {
    if (isUnreachable(error)) return tenant.migrationsDigest;
    try {
      const found = await this.#deps.registry.lookup({ id: tenant.id });
      return (found ?? tenant).migrationsDigest;
    } catch {
      // What counts is the error that there is already.
      return tenant.migrationsDigest;
    }
  }
}

class SettledDigests implements Settled {
  readonly #digests = new Set<string>();

  has(digest: string | null): boolean {
    return digest !== null && this.#digests.has(digest);
  }

  add(digest: string | null): void {
    if (digest === null || digest === PARTIAL_DIGEST) return;
    // Each costs one look at one tenant to find again.
    if (this.#digests.size >= MAX_SETTLED) this.#digests.clear();
    this.#digests.add(digest);
  }
}

function stillMigrated({ slug }: Tenant): TenancyError {
  return new TenancyError("TENANT_BUSY", `The tenant "${slug}" is still being migrated.`, {
    remedy: "Try again when that has ended; it goes on by itself.",
    tenant: slug,
  });
}

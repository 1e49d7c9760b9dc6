import type { Driver, Queryable } from "../core/driver.ts";
import { slugKey } from "../core/names.ts";
import type { Freshness, Registry } from "../core/registry.ts";
import type { RegistryStatements } from "../core/registry-sql.ts";
import type { MaybePromise } from "../core/resolution.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import { BatchLoader } from "./batch-loader.ts";
import { noticeChannel, Notifications } from "./notifications.ts";
import { isStorable, type RunStatement } from "./registry-table.ts";
import { type Answer, type LookupKind, TenantCache } from "./tenant-cache.ts";
import type { RawRow, ReadTenant } from "./tenant-row.ts";

/** Most names in one query: even a flood is a handful of queries, and none of them is huge. */
const MAX_BATCH = 2000;

/** How long anything is remembered while other processes' changes are not heard of. */
const UNCONNECTED_TTL_MS = 5000;

/** What a {@link TenantLookup} needs. */
export interface TenantLookupOptions {
  readonly driver: Driver;
  readonly settings: Pick<Settings, "cache" | "logger" | "registry">;
  readonly statements: RegistryStatements;
  readonly run: RunStatement;
  readonly read: ReadTenant;
  readonly now: () => number;
}

/** The part of a registry that answers from memory when it can. */
export class TenantLookup implements Pick<
  Registry,
  "lookup" | "lookupDomain" | "epoch" | "forget" | "close"
> {
  readonly #options: TenantLookupOptions;
  readonly #cache: TenantCache;
  readonly #loader: BatchLoader<Answer>;
  readonly #notifications: Notifications;
  readonly #global: Queryable;
  #epoch = 0;

  constructor(options: TenantLookupOptions) {
    const { driver, now, settings } = options;
    this.#options = options;
    this.#cache = new TenantCache(settings.cache.maxEntries, now);
    this.#loader = new BatchLoader({
      load: (keys) => this.#load(keys),
      maxBatch: MAX_BATCH,
    });
    this.#notifications = new Notifications(
      driver,
      noticeChannel(settings.registry),
      {
        onAnything: () => this.#forgetAll(),
        onNotice: ({ ids, names }) => {
          for (const id of ids) this.#forget({ id }, names);
        },
      },
      { logger: settings.logger, now },
    );
    // ISOLATION: named, as a lookup may start in any tenant's scope. integration/registry/lookup.test.ts
    this.#global = { query: (text, params) => driver.query(GLOBAL_SCOPE, text, params) };
  }

  get epoch(): number {
    return this.#epoch;
  }

  lookup(ref: TenantRef, freshness?: Freshness): MaybePromise<Tenant | undefined> {
    return typeof ref === "string"
      ? this.#find("slug", slugKey(ref), freshness)
      : this.#find("id", ref.id, freshness);
  }

  lookupDomain(domain: string, freshness?: Freshness): MaybePromise<Tenant | undefined> {
    return this.#find("domain", domain, freshness);
  }

  forget(tenant: Parameters<Registry["forget"]>[0]): void {
    this.#forget(tenant, true);
  }

  close(): Promise<void> {
    return this.#notifications.close();
  }

  #find(
    kind: LookupKind,
    value: string,
    freshness: Freshness | undefined,
  ): MaybePromise<Tenant | undefined> {
    const answer = this.#cache.get(kind, value);
    if (answer !== undefined) return use(answer, freshness);
    if (!isStorable(value)) return undefined;
    return this.#loader.load(`${kind}:${value}`).then((loaded) => use(loaded, freshness));
  }

  #forget(about: Parameters<Registry["forget"]>[0], names: boolean): void {
    this.#epoch++;
    this.#cache.forget(about, names);
    this.#loader.startAnew();
  }

  #forgetAll(): void {
    this.#epoch++;
    this.#cache.clear();
    this.#loader.startAnew();
  }

  async #load(keys: readonly string[]): Promise<(key: string) => Answer> {
    const { now, read, run, settings, statements } = this.#options;
    this.#notifications.start();
    const startedAt = now();
    const load = this.#cache.beginLoad();
    try {
      const rows = await run<RawRow>(this.#global, statements.find(groupKeys(keys)));
      const byKey = indexByKey(rows.map((row) => read(row).tenant));
      const longest = this.#notifications.isConnected ? Infinity : UNCONNECTED_TTL_MS;
      const answers = new Map(
        keys.map((key) => {
          const tenant = byKey.get(key);
          const ttl = tenant === undefined ? settings.cache.negativeTtlMs : settings.cache.ttlMs;
          const until = startedAt + Math.min(ttl, longest);
          const { kind, value } = splitKey(key);
          const isKept = this.#cache.remember(load, { tenant, until }, kind, value);
          return [key, { tenant, until: isKept ? until : startedAt }];
        }),
      );
      return (key) => answers.get(key) ?? { tenant: undefined, until: startedAt };
    } finally {
      this.#cache.endLoad(load);
    }
  }
}

function use({ tenant, until }: Answer, freshness: Freshness | undefined): Tenant | undefined {
  if (freshness !== undefined && until < freshness.until) freshness.until = until;
  return tenant;
}

function splitKey(key: string): { kind: LookupKind; value: string } {
  const colon = key.indexOf(":");
  return { kind: key.slice(0, colon) as LookupKind, value: key.slice(colon + 1) };
}

function groupKeys(keys: readonly string[]): Parameters<RegistryStatements["find"]>[0] {
  const groups = { domain: [] as string[], id: [] as string[], slug: [] as string[] };
  for (const key of keys) {
    const { kind, value } = splitKey(key);
    groups[kind].push(value);
  }
  return { domains: groups.domain, ids: groups.id, slugKeys: groups.slug };
}

function indexByKey(tenants: readonly Tenant[]): ReadonlyMap<string, Tenant> {
  const byKey = new Map<string, Tenant>();
  for (const tenant of tenants) {
    byKey.set(`id:${tenant.id}`, tenant);
    byKey.set(`slug:${slugKey(tenant.slug)}`, tenant);
    for (const domain of tenant.domains) byKey.set(`domain:${domain}`, tenant);
  }
  return byKey;
}

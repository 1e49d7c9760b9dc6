import { LRUCache } from "lru-cache";
import { slugKey } from "../core/names.ts";
import type { Tenant } from "../core/tenant.ts";

/** What tenants are looked up by. Slugs are given as `slugKey` makes them. */
export type LookupKind = "id" | "slug" | "domain";

/** An answer to a lookup, and until when it holds. */
export interface Answer {
  /** `undefined`: there is no such tenant. */
  readonly tenant: Tenant | undefined;
  /** In milliseconds of the clock. */
  readonly until: number;
}

/** What may be known of a tenant whose answers no longer hold. */
export interface Forgotten {
  readonly id?: string;
  readonly slug?: string;
  readonly schemaName?: string;
}

/** A load in progress: collects what was forgotten since it began, which it may have read before. */
export interface Load {
  readonly forgotten: Forgotten[];
  haveNamesChanged: boolean;
  hasAllChanged: boolean;
}

interface Known extends Answer {
  readonly tenant: Tenant;
}

/**
 * Answers in memory: a bounded number of tenants, each under its id, slug, schema name and domains;
 * and apart from them, so that no flood of unknown names drives tenants out, a bounded number of
 * names that nobody has.
 */
export class TenantCache {
  readonly #byId: LRUCache<string, Known>;
  readonly #bySlug = new Map<string, Known>();
  readonly #bySchema = new Map<string, Known>();
  readonly #byDomain = new Map<string, Known>();
  readonly #unknown: LRUCache<string, Answer>;
  readonly #loads = new Set<Load>();
  readonly #now: () => number;

  constructor(maxEntries: number, now: () => number) {
    this.#byId = new LRUCache({ dispose: (known) => this.#unlink(known), max: maxEntries });
    this.#unknown = new LRUCache({ max: maxEntries });
    this.#now = now;
  }

  /** Returns the answer that is remembered and still holds. */
  get(kind: LookupKind, value: string): Answer | undefined {
    const known = this.#find(kind, value);
    if (known !== undefined) {
      if (known.until > this.#now()) return known;
      this.#byId.delete(known.tenant.id);
      return undefined;
    }
    const unknown = this.#unknown.get(kind + value);
    return unknown !== undefined && unknown.until > this.#now() ? unknown : undefined;
  }

  /** Begins a load; `endLoad` must follow. */
  beginLoad(): Load {
    const load: Load = { forgotten: [], hasAllChanged: false, haveNamesChanged: false };
    this.#loads.add(load);
    return load;
  }

  /** Ends a load. */
  endLoad(load: Load): void {
    this.#loads.delete(load);
  }

  /**
   * Remembers an answer that a load found, if nothing has happened to it since the load began.
   *
   * @returns whether it was remembered
   */
  // ISOLATION: a load that read before a change would bring the state before it back. integration/registry/cache.test.ts
  remember(load: Load, { tenant, until }: Answer, kind: LookupKind, value: string): boolean {
    if (tenant === undefined) {
      if (load.hasAllChanged || load.haveNamesChanged) return false;
      this.#unknown.set(kind + value, { tenant, until });
      return true;
    }
    if (load.hasAllChanged || load.forgotten.some((about) => isAbout(about, tenant))) return false;
    this.#link({ tenant, until });
    return true;
  }

  /** Forgets one tenant under all its names; with `names`, also all that nobody had. */
  forget(about: Forgotten, names: boolean): void {
    for (const load of this.#loads) {
      load.forgotten.push(about);
      load.haveNamesChanged ||= names;
    }
    if (names) this.#unknown.clear();
    const { id, schemaName, slug } = about;
    const found = [
      id === undefined ? undefined : this.#byId.peek(id),
      slug === undefined ? undefined : this.#bySlug.get(slugKey(slug)),
      schemaName === undefined ? undefined : this.#bySchema.get(schemaName),
    ];
    for (const known of found) if (known !== undefined) this.#byId.delete(known.tenant.id);
  }

  /** Forgets everything. */
  clear(): void {
    for (const load of this.#loads) load.hasAllChanged = true;
    this.#byId.clear();
    this.#unknown.clear();
  }

  #find(kind: LookupKind, value: string): Known | undefined {
    if (kind === "id") return this.#byId.get(value);
    const known = (kind === "slug" ? this.#bySlug : this.#byDomain).get(value);
    // Counts as a use, so that tenants found by name stay as long as those found by id.
    if (known !== undefined) this.#byId.get(known.tenant.id);
    return known;
  }

  #link(known: Known): void {
    const { domains, id, schemaName, slug } = known.tenant;
    this.#byId.set(id, known);
    this.#own(this.#bySlug, slugKey(slug), known);
    this.#own(this.#bySchema, schemaName, known);
    for (const domain of domains) this.#own(this.#byDomain, domain, known);
  }

  /** A tenant that had this name before is not what it was: it goes altogether. */
  #own(index: Map<string, Known>, name: string, known: Known): void {
    const before = index.get(name);
    if (before !== undefined && before.tenant.id !== known.tenant.id) {
      this.#byId.delete(before.tenant.id);
    }
    index.set(name, known);
  }

  #unlink(known: Known): void {
    const { domains, schemaName, slug } = known.tenant;
    const drop = (index: Map<string, Known>, name: string): void => {
      if (index.get(name) === known) index.delete(name);
    };
    drop(this.#bySlug, slugKey(slug));
    drop(this.#bySchema, schemaName);
    for (const domain of domains) drop(this.#byDomain, domain);
  }
}

function isAbout(about: Forgotten, tenant: Tenant): boolean {
  return (
    about.id === tenant.id ||
    about.schemaName === tenant.schemaName ||
    (about.slug !== undefined && slugKey(about.slug) === slugKey(tenant.slug))
  );
}

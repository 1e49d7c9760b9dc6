import type { Queryable, Session } from "./driver.ts";
import type { Tenant } from "./tenant.ts";

/** What a seed's function receives. Unqualified names are the tenant's own. */
export interface SeedContext extends Queryable {
  /** Runs trusted text of any number of statements. */
  script(text: string): Promise<void>;
  /** The tenant being seeded. */
  readonly tenant: Tenant;
  /** Its schema. */
  readonly schemaName: string;
}

/** Fills a tenant's schema, in one transaction. It may run again, and must bear that. */
export type SeedFunction = (db: SeedContext) => void | Promise<void>;

/** Where a seed comes from: the path of a SQL file or of a module, or a function. */
export type SeedSource = string | SeedFunction;

/** What `seed` runs. */
export interface SeedOptions {
  /** Path of another SQL file or module than the configured one, from `rootDir`. */
  readonly file?: string;
}

/** What one `seed` did. */
export interface SeedResult {
  /** Slug of the tenant. */
  readonly tenant: string;
  /** The schema. */
  readonly schemaName: string;
  /** Path of the file that was run, or `seed` for the function of the configuration. */
  readonly file: string;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** A seed that was read and checked. */
export interface Seed {
  /** Path of its file, or `seed` for a function. */
  readonly file: string;
  /** Its SQL text, or its function. */
  readonly body: string | SeedFunction;
}

/** Runs seeds. */
export interface Seeder {
  /** Whether one is configured, which new tenants get. */
  readonly isConfigured: boolean;
  /**
   * Reads and checks a seed: the configured one, or a file.
   *
   * @throws TenancyError `SEED_INVALID`; `INVALID_CONFIG` when none is configured, and no file is named
   */
  load(file?: string): Promise<Seed>;
  /**
   * Runs a seed in one transaction in a tenant's schema. Expects that `session` holds its lock.
   *
   * @throws SeedError `SEED_FAILED`; nothing of it is left
   */
  run(session: Session, tenant: Tenant, seed: Seed): Promise<SeedResult>;
}

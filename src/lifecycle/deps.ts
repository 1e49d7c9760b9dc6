import type { Driver, Queryable, Session, Transaction } from "../core/driver.ts";
import type { Migrator } from "../core/migrator.ts";
import type { Registry } from "../core/registry.ts";
import type { Seeder } from "../core/seed.ts";
import { GLOBAL_SCOPE, type ScopeContext } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";

/** What lifecycle operations work with. */
export interface LifecycleDeps {
  /** The database. */
  readonly driver: Driver;
  /** The checked configuration. */
  readonly settings: Settings;
  /** The tenants. */
  readonly registry: Registry;
  /** The migrations. */
  readonly migrator: Migrator;
  /** What fills a tenant's schema. */
  readonly seeder: Seeder;
  /** The ambient scope, which hooks run in. */
  readonly context: ScopeContext;
}

/** Returns the registry's view of a session, for reads. */
export function globalQueries(session: Session): Queryable {
  return { query: (text, params) => session.query(GLOBAL_SCOPE, text, params) };
}

/** Runs writes of the registry in one transaction. */
export function globalWrites<T>(session: Session, fn: (tx: Transaction) => Promise<T>): Promise<T> {
  return session.transaction(GLOBAL_SCOPE, fn);
}

/** Returns the registry's view of the application's pool: for reads that need no lock. */
export function pooledQueries(driver: Driver): Queryable {
  return { query: (text, params) => driver.query(GLOBAL_SCOPE, text, params) };
}

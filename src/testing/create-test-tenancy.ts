import type { TenancyConfig } from "../core/config.ts";
import type { Driver } from "../core/driver.ts";
import { SILENT_LOGGER } from "../core/logger.ts";
import type { Tenancy } from "../core/tenancy.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { createTenancy } from "../tenancy/create-tenancy.ts";
import type { FakeClock } from "./clock.ts";
import { guardDriver } from "./guarded-driver.ts";
import { makePlace, type Place, withDatabase } from "./place.ts";
import { endRun } from "./rollback.ts";
import { asPartOf, isLate, type TestWork } from "./sandbox/call-run.ts";
import type { SandboxedDriver } from "./sandbox/sandbox.ts";
import { sandboxDriver } from "./sandbox/sandbox-driver.ts";
import { keepState, type TestState } from "./state.ts";

/** How `createTestTenancy` makes a tenancy. */
export interface TestTenancyOptions {
  /** What differs from the application's configuration. */
  readonly config?: Omit<TenancyConfig, "database">;
  /**
   * What the name of the database begins with: small letters, digits and `_`, at most 20. Default: the
   * name of the application's own, and `_test`.
   */
  readonly name?: string;
  /**
   * Whether each worker gets a database of its own, or schemas in the application's own, for users who
   * may not create databases. PostgreSQL only. Default `"database"`.
   */
  readonly place?: "database" | "schemas";
  /** How many tenants are made ready for `testTenant`. Default 2; 0 for none. */
  readonly ready?: number;
  /** The clock of what is remembered. Default: the real one. */
  readonly clock?: FakeClock;
  /** Whether the database is left, to be looked at, when the tenancy is closed. Default `false`. */
  readonly keep?: boolean;
  /**
   * In `rolledBack`: how long an open transaction does nothing before a statement that waits for it is
   * taken for a part of it, in milliseconds. Default 50.
   */
  readonly joinAfterMs?: number;
  /** In `rolledBack`: how long a statement waits in vain, in milliseconds. Default 5,000. */
  readonly blockedAfterMs?: number;
}

/** A tenancy for tests, in a place of its own. */
export interface TestTenancy<Pool = unknown> extends Tenancy<Pool> {
  /** Name of its database, or of its global schema; `undefined` in an embedded database. */
  readonly databaseName: string | undefined;
  /** Ends it, and removes what it has made. */
  close(): Promise<void>;
}

const DEFAULT_READY = 2;
const DEFAULT_JOIN_AFTER_MS = 50;
const DEFAULT_BLOCKED_AFTER_MS = 5_000;

/**
 * Makes the application's tenancy again for the tests of one worker: in a database that nobody else has,
 * with its registry migrated, and some tenants ready. What runs that were killed have left on this
 * machine is removed.
 *
 * @param config - the application's own configuration, such as its `kirayedar.config.ts` exports
 * @throws TenancyError `INVALID_CONFIG`, `DATABASE_UNAVAILABLE`, `UNSUPPORTED_DRIVER`,
 *   `MIGRATION_FAILED`
 */
export async function createTestTenancy<Pool>(
  config: TenancyConfig<Pool>,
  options: TestTenancyOptions = {},
): Promise<TestTenancy<Pool>> {
  const original = config.database;
  const place = original.name === "pglite" ? undefined : await makePlaceFor(config, options);
  try {
    const sandboxed = await sandboxDriver(original, (own) =>
      place === undefined ? own : { ...withDatabase(original, own, databaseOf(place)) },
    );
    const whole = toConfig({ config, options, place });
    const { state, tenancy } = assemble(whole, sandboxed, options);
    return await prepare(closing(tenancy, state, place, options), whole);
  } catch (error) {
    await place?.remove().catch(() => undefined);
    throw error;
  }
}

function databaseOf({ options }: Place): string | undefined {
  return (options as { readonly database?: string }).database;
}

function makePlaceFor(config: TenancyConfig, options: TestTenancyOptions): Promise<Place> {
  const whole = { ...config, ...options.config, database: config.database };
  const own = whole.database.name === "pg" ? undefined : whole.database.defaultSchema;
  const base = options.name ?? `${toName(own ?? "kirayedar")}_test`;
  if (!/^[a-z][a-z0-9_]{0,19}$/.test(base)) {
    throw new TenancyError(
      "INVALID_CONFIG",
      `The name "${base}" is not one for databases of tests.`,
      {
        remedy: "Use small letters, digits and `_`, at most 20.",
      },
    );
  }
  return makePlace({
    base,
    config: whole,
    driver: config.database,
    kind: options.place ?? "database",
  });
}

function toName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .slice(0, 15);
  // Servers keep some beginnings for themselves.
  return /^(?!(?:test|pg|mysql)(?:_|$))[a-z]/.test(name) ? name : `t${name}`.slice(0, 15);
}

function toConfig<Pool>(about: {
  readonly config: TenancyConfig<Pool>;
  readonly options: TestTenancyOptions;
  readonly place: Place | undefined;
}): TenancyConfig<Pool> {
  const { config, options, place } = about;
  const { clock, ready = DEFAULT_READY } = options;
  return {
    ...config,
    provisioning: { ready },
    ...options.config,
    ...place?.config,
    ...(clock !== undefined && { now: () => clock.now() }),
    database: config.database,
  };
}

function assemble<Pool>(
  config: TenancyConfig<Pool>,
  sandboxed: SandboxedDriver<Pool>,
  options: TestTenancyOptions,
): { readonly tenancy: Tenancy<Pool>; readonly state: TestState } {
  const made: { state?: TestState } = {};
  const driver: Driver<Pool> = guardDriver(sandboxed.driver, {
    isOpen: () => made.state?.sandbox.isOpen === true,
    onQuery: (scope) => made.state?.onQuery?.(scope),
  });
  const tenancy = createTenancy({ ...config, database: driver });
  const works = new WeakSet<TestWork>();
  const sandbox = sandboxed.open({
    isLate: () => isLate(works),
    logger: config.logger ?? SILENT_LOGGER,
    patience: {
      blockedAfterMs: options.blockedAfterMs ?? DEFAULT_BLOCKED_AFTER_MS,
      joinAfterMs: options.joinAfterMs ?? DEFAULT_JOIN_AFTER_MS,
    },
  });
  const state: TestState = {
    config,
    onQuery: undefined,
    run: undefined,
    sandbox,
    work: undefined,
    works,
  };
  made.state = state;
  noteWork(tenancy, state);
  return { state, tenancy };
}

/** What enters a scope in a test belongs to it, whatever it leaves to be done later. */
function noteWork(tenancy: Tenancy, state: TestState): void {
  for (const name of ["enter", "scope", "scopeGlobal", "withTenant"] as const) {
    const own = tenancy[name] as (...args: unknown[]) => unknown;
    const noted = (...args: unknown[]): unknown => asPartOf(state.work, () => own(...args));
    Object.assign(tenancy, { [name]: noted });
  }
}

function closing<Pool>(
  tenancy: Tenancy<Pool>,
  state: TestState,
  place: Place | undefined,
  { keep = false }: TestTenancyOptions,
): TestTenancy<Pool> {
  const closeTenancy = tenancy.close.bind(tenancy);
  let closed: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    try {
      await endRun(state);
      await closeTenancy();
    } finally {
      if (!keep) await place?.remove();
    }
  };
  const close = (): Promise<void> => (closed ??= closeAll());
  const changed = { close, databaseName: place?.name, [Symbol.asyncDispose]: close };
  const whole = Object.assign(tenancy, changed);
  keepState(whole, state);
  return whole;
}

async function prepare<Pool>(
  tenancy: TestTenancy<Pool>,
  config: TenancyConfig<Pool>,
): Promise<TestTenancy<Pool>> {
  try {
    await tenancy.migrateGlobal();
    if ((config.provisioning?.ready ?? 0) > 0) await makeReady(tenancy);
    return tenancy;
  } catch (error) {
    await tenancy.close().catch(() => undefined);
    throw error;
  }
}

/** Migrations that are functions cannot be prepared: tenants are then made when they are asked for. */
async function makeReady(tenancy: Tenancy): Promise<void> {
  try {
    await tenancy.provision();
  } catch (error) {
    if (!isTenancyError(error, "INVALID_CONFIG")) throw error;
    tenancy.logger.debug({ err: error }, "no tenants are made ready for tests");
  }
}

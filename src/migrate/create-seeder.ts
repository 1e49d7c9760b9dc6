import { resolve } from "node:path";
import type { Dialect } from "../core/dialect.ts";
import type { QueryResult, Session, Transaction } from "../core/driver.ts";
import { type ScopeContext, scopeOf } from "../core/scope.ts";
import type { Seed, SeedContext, Seeder, SeedFunction, SeedResult } from "../core/seed.ts";
import type { Settings } from "../core/settings.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";
import { checkSeedText, loadSeed } from "./load-seed.ts";
import { LONGEST_STATEMENT, locateStatement } from "./locate-statement.ts";
import { SeedError } from "./seed-error.ts";

/** For how long a file is not read again: a run over all tenants asks for every one of them. */
const READ_TTL_MS = 1_000;

/** What a seeder needs. */
export interface SeederOptions {
  /** The ambient scope, which functions run in. */
  readonly context: ScopeContext;
  /** The engine's SQL. */
  readonly dialect: Dialect;
  /** Loads a module by its file URL. Default: Node's own `import`. */
  readonly importModule?: ((url: string) => Promise<unknown>) | undefined;
  /** The configured seed. */
  readonly settings: Pick<Settings, "seed">;
}

/** Makes the seeder of one tenancy. */
export function createSeeder(options: SeederOptions): Seeder {
  return new TenantSeeder(options);
}

class TenantSeeder implements Seeder {
  readonly #options: SeederOptions;
  readonly #files = new Map<string, { readonly until: number; readonly read: Promise<Seed> }>();

  constructor(options: SeederOptions) {
    this.#options = options;
  }

  get isConfigured(): boolean {
    return this.#options.settings.seed.source !== undefined;
  }

  async load(file?: string): Promise<Seed> {
    const { rootDir, source } = this.#options.settings.seed;
    const chosen = file ?? source;
    if (chosen === undefined) {
      throw new TenancyError("INVALID_CONFIG", "There is no seed in the configuration.", {
        remedy: "Set `seed` to a SQL file, a module or a function, or name a file.",
      });
    }
    if (typeof chosen === "function") return { body: chosen, file: "seed" };
    return await this.#read(resolve(rootDir, chosen));
  }

  async run(session: Session, tenant: Tenant, seed: Seed): Promise<SeedResult> {
    const startedAt = performance.now();
    const { body, file } = seed;
    try {
      await session.transaction(scopeOf(tenant), async (tx) => {
        if (typeof body === "function") await this.#call(tx, tenant, body, file);
        else if (body !== "") await tx.script(body);
      });
    } catch (error) {
      // One that is mended is read again at once.
      this.#files.clear();
      throw explain(error, seed, tenant, this.#options.dialect);
    }
    const { schemaName, slug } = tenant;
    return { durationMs: performance.now() - startedAt, file, schemaName, tenant: slug };
  }

  #read(path: string): Promise<Seed> {
    const now = performance.now();
    const cached = this.#files.get(path);
    if (cached !== undefined && cached.until > now) return cached.read;
    const { dialect, importModule = importByNode } = this.#options;
    const read = loadSeed(path, { dialect, importModule });
    // Files that a caller names one after the other are not kept for ever.
    this.#files.clear();
    this.#files.set(path, { read, until: now + READ_TTL_MS });
    read.catch(() => this.#files.clear());
    return read;
  }

  async #call(tx: Transaction, tenant: Tenant, seed: SeedFunction, file: string): Promise<void> {
    const { context, dialect } = this.#options;
    let isOpen = true;
    const check = (text: string): void => {
      if (!isOpen) {
        throw new TenancyError("LEASE_ENDED", "A seed's `db` was used after the seed.");
      }
      checkSeedText(dialect, text, file);
    };
    const db: SeedContext = {
      query: async <Row>(text: string, params?: readonly unknown[]): Promise<QueryResult<Row>> => {
        check(text);
        return await tx.query<Row>(text, params);
      },
      schemaName: tenant.schemaName,
      script: async (text) => {
        check(text);
        await tx.script(text);
      },
      tenant,
    };
    try {
      // ISOLATION: what the function does through the pool would be done in the scope of whoever called,
      // which may be another tenant's. integration/tenancy/seed.test.ts
      await context.run(scopeOf(tenant), () => seed(db));
    } finally {
      isOpen = false;
    }
  }
}

/** What is not the seed's fault (a lost connection, a missing schema) stays as it is. */
function explain(error: unknown, { body, file }: Seed, tenant: Tenant, dialect: Dialect): unknown {
  if (isConnectionFailure(error)) return error;
  if (isTenancyError(error) && error.code !== "LEASE_ENDED") return error;
  const found = typeof body === "string" ? locateStatement(error, body, dialect) : undefined;
  const failure = {
    file,
    line: found?.line,
    schemaName: tenant.schemaName,
    statement: found?.text.slice(0, LONGEST_STATEMENT),
    statementNumber: found?.number,
    tenant: tenant.slug,
  };
  return new SeedError(failure, error);
}

async function importByNode(url: string): Promise<unknown> {
  return await import(url);
}

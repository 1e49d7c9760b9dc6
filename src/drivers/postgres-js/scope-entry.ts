import { GLOBAL_SCOPE, type Scope } from "../../core/scope.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import { quoteIdentifier, quoteLiteral } from "../../dialects/postgres/identifier.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import type { QueryLike, TransactionMaker } from "./peer.ts";

/** The part of a tenancy that is used here. */
export type PathTenancy = Pick<Tenancy, "bindPool" | "query" | "scopeGlobal">;

/** Enters scopes in transactions of postgres.js. */
export class ScopeEntries {
  readonly #tenancy: PathTenancy;
  readonly #oids = new WeakMap<Scope, string>();
  #rest: Promise<string> | undefined;

  constructor(tenancy: PathTenancy) {
    this.#tenancy = tenancy;
  }

  /**
   * Returns what enters a scope in a transaction; resolves there with nothing, once the server has.
   * Queries that are sent after it in the same breath fail if it does.
   */
  async prepare(scope: Scope): Promise<(tx: TransactionMaker) => Promise<void>> {
    const { schemaName } = this.#tenancy.bindPool(scope);
    const path = quoteIdentifier(schemaName) + (await this.#restOfPath());
    return async (tx) => {
      const query = tx.unsafe(enterText(path, schemaName, this.#oids.get(scope)));
      send(query, query);
      try {
        const [row] = (await query) as readonly { readonly oid: string }[];
        if (scope.kind === "tenant" && row !== undefined) this.#oids.set(scope, row.oid);
      } catch (error) {
        throw explain(error, scope, schemaName);
      }
    };
  }

  /**
   * What follows the schema in the search path: the shared schemas. The tenancy's own driver is asked,
   * once, so that both always agree.
   */
  #restOfPath(): Promise<string> {
    this.#rest ??= this.#askRest().catch((error: unknown) => {
      this.#rest = undefined;
      throw error;
    });
    return this.#rest;
  }

  async #askRest(): Promise<string> {
    const text = "select current_setting('search_path') as path";
    const { rows } = await this.#tenancy.scopeGlobal(() =>
      this.#tenancy.query<{ readonly path: string }>(text),
    );
    const global = quoteIdentifier(this.#tenancy.bindPool(GLOBAL_SCOPE).schemaName);
    const path = rows[0]?.path;
    if (path?.startsWith(global)) return path.slice(global.length);
    throw new TenancyError("INVALID_CONFIG", "The tenancy is not one on PostgreSQL.");
  }
}

/** Hands a query to the connection of another one, in this very moment. */
export function send(query: QueryLike, { handler }: QueryLike): void {
  query.executed = true;
  handler(query);
}

/**
 * The cast fails with 3F000 when the schema is missing, as `search_path` takes any name; the division with
 * 22012 when it is another one of that name than was entered before.
 */
// ISOLATION: a renamed tenant's old name may be another one's by now. integration/orm/postgres-js/tenant-sql.test.ts
function enterText(path: string, schemaName: string, known = "0"): string {
  const regnamespace = quoteLiteral(quoteIdentifier(schemaName));
  const oid = `(${regnamespace}::pg_catalog.regnamespace::pg_catalog.oid)`;
  return (
    `select pg_catalog.set_config('search_path', ${quoteLiteral(path)}, true), ` +
    `${oid}::pg_catalog.text as oid, 1 / (case when ${known} in (0, ${oid}) then 1 else 0 end)`
  );
}

function explain(error: unknown, scope: Scope, schemaName: string): unknown {
  const { code } = error as { readonly code?: unknown };
  if (code !== "3F000" && code !== "22012") return error;
  const tenant = scope.kind === "tenant" ? scope.tenant.slug : undefined;
  return new TenancyError("SCHEMA_NOT_FOUND", `There is no schema "${schemaName}".`, {
    cause: error,
    tenant,
  });
}

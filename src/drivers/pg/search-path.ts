import { LRUCache } from "lru-cache";
import type { Scope } from "../../core/scope.ts";
import { quoteIdentifier, quoteLiteral } from "../../dialects/postgres/identifier.ts";
import { executeMessage } from "./enter-message.ts";
import { searchPath } from "../../dialects/postgres/search-path.ts";

/** What a connection needs to know of a scope. */
export interface ScopePath {
  /** Value of `search_path`. */
  readonly path: string;
  /** Quoted schema, for the check that it exists. */
  readonly regnamespace: string;
  /** Schema. */
  readonly schemaName: string;
  /** Slug of the tenant, or `undefined` in the global scope. */
  readonly tenant: string | undefined;
  /** Bytes that enter it on a connection where the statement that does so is prepared. */
  readonly enterMessage: Buffer;
  /** Text that enters it, to be put before another text. */
  readonly enterText: string;
  /** Schema and migration version: what a prepared statement depends on. */
  readonly schemaVersion: string;
  /** Differs for every {@link schemaVersion}, in this process. */
  readonly key: string;
}

/**
 * The name of the statement that enters a scope, where the session is ours. One for every
 * connection, prepared when it is opened.
 */
export const ENTER_NAME = "kirayedar_enter";

/**
 * Enters a scope until the end of the transaction. The cast fails with 3F000 when the schema is
 * missing: `search_path` itself takes any name, and the query would find nothing, or something else.
 *
 * @see https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SET (`is_local`)
 */
// ISOLATION: without the cast, a query of a dropped tenant runs on the shared schemas. leak/schema.test.ts
export const ENTER_TEXT =
  "select pg_catalog.set_config('search_path', $1, true), ($2::pg_catalog.text)::pg_catalog.regnamespace";

/** As {@link ENTER_TEXT}, until the session is told otherwise. */
export const ENTER_SESSION_TEXT =
  "select pg_catalog.set_config('search_path', $1, false), ($2::pg_catalog.text)::pg_catalog.regnamespace";

/**
 * Makes a new connection ours: nothing is found outside a scope, and the statement that enters one
 * is prepared. One message.
 */
// ISOLATION: with the role's own path, what escapes its scope would reach the global tables. leak/schema.test.ts
export const OPEN_TEXT: string = `set search_path = ''; prepare ${ENTER_NAME} (text, text) as ${ENTER_TEXT}`;

/** Makes {@link ScopePath}s: one for each scope, kept for as long as the scope. */
export class ScopePaths {
  readonly #globalSchema: string;
  readonly #sharedSchemas: readonly string[];
  readonly #paths = new WeakMap<Scope, ScopePath>();
  readonly #keys = new LRUCache<string, string>({ max: 20_000 });
  #nextKey = 0;

  constructor(globalSchema: string, sharedSchemas: readonly string[]) {
    this.#globalSchema = globalSchema;
    this.#sharedSchemas = sharedSchemas;
  }

  /** Returns the path of a scope. */
  of(scope: Scope): ScopePath {
    const known = this.#paths.get(scope);
    if (known !== undefined) return known;
    const tenant = scope.kind === "tenant" ? scope.tenant : undefined;
    const schemaName = tenant?.schemaName ?? this.#globalSchema;
    const schemaVersion = `${schemaName}\0${tenant?.version ?? ""}`;
    const path = searchPath(schemaName, this.#sharedSchemas);
    const regnamespace = quoteIdentifier(schemaName);
    const made: ScopePath = Object.freeze({
      enterMessage: executeMessage(ENTER_NAME, [path, regnamespace]),
      enterText: `${ENTER_TEXT.replace("$1", () => quoteLiteral(path)).replace("$2", () => quoteLiteral(regnamespace))}; `,
      key: this.#key(schemaVersion),
      path,
      regnamespace,
      schemaName,
      schemaVersion,
      tenant: tenant?.slug,
    });
    this.#paths.set(scope, made);
    return made;
  }

  /** A tenant that is read anew is a new object, and must keep the names of its statements. */
  #key(schemaVersion: string): string {
    let key = this.#keys.get(schemaVersion);
    if (key === undefined) {
      key = (this.#nextKey++).toString(36);
      this.#keys.set(schemaVersion, key);
    }
    return key;
  }
}

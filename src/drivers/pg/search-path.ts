import { LRUCache } from "lru-cache";
import type { Scope } from "../../core/scope.ts";
import { quoteIdentifier, quoteLiteral } from "../../dialects/postgres/identifier.ts";
import { executeMessage } from "./enter-message.ts";
import { searchPath } from "../../dialects/postgres/search-path.ts";

/** What a connection needs to know of a scope. */
export class ScopePath {
  /** Value of `search_path`. */
  readonly path: string;
  /** Quoted schema, for the check that it exists. */
  readonly regnamespace: string;
  /** Schema. */
  readonly schemaName: string;
  /** Slug of the tenant, or `undefined` in the global scope. */
  readonly tenant: string | undefined;
  /** Schema and migration version: what a prepared statement depends on. */
  readonly schemaVersion: string;
  /** Differs for every {@link schemaVersion}, in this process. */
  readonly key: string;
  #enterMessage: Buffer | undefined;
  #enterText: string | undefined;
  #oid = UNKNOWN_OID;

  /** @internal */
  constructor(facts: Pick<ScopePath, "key" | "path" | "schemaName" | "schemaVersion" | "tenant">) {
    this.path = facts.path;
    this.regnamespace = quoteIdentifier(facts.schemaName);
    this.schemaName = facts.schemaName;
    this.tenant = facts.tenant;
    this.schemaVersion = facts.schemaVersion;
    this.key = facts.key;
  }

  /** Bytes that enter it on a connection where the statement that does so is prepared. */
  get enterMessage(): Buffer {
    this.#enterMessage ??= executeMessage(ENTER_NAME, this.params);
    return this.#enterMessage;
  }

  /** Text that enters it, to be put before another text; always of one length. */
  get enterText(): string {
    this.#enterText ??= enterText(this.params);
    return this.#enterText;
  }

  /** The same, with one more column. */
  enterTextWith(column: string): string {
    return this.enterText.replace(/; $/, () => `, ${column}; `);
  }

  /** Parameters of {@link ENTER_TEXT}. */
  get params(): readonly [path: string, regnamespace: string, oid: string] {
    return [this.path, this.regnamespace, this.#oid];
  }

  /**
   * Notes which schema was entered, so that no other one of that name is: a process may know a tenant
   * by a row that is out of date, and its schema's name may be another tenant's by now.
   *
   * @param row - the answer of the statement that enters
   */
  // ISOLATION: else a renamed tenant's old name leads to whoever has it now. leak/schema.test.ts
  learn(row: unknown): void {
    // The global schema is named by the configuration, and whoever makes it anew means the new one.
    if (this.#oid !== UNKNOWN_OID || this.tenant === undefined) return;
    const oid: unknown = (row as { readonly fields?: readonly unknown[] }).fields?.[1];
    if (typeof oid === "string") this.#know(oid.padStart(UNKNOWN_OID.length));
  }

  /** Takes back what was learned, as the schema was never there. */
  forget(): void {
    this.#know(UNKNOWN_OID);
  }

  #know(oid: string): void {
    this.#oid = oid;
    this.#enterMessage = undefined;
    this.#enterText = undefined;
  }
}

/** Zero, which no schema has, as long as the greatest; zeros in front would make a number octal. */
const UNKNOWN_OID = "0".padStart(10);

/**
 * The name of the statement that enters a scope, where the session is ours. One for every
 * connection, prepared when it is opened.
 */
export const ENTER_NAME = "kirayedar_enter";

/**
 * Enters a scope until the end of the transaction. The cast fails with 3F000 when the schema is
 * missing: `search_path` itself takes any name, and the query would find nothing, or something else.
 * The division fails with 22012 when the schema is not the one that is known by this name.
 *
 * @see https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SET (`is_local`)
 */
// ISOLATION: without the cast, a query of a dropped tenant runs on the shared schemas. leak/schema.test.ts
export const ENTER_TEXT: string = enterStatement(true);

/** As {@link ENTER_TEXT}, until the session is told otherwise. */
export const ENTER_SESSION_TEXT: string = enterStatement(false);

function enterStatement(isLocal: boolean): string {
  const oid = "($2::pg_catalog.text)::pg_catalog.regnamespace::pg_catalog.oid";
  const isRight = `$3::pg_catalog.oid in (0, ${oid})`;
  return (
    `select pg_catalog.set_config('search_path', $1, ${isLocal}), ${oid}, ` +
    `1 / (case when ${isRight} then 1 else 0 end)`
  );
}

function enterText(params: ScopePath["params"]): string {
  // In one pass: a schema's name may look like a parameter.
  const text = ENTER_TEXT.replaceAll(/\$([123])/g, (_, number: string) =>
    quoteLiteral(params[Number(number) - 1] ?? ""),
  );
  return `${text}; `;
}

/**
 * Makes a new connection ours: nothing is found outside a scope, and the statement that enters one
 * is prepared. One message.
 */
// ISOLATION: with the role's own path, what escapes its scope would reach the global tables. leak/schema.test.ts
export const OPEN_TEXT: string = `set search_path = ''; prepare ${ENTER_NAME} (text, text, oid) as ${ENTER_TEXT}`;

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
    const key = this.#key(schemaVersion);
    const made = new ScopePath({ key, path, schemaName, schemaVersion, tenant: tenant?.slug });
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

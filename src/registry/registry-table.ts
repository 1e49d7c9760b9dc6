import type { Statement } from "../core/dialect.ts";
import type { Queryable } from "../core/driver.ts";
import { slugKey } from "../core/names.ts";
import type { Registry } from "../core/registry.ts";
import type { RegistryFilter, RegistrySql, RegistryStatements } from "../core/registry-sql.ts";
import type { RegistryTables } from "../core/settings.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { explainConnectionFailure } from "../internal/connection-failure.ts";
import { invalidCursor, toCursor } from "./cursor.ts";
import { noticesOf } from "./notifications.ts";
import { parseListOptions, parseTotalOptions } from "./list-filter.ts";
import { type RawRow, readCount, type ReadTenant } from "./tenant-row.ts";

/** What of the registry goes to the database every time. */
export type RegistryTable = Pick<
  Registry,
  | "addDomain"
  | "announce"
  | "count"
  | "get"
  | "insert"
  | "list"
  | "release"
  | "remove"
  | "removeDomain"
  | "setPrimaryDomain"
  | "total"
  | "update"
  | "wasAdopted"
>;

/** What the registry's errors are explained with. */
interface About {
  readonly slug?: string | undefined;
  readonly schemaName?: string | undefined;
  readonly domains?: readonly string[] | undefined;
}

/** Runs one statement on the registry's tables; its errors say what they mean for the registry. */
export type RunStatement = <Row>(
  on: Queryable,
  statement: Statement,
  about?: About,
) => Promise<Row[]>;

/** Makes what runs statements on one registry's tables. */
export function createRunStatement(sql: RegistrySql, tables: RegistryTables): RunStatement {
  return async <Row>(on: Queryable, { params, text }: Statement, about: About = {}) => {
    try {
      return (await on.query<Row>(text, params)).rows;
    } catch (error) {
      throw explain(error, sql, tables, about);
    }
  };
}

/** Makes the part of a registry that goes to the database every time. */
export function createRegistryTable(
  statements: RegistryStatements,
  tables: RegistryTables,
  run: RunStatement,
  read: ReadTenant,
): RegistryTable {
  const write = async <Row>(
    on: Queryable,
    all: readonly Statement[],
    about?: About,
  ): Promise<Row[]> => {
    let rows: Row[] = [];
    for (const statement of all) rows = await run<Row>(on, statement, about);
    return rows;
  };
  const adopted = new WeakSet<Tenant>();
  const first = (rows: readonly RawRow[]): Tenant | undefined =>
    rows[0] === undefined ? undefined : read(rows[0]).tenant;

  return {
    async addDomain(on, id, domain, primary) {
      const [row] = await write<{ added: boolean | number }>(
        on,
        statements.addDomain(id, domain, primary),
        {
          domains: [domain],
        },
      );
      if (row === undefined) {
        throw new TenancyError("TENANT_NOT_FOUND", "There is no such tenant.", { tenant: id });
      }
      if (!row.added) throw domainTaken([domain]);
    },
    async get(on, ref, options) {
      if (!isStorable(typeof ref === "string" ? ref : ref.id)) return undefined;
      return first(await run<RawRow>(on, statements.get(ref, options?.lock === true)));
    },
    async insert(on, tenant) {
      checkExtra(tenant.extra, tables);
      const look = statements.findUnclaimed(tenant.slug);
      const isThere = look !== undefined && (await run(on, look, tenant)).length > 0;
      const rows = await write<RawRow>(on, statements.insert(tenant, isThere), tenant);
      const [made] = rows.map(read);
      // The same slug was inserted between the statement's beginning and its end.
      if (made === undefined) throw slugTaken(tenant.slug, undefined);
      if (made.wasThere) adopted.add(made.tenant);
      return made.tenant;
    },
    async announce(on, ids) {
      for (const payload of noticesOf(ids)) await run(on, statements.announce(payload));
    },
    async count(on, states) {
      return (await run<RawRow>(on, statements.count(states))).map(readCount);
    },
    async list(on, options = {}, digests) {
      const filter = parseListOptions(options);
      const statement = statements.list({ ...filter, digests, limit: filter.limit + 1 });
      const rows = await run<RawRow>(on, statement).catch((error: unknown) => {
        // Whoever wrote it by hand wrote something that is no time.
        const isCursor = filter.after !== undefined && isTenancyError(error, "INVALID_QUERY");
        throw isCursor ? invalidCursor(error) : error;
      });
      const found = rows.slice(0, filter.limit).map(read);
      const last = rows.length > filter.limit ? found.at(-1) : undefined;
      return {
        nextCursor: last && toCursorAfter(filter, last),
        tenants: found.map(({ tenant }) => tenant),
      };
    },
    async release(on, id) {
      await write(on, statements.release(id));
    },
    async remove(on, id) {
      await write(on, statements.remove(id));
    },
    async removeDomain(on, id, domain) {
      return (await write(on, statements.removeDomain(id, domain))).length > 0;
    },
    async setPrimaryDomain(on, id, domain) {
      return (await write(on, statements.setPrimaryDomain(id, domain))).length > 0;
    },
    async update(on, id, changes, from) {
      checkExtra(changes.extra ?? {}, tables);
      return first(await write<RawRow>(on, statements.update(id, changes, from), changes));
    },
    async total(on, options = {}) {
      const rows = await run<RawRow>(on, statements.total(parseTotalOptions(options)));
      return Number(rows[0]?.["tenants"] ?? 0);
    },
    wasAdopted: (tenant) => adopted.has(tenant),
  };
}

function toCursorAfter(
  { isDescending, sort }: Pick<RegistryFilter, "isDescending" | "sort">,
  { sortKey, tenant }: ReturnType<ReadTenant>,
): string {
  return toCursor({ by: sort, isDescending }, { key: slugKey(tenant.slug), value: sortKey });
}

/** Whether a name could be in the registry at all. One that cannot would fail a whole batch. */
export function isStorable(name: unknown): name is string {
  return typeof name === "string" && name.length <= 255 && !name.includes("\0");
}

function checkExtra(extra: Readonly<Record<string, unknown>>, tables: RegistryTables): void {
  for (const name of Object.keys(extra)) {
    if (Object.hasOwn(tables.extraColumns, name)) continue;
    throw new TenancyError("INVALID_QUERY", `The registry has no extra column "${name}".`, {
      remedy: "Name it in `registry.extraColumns`.",
    });
  }
}

function explain(error: unknown, sql: RegistrySql, tables: RegistryTables, about: About): unknown {
  const fault = sql.faultOf(error, tables);
  switch (fault) {
    case "slug taken":
      return slugTaken(about.slug, error);
    case "schema taken":
      return new TenancyError("SCHEMA_EXISTS", "Another tenant has that schema name.", {
        cause: error,
        tenant: about.slug,
      });
    case "domain taken":
      return domainTaken(about.domains ?? [], error);
    case "registry missing":
      return new TenancyError("REGISTRY_MISSING", "The registry's tables are not complete.", {
        cause: error,
      });
    case "value refused":
      return new TenancyError("INVALID_QUERY", "The registry's table refused the change.", {
        cause: error,
        remedy:
          "Look at the cause: a column or constraint of the application's own stands against it.",
        tenant: about.slug,
      });
    case undefined:
      return explainConnectionFailure(error);
  }
}

function slugTaken(slug: string | undefined, cause: unknown): TenancyError {
  const fact = slug === undefined ? "The tenant exists." : `The tenant "${slug}" exists.`;
  return new TenancyError("TENANT_EXISTS", fact, {
    cause,
    remedy: "Choose another slug.",
    tenant: slug,
  });
}

function domainTaken(domains: readonly string[], cause?: unknown): TenancyError {
  const [domain] = domains;
  const what = domains.length === 1 ? `domain "${domain}"` : "domain, one of several,";
  return new TenancyError("DOMAIN_TAKEN", `The ${what} is another tenant's.`, { cause });
}

import { describe, expect, it } from "vitest";
import type { Statement } from "../../../../src/core/dialect.ts";
import type { JournalEntry } from "../../../../src/core/journal-sql.ts";
import type { NewTenant } from "../../../../src/core/registry.ts";
import type { RegistryTables } from "../../../../src/core/settings.ts";
import { mysql } from "../../../../src/dialects/mysql/index.ts";

const { journal, registry, schema } = mysql;

const tables: RegistryTables = {
  columns: {
    created_at: "created_at",
    id: "id",
    migrations_digest: "migrations_digest",
    name: "name",
    schema_name: "schema_name",
    server: "server",
    slug: "slug",
    state: "state",
    updated_at: "updated_at",
    version: "version",
  },
  domainsTable: "tenant_domains",
  extraColumns: { plan: "varchar(20)" },
  schema: "app",
  table: "tenants",
};
const tenant: NewTenant = {
  domains: ["a.test", "b.test"],
  extra: { plan: "gold" },
  name: null,
  schemaName: "tenant_acme",
  server: "default",
  slug: "acme",
};
const entry: JournalEntry = {
  checksum: "c",
  direction: "up",
  doneChecksum: null,
  durationMs: 1,
  error: null,
  isFinished: true,
  name: "n",
  statementsDone: 0,
  version: "1",
};
const statements = registry.statements(tables, "channel");
const table = { schema: "app", table: "history" };
const filter = {
  after: { key: "a", value: null },
  isDescending: false,
  sort: "slug" as const,
  limit: 5,
  search: "x",
  server: "default",
  states: ["active", "suspended"],
  version: "1",
} as const;

/** Everything that is sent with parameters. */
const STATEMENTS: readonly (readonly [string, Statement])[] = [
  ["exists", schema.exists("a")],
  ["countTables", schema.countTables("a", "history")],
  ["listOutside", schema.listOutside("a", 5)],
  ["currentNames", schema.currentNames()],
  ["list", journal.list(table)],
  ["write", journal.write(table, [entry, entry])],
  ["remove", journal.remove(table, "1")],
  ["find", statements.find({ domains: ["a"], ids: ["1", "2"], slugKeys: [] })],
  ["get by slug", statements.get("acme", true)],
  ["get by id", statements.get({ id: "1" }, false)],
  ["list of tenants", statements.list(filter)],
  ["list without a version", statements.list({ ...filter, states: [], version: null })],
  ["findUnclaimed", statements.findUnclaimed("acme")!],
  ...Object.entries({
    addDomain: statements.addDomain("1", "a.test", true),
    "insert, of a new row": statements.insert(tenant, false),
    "insert, of a row that is there": statements.insert(tenant, true),
    release: statements.release("1"),
    "remove of a tenant": statements.remove("1"),
    removeDomain: statements.removeDomain("1", "a.test"),
    setPrimaryDomain: statements.setPrimaryDomain("1", "a.test"),
    update: statements.update("1", { state: "active", version: null }, ["provisioning"]),
  }).flatMap(([name, list]) =>
    list.map((statement, index) => [`${name} ${index + 1}`, statement] as const),
  ),
];

/** Everything that is sent as a script. */
const SCRIPTS: readonly (readonly [string, string])[] = [
  ["create", schema.create("a", "1")],
  ["ensure", schema.ensure("a")],
  ["drop", schema.drop("a")],
  ["enter", schema.enter("a", [])],
  ["limitLockWait", schema.limitLockWait(1500)],
  ["the registry's migration", registry.migration(tables)],
  ["the history", journal.create(table)],
];

const ALL = [...STATEMENTS.map(([name, { text }]) => [name, text] as const), ...SCRIPTS];

describe("the SQL for MySQL and MariaDB", () => {
  it.each(STATEMENTS)("has a value for each parameter of %s", (_name, { params, text }) => {
    expect(text.split("?")).toHaveLength(params.length + 1);
    expect(text).not.toContain(";");
  });

  it.each(ALL)("has nothing in %s that only one of them knows", (_name, text) => {
    const onBoth = text.replaceAll(/\/\*(?:!80000|M!).*?\*\//gs, "");
    for (const own of [
      /\breturning\b/i,
      /\bexecute immediate\b/i,
      /\badd column if not exists\b/i,
      /\bset statement\b/i,
      /\bfor share\b/i,
      /\bas new\b/i,
      /\bskip locked\b/i,
      /\binnodb_sys_foreign\b/i,
      /\b0900\b/,
      /\buca1400\b/,
      /\bgroup_concat\b/i,
      /\/\*!/,
    ]) {
      expect(onBoth).not.toMatch(own);
    }
  });

  it.each(ALL)("needs no backslash in %s", (_name, text) => {
    expect(text).not.toContain("\\");
  });

  it("looks for foreign keys in the place that each of them has for it", () => {
    const { params, text } = schema.listOutside("a", 5);
    const mysqlOnly = /\/\*!80000 (.*?) \*\//s.exec(text)?.[1];
    const mariadbOnly = /\/\*M! (.*?) \*\//s.exec(text)?.[1];
    expect(params).toEqual([]);
    expect(mysqlOnly?.replaceAll(/\s+/g, " ")).toBe(
      "select concat('foreign key of ', r.constraint_schema, '.', r.table_name) as object " +
        "from information_schema.referential_constraints r " +
        "where r.unique_constraint_schema = _utf8mb4 x'61' and r.constraint_schema <> _utf8mb4 x'61'",
    );
    expect(mariadbOnly).toContain("information_schema.innodb_sys_foreign");
    // Nothing of a name is in the comments as it is: it might end them.
    expect(schema.listOutside("*/ drop", 5).text).not.toContain("drop");
  });

  it("makes a database with the character set that holds everything, unless the server's does", () => {
    expect(mysql.script.split(schema.create("it's", "1")).map(({ text }) => text)).toEqual([
      "set @kirayedar_sql = concat('create database `it''s`', if(@@character_set_server = 'utf8mb4', '', ' character set utf8mb4'))",
      "prepare kirayedar_sql from @kirayedar_sql",
      "execute kirayedar_sql",
      "deallocate prepare kirayedar_sql",
      "create table `it's`.`kirayedar_tenant` (one tinyint not null primary key) comment = 'kirayedar tenant 1'",
    ]);
  });

  it("marks a database with the bytes of an id that a comment could not hold", () => {
    expect(schema.create("a", "it's")).toContain("comment = 'kirayedar tenant it''s'");
    expect(schema.create("a", "\\")).toContain("comment = 'kirayedar tenant-hex 5c'");
  });

  it.each([
    [0, 1],
    [1, 1],
    [1000, 1],
    [1001, 2],
    [1e15, 31_536_000],
  ])("waits %d ms for a lock as %d seconds", (timeoutMs, seconds) => {
    expect(schema.limitLockWait(timeoutMs)).toBe(
      `set session lock_wait_timeout = ${seconds}, session innodb_lock_wait_timeout = ${seconds}`,
    );
  });

  it("replaces an entry of the history in the words that both have", () => {
    expect(journal.write(table, [entry]).text).toContain(
      "on duplicate key update name = values(name), checksum = values(checksum)",
    );
  });
});

describe("the registry's faults on MySQL", () => {
  const faultOf = (errno: number, message: string): unknown =>
    registry.faultOf(Object.assign(new Error(message), { errno }), {
      ...tables,
      columns: { ...tables.columns, slug: "handle" },
    });

  it.each([
    ["Duplicate entry '1-acme' for key 'tenants.kirayedar_slug'", "slug taken"],
    ["Duplicate entry '1-acme' for key 'kirayedar_slug'", "slug taken"],
    ["Duplicate entry 'a' for key 'tenants.kirayedar_schema'", "schema taken"],
    ["Duplicate entry 'kirayedar_slug' for key 'kirayedar_schema'", "schema taken"],
    ["Duplicate entry 'it's' for key 'tenant_domains.kirayedar_domain'", "domain taken"],
    ["Doppelter Eintrag 'a' für Schlüssel 'kirayedar_domain'", "domain taken"],
    ["Duplicate entry 'a' for key 'handle'", "slug taken"],
    ["Duplicate entry 'a' for key 'organizations.organizations_handle_unique'", "slug taken"],
    ["Duplicate entry 'a' for key 'schema_name'", "schema taken"],
    ["Duplicate entry '7' for key 'PRIMARY'", "value refused"],
    ["Duplicate entry 'x' for key 'organizations.tax_number'", "value refused"],
  ])("reads %j", (message, fault) => {
    expect(faultOf(1062, message)).toBe(fault);
    const withSql = `(conn:7, no: 1062, SQLState: 23000) ${message}\nsql: insert into t values ('kirayedar_domain')`;
    const error = Object.assign(new Error(withSql), { errno: 1062, sqlMessage: message });
    expect(
      registry.faultOf(error, { ...tables, columns: { ...tables.columns, slug: "handle" } }),
    ).toBe(fault);
  });

  it.each([
    [1049, "registry missing"],
    [1054, "registry missing"],
    [1146, "registry missing"],
    [1048, "value refused"],
    [1264, "value refused"],
    [1265, "value refused"],
    [1292, "value refused"],
    [1364, "value refused"],
    [1366, "value refused"],
    [1406, "value refused"],
    [1451, "value refused"],
    [1452, "value refused"],
    [3140, "value refused"],
    [3819, "value refused"],
    [4025, "value refused"],
    [1064, undefined],
    [1205, undefined],
    [1213, undefined],
  ])("takes the error %d for %j", (errno, fault) => {
    expect(faultOf(errno, "x")).toBe(fault);
  });

  it("leaves what is no error alone", () => {
    expect(registry.faultOf({ errno: 1146 }, tables)).toBeUndefined();
    expect(registry.faultOf(undefined, tables)).toBeUndefined();
  });
});

describe("the registry's rows on MySQL", () => {
  const row = {
    created_at: "1700000000.123456",
    domains: '[["b.test", 0, 2], ["c.test", 1, 3], ["a.test", 0, 1]]',
    extra_0: "gold",
    id: "7",
    migrations_digest: "abc",
    name: null,
    schema_name: "tenant_acme",
    server: "default",
    slug: "acme",
    state: "active",
    updated_at: 1_700_000_000,
    version: null,
  };
  const expected = {
    ...row,
    created_at: new Date(1_700_000_000_123),
    domains: ["c.test", "a.test", "b.test"],
    updated_at: new Date(1_700_000_000_000),
  };

  it("are the same whatever a client library makes of them", () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    expect(registry.read(row)).toEqual(expected);
    const parsed = JSON.parse(row.domains) as unknown;
    expect(registry.read({ ...row, domains: parsed })).toEqual(expected);
    expect(registry.read({ ...row, domains: bytes(row.domains), slug: bytes("acme") })).toEqual(
      expected,
    );
    expect(registry.read({ ...row, domains: null }).domains).toEqual([]);
  });

  it.each([
    ["a number", 1, true],
    ["text", "1", true],
    ["a bigint", 1n, true],
    ["a boolean", true, true],
    ["bytes", new TextEncoder().encode("0"), false],
    ["a nought", 0, false],
    ["a nought as text", "0", false],
  ])("say by %s whether they were there", (_what, wasThere, expectedFlag) => {
    expect(registry.read({ ...row, was_there: wasThere }).was_there).toBe(expectedFlag);
  });

  it("say what is wrong when the server has cut off the domains", () => {
    expect(() => registry.read({ ...row, domains: '[["b.test", 0, 2], ["c.te' })).toThrow(
      "group_concat_max_len",
    );
  });
});

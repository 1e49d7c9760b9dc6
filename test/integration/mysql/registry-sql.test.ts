import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { shortHash } from "../../../src/internal/short-hash.ts";
import type { Statement } from "../../../src/core/dialect.ts";
import type { NewTenant } from "../../../src/core/registry.ts";
import type { RegistryStatements, TenantRow } from "../../../src/core/registry-sql.ts";
import type { RegistryTables } from "../../../src/core/settings.ts";
import { quoteIdentifier } from "../../../src/dialects/mysql/identifier.ts";
import { mysql } from "../../../src/dialects/mysql/index.ts";
import {
  createTestMysqlDatabase,
  describeMysql,
  type TestMysqlDatabase,
} from "../../support/database.ts";
import { openRawClient, type RawClient, type Row } from "./raw-client.ts";

/** The table of claims of a registry, which refers to its tenants. */
const claimsOf = (table: string): string => `kirayedar_${shortHash(table)}_claims`;

const { registry } = mysql;

const COLUMNS = {
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
} as const;

function newTenant(slug: string, changes: Partial<NewTenant> = {}): NewTenant {
  const schemaName = `tenant_${slug.replaceAll("-", "_")}`;
  return { domains: [], extra: {}, name: null, schemaName, server: "default", slug, ...changes };
}

describeMysql("the SQL of MySQL's registry", () => {
  let database: TestMysqlDatabase;
  let client: RawClient;
  let tables: RegistryTables;
  let statements: RegistryStatements;

  beforeAll(async () => {
    database = await createTestMysqlDatabase();
    client = await openRawClient(database.url);
    tables = {
      columns: COLUMNS,
      domainsTable: "tenant_domains",
      extraColumns: { settings: "json" },
      schema: database.name,
      table: "tenants",
    };
    statements = registry.statements(tables, "channel");
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });
  beforeEach(async () => {
    await client.query(
      `drop table if exists ${claimsOf("tenants")}, tenant_domains, tenants, kirayedar_notices`,
    );
    await client.script(registry.migration(tables));
  });

  /** Runs statements in one transaction; the last one's rows are the answer. */
  async function write(
    all: readonly Statement[],
    { how = "query", on = client }: { how?: "query" | "execute"; on?: RawClient } = {},
  ): Promise<Row[]> {
    let rows: Row[] = [];
    await on.query("start transaction");
    try {
      for (const statement of all) rows = await on[how](statement);
      await on.query("commit");
    } catch (error) {
      await on.query("rollback");
      throw error;
    }
    return rows;
  }

  async function insert(slug: string, changes?: Partial<NewTenant>): Promise<TenantRow> {
    const [row] = await write(statements.insert(newTenant(slug, changes), false));
    return registry.read(row!);
  }

  /** Inserts as the registry does it, which looks first. */
  async function claim(on: RegistryStatements, slug: string): Promise<TenantRow | undefined> {
    const tenant = newTenant(slug, { domains: [`${slug}.test`] });
    const found = await client.execute(on.findUnclaimed(slug)!);
    const [row] = await write(on.insert(tenant, found.length > 0));
    return row && registry.read(row);
  }

  const get = async (slug: string): Promise<TenantRow | undefined> => {
    const [row] = await client.query(statements.get(slug, false));
    return row && registry.read(row);
  };
  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => "no error",
      (error: unknown) => error,
    );
  const notices = async (): Promise<unknown[]> => {
    const rows = await client.query("select channel, payload from kirayedar_notices order by id");
    await client.query("delete from kirayedar_notices");
    return rows.map(({ channel, payload }) => {
      expect(channel).toBe("channel");
      return JSON.parse(String(payload));
    });
  };

  describe.each(["query", "execute"] as const)("through %s", (how) => {
    it("writes and reads a tenant in all its stages", async () => {
      const domains = ["z.test", "b.test", "a.test"];
      const extra = { settings: { colors: ["it's \\ red"] } };
      const tenant = newTenant("acme-corp", { domains, extra, name: `It's "\\" 😀` });
      const [inserted] = await write(statements.insert(tenant, false), { how });
      const made = registry.read(inserted!);
      expect(made).toMatchObject({
        domains,
        name: tenant.name,
        schema_name: "tenant_acme_corp",
        server: "default",
        slug: "acme-corp",
        state: "provisioning",
        version: null,
        was_there: false,
      });
      expect(made.id).toMatch(/^[\da-f-]{36}$/);
      expect(Math.abs(new Date(made.created_at).getTime() - Date.now())).toBeLessThan(60_000);
      const { was_there: _, ...row } = made;
      for (const ref of ["acme_corp", { id: made.id }]) {
        expect(
          (await client[how](statements.get(ref, true))).map((row) => registry.read(row)),
        ).toEqual([row]);
      }
      const found = await client[how](
        statements.find({ domains: ["a.test"], ids: [made.id], slugKeys: ["acme_corp"] }),
      );
      expect(found.map((row) => registry.read(row))).toEqual([row]);
      const changes = { extra: { settings: [1] }, state: "active", version: "7" } as const;
      const [active] = await write(statements.update(made.id, changes, ["provisioning"]), { how });
      expect(registry.read(active!)).toMatchObject({
        name: made.name,
        state: "active",
        version: "7",
      });
      expect(await write(statements.update(made.id, changes, ["provisioning"]), { how })).toEqual(
        [],
      );
      expect(await write(statements.setPrimaryDomain(made.id, "a.test"), { how })).toHaveLength(1);
      expect((await get("acme-corp"))?.domains).toEqual(["a.test", "z.test", "b.test"]);
      expect(await write(statements.removeDomain(made.id, "z.test"), { how })).toHaveLength(1);
      expect(await write(statements.removeDomain(made.id, "z.test"), { how })).toEqual([]);
      await write(statements.remove(made.id), { how });
      expect(await get("acme-corp")).toBeUndefined();
    });
  });

  it("leaves a notice of what was done, and none of what was not", async () => {
    const { id } = await insert("acme", { domains: ["a.test"] });
    const other = await insert("globex", { domains: ["g.test"] });
    expect(await notices()).toEqual([
      { id, names: true },
      { id: other.id, names: true },
    ]);
    for (const [list, names] of [
      [statements.update(id, { state: "active" }, undefined), false],
      [statements.update(id, { slug: "acme2" }, ["active"]), true],
      [statements.addDomain(id, "b.test", true), true],
      [statements.setPrimaryDomain(id, "a.test"), false],
      [statements.removeDomain(id, "a.test"), false],
      [statements.remove(id), false],
    ] as const) {
      await write(list);
      expect(await notices()).toEqual([{ id, names }]);
    }
    for (const list of [
      statements.update(other.id, { state: "active" }, ["active"]),
      statements.update("5", { state: "active" }, undefined),
      statements.addDomain("5", "x.test", false),
      statements.setPrimaryDomain(other.id, "x.test"),
      statements.removeDomain(other.id, "x.test"),
      statements.remove(id),
      statements.release(id),
    ]) {
      await write(list);
      expect(await notices()).toEqual([]);
    }
    await failure(write(statements.insert(newTenant("globex"), false)));
    expect(await notices()).toEqual([]);
  });

  it("writes notices of ids that JSON has to escape", async () => {
    await client.query(
      "create table odd (id varchar(50) primary key, handle text) character set latin1",
    );
    const odd = {
      ...tables,
      columns: { ...COLUMNS, slug: "handle" },
      domainsTable: "odds",
      table: "odd",
    };
    await client.script(registry.migration(odd));
    await client.query({
      params: [`"\\é`],
      text: "insert into odd (id, handle) values (?, 'acme')",
    });
    const made = await claim(registry.statements(odd, "channel"), "acme");
    expect(made).toMatchObject({ id: `"\\é`, was_there: true });
    expect(await notices()).toEqual([{ id: `"\\é`, names: true }]);
    await client.query(`drop table ${claimsOf("odd")}, odds, odd`);
  });

  it("says that a domain is another tenant's, and changes neither", async () => {
    const acme = await insert("acme", { domains: ["a.test"] });
    await insert("globex", { domains: ["g.test"] });
    await notices();
    expect(await write(statements.addDomain(acme.id, "g.test", true))).toEqual([{ added: null }]);
    expect((await get("acme"))?.domains).toEqual(["a.test"]);
    expect((await get("globex"))?.domains).toEqual(["g.test"]);
    expect(await notices()).toEqual([]);
    expect(await write(statements.addDomain("5", "g.test", true))).toEqual([]);
    expect(await write(statements.addDomain(acme.id, "b.test", true))).toEqual([{ added: 1 }]);
    expect((await get("acme"))?.domains).toEqual(["b.test", "a.test"]);
  });

  it("knows no schema name by its case alone", async () => {
    await insert("acme", { schemaName: "Tenant_Ä" });
    const clash = await failure(insert("globex", { schemaName: "tenant_ä" }));
    expect(registry.faultOf(clash, tables)).toBe("schema taken");
    await insert("globex", { schemaName: "tenant_a" });
  });

  it("finds nothing by what only looks like a slug, an id or a state", async () => {
    const { id } = await insert("acme");
    for (const ref of ["acme ", "ACME", "acmé", { id: `${id} ` }, { id: id.toUpperCase() }]) {
      expect(await client.query(statements.get(ref, false)), JSON.stringify(ref)).toEqual([]);
    }
    const keys = { domains: [], ids: [`${id} `], slugKeys: ["acme ", "ACME"] };
    expect(await client.query(statements.find(keys))).toEqual([]);
    await client.query("update tenants set state = 'Active'");
    expect(await write(statements.update(id, { name: "x" }, ["active"]))).toEqual([]);
  });

  it("reads the same whatever the client library makes of its values", async () => {
    const expected = await insert("acme", { domains: ["b.test", "a.test"], name: "Acme" });
    for (const options of [
      { timezone: "+05:30" },
      { dateStrings: true, jsonStrings: true },
      { bigNumberStrings: true, decimalNumbers: true, supportBigNumbers: true },
      { typeCast: false },
    ] as const) {
      const other = await openRawClient(database.url, options);
      try {
        await other.query("set session time_zone = '-11:00'");
        const [row] = await other.query(statements.get("acme", false));
        const { was_there: _, ...rest } = expected;
        expect(registry.read(row!)).toEqual({ ...rest, extra_0: null });
        const insertOther = registry.statements(tables, "c").insert(newTenant("globex"), false);
        const [made] = await write(insertOther, { on: other });
        expect(registry.read(made!).was_there).toBe(false);
        await client.query("delete from tenants where slug = 'globex'");
      } finally {
        await other.end();
      }
    }
  });

  it.each(["NO_BACKSLASH_ESCAPES", "ANSI_QUOTES,PIPES_AS_CONCAT,ONLY_FULL_GROUP_BY", ""])(
    'means the same in a session with the modes "%s"',
    async (sqlMode) => {
      const other = await openRawClient(database.url);
      try {
        await other.query(`set session sql_mode = '${sqlMode}'`);
        await other.script(registry.migration(tables));
        const options = { how: "execute", on: other } as const;
        const tenant = newTenant("acme", { domains: ["a.test"], name: "50% \\|_'" });
        const [made] = await write(statements.insert(tenant, false), options);
        const { id } = registry.read(made!);
        await write(statements.update(id, { state: "active" }, ["provisioning"]), options);
        for (const [search, count] of [
          ["%", 1],
          ["_", 1],
          ["|", 1],
          ["\\", 1],
          ["\\|_'", 1],
          ["AC", 1],
          ["5_%", 0],
          ["\\%", 0],
        ] as const) {
          const filter = {
            after: { key: "aa", value: null },
            isDescending: false,
            sort: "slug" as const,
            limit: 5,
            search,
            server: "default",
            states: ["active"],
            version: null,
          } as const;
          expect(await other.execute(statements.list(filter)), search).toHaveLength(count);
        }
        await write(statements.remove(id), options);
      } finally {
        await other.end();
      }
    },
  );

  it("lets many insert at once without a deadlock", async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => openRawClient(database.url)));
    const outcomes: unknown[] = [];
    try {
      for (let round = 0; round < 15; round += 1) {
        const all = clients.map(async (on, index) => {
          const slugs = [`same${round}`, `other${round}x${index}`];
          for (const slug of slugs) {
            const tenant = newTenant(slug, { domains: [`${slug}.test`, `www.${slug}.test`] });
            outcomes.push(
              await write(statements.insert(tenant, false), { on }).then(
                () => "made",
                (error: unknown) => registry.faultOf(error, tables) ?? error,
              ),
            );
          }
        });
        await Promise.all(all);
      }
    } finally {
      for (const one of clients) await one.end();
    }
    expect(new Set(outcomes)).toEqual(new Set(["made", "slug taken"]));
    expect(outcomes.filter((outcome) => outcome === "made")).toHaveLength(15 * 7);
  });

  it("uses an index for id, slug and domain", async () => {
    await client.query("insert into tenants (slug, schema_name) values ('t-1', 't1')");
    for (let size = 1; size < 4096; size *= 2) {
      await client.query(
        `insert into tenants (slug, schema_name) select concat(slug, '-', ${size}), concat(schema_name, '_', ${size}) from tenants`,
      );
    }
    await client.query(
      "insert into tenant_domains (domain, tenant_id) select concat(slug, '.test'), id from tenants",
    );
    await client.query("analyze table tenants, tenant_domains");
    const [row] = await client.query("select id from tenants where slug = 't-1-2-4'");
    const keys = {
      domains: ["t-1.test", "x.test"],
      ids: [String(row?.["id"]), "nonsense"],
      slugKeys: ["t_1_1", "x"],
    };
    const find = statements.find(keys);
    expect(await client.query(find)).toHaveLength(3);
    const filter = {
      after: { key: "t_1", value: null },
      isDescending: false,
      sort: "slug" as const,
      limit: 5,
      search: undefined,
      server: undefined,
      states: undefined,
      version: undefined,
    };
    for (const { params, text } of [
      find,
      statements.get("t-1", true),
      statements.get({ id: String(row?.["id"]) }, true),
      statements.list(filter),
    ]) {
      const plan = await client.query({ params, text: `explain ${text}` });
      const scanned = plan.filter((line) => line["type"] === "ALL" && Number(line["rows"]) > 10);
      expect(scanned, text).toEqual([]);
    }
  });

  it.each([
    ["bigint unsigned auto_increment", /^\d+$/],
    ["char(36) character set latin1 collate latin1_swedish_ci default (uuid())", /^[\da-f-]{36}$/],
    ["varchar(40) character set utf8mb3 default (uuid())", /^[\da-f-]{36}$/],
  ])("takes an application's table with ids of the type %s", async (type, pattern) => {
    await client.query(`create table own (id ${type} primary key, slug varchar(20) unique)`);
    await client.query("insert into own (slug) values ('acme'), ('not-a'), ('not_a')");
    const own = { ...tables, domainsTable: "own_domains", table: "own" };
    await client.script(registry.migration(own));
    await client.script(registry.migration(own));
    const [shown] = await client.query("select * from own limit 1");
    expect(Object.keys(shown!).filter((name) => name.startsWith("kirayedar"))).toEqual([]);
    const ownStatements = registry.statements(own, "channel");
    for (const slug of ["acme", "globex"]) {
      const made = await claim(ownStatements, slug);
      expect(made).toMatchObject({
        domains: [`${slug}.test`],
        id: expect.stringMatching(pattern) as string,
        was_there: slug === "acme",
      });
      const id = made?.id ?? "";
      for (const odd of [`${id}.0`, `0${id}`, `${id} `, "nonsense", "99999999999999999999999"]) {
        expect(await client.query(ownStatements.get({ id: odd }, false))).toEqual([]);
        expect(await write(ownStatements.update(odd, { name: "x" }, undefined))).toEqual([]);
        expect(await write(ownStatements.remove(odd))).toEqual([]);
      }
      const [changed] = await write(ownStatements.update(id, { version: "1" }, ["provisioning"]));
      expect(registry.read(changed!)).toMatchObject({ domains: [`${slug}.test`], id });
    }
    const [acme] = await client.query(ownStatements.get("acme", false));
    await write(ownStatements.release(registry.read(acme!).id));
    expect(await client.query(ownStatements.get("acme", false))).toEqual([]);
    expect(await client.query("select slug from own where schema_name is null")).toHaveLength(3);
    await client.query(`drop table ${claimsOf("own")}, own_domains, own`);
  });

  it("takes a row of a table whose other columns no insert of ours could fill", async () => {
    await client.query(
      "create table own (id varchar(40) primary key, slug text, owner int not null)",
    );
    await client.query(
      "insert into own values ('7', 'acme', 1), ('8', 'Acme', 1), ('9', 'a-b', 1)",
    );
    const own = { ...tables, domainsTable: "own_domains", table: "own" };
    await client.script(registry.migration(own));
    const ownStatements = registry.statements(own, "channel");
    expect(await claim(ownStatements, "acme")).toMatchObject({ id: "7", was_there: true });
    expect(registry.faultOf(await failure(claim(ownStatements, "a_b")), own)).toBe("value refused");
    // Somebody else has taken it between the look and the insert.
    const late = newTenant("acme", { domains: ["late.test"], schemaName: "late" });
    expect(await write(ownStatements.insert(late, true))).toEqual([]);
    expect(await client.query("select domain from own_domains")).toEqual([{ domain: "acme.test" }]);
    await client.query(`drop table ${claimsOf("own")}, own_domains, own`);
  });

  it("refuses an application's table whose ids are bytes", async () => {
    await client.query("create table own (id binary(16) primary key, slug varchar(20))");
    const own = { ...tables, domainsTable: "own_domains", table: "own" };
    await expect(client.script(registry.migration(own))).rejects.toThrow("An id of bytes");
    await client.query("drop table own");
  });

  it("takes hostile names as they are, in any session", async () => {
    const schema = `${database.prefix}we\`ird 's' \\ ?`;
    const hostile: RegistryTables = {
      columns: { ...COLUMNS, id: "i`d'", slug: "s`l'u\\g" },
      domainsTable: "d%`om'ains ;",
      extraColumns: { "p`l'an": "varchar(20) not null default 'it''s'" },
      schema,
      table: "t`en'ants\\ */",
    };
    await client.script(mysql.schema.ensure(schema));
    for (const sqlMode of ["NO_BACKSLASH_ESCAPES", ""]) {
      await client.query(`set session sql_mode = '${sqlMode}'`);
      await client.script(registry.migration(hostile));
      await client.script(registry.migration(hostile));
    }
    await client.query("set session sql_mode = default");
    const hostileStatements = registry.statements(hostile, "channel");
    const tenant = newTenant("acme", { domains: ["a.test"] });
    const [made] = await write(hostileStatements.insert(tenant, false), { how: "execute" });
    expect(registry.read(made!)).toMatchObject({ domains: ["a.test"], extra_0: "it's" });
    await client.query(`drop database ${quoteIdentifier(schema)}`);
  });

  it("tells what an error means for the registry", async () => {
    const { id } = await insert("acme", { domains: ["a.test"] });
    await client.query(
      "create table invoice (t char(36) character set ascii, foreign key (t) references tenants (id))",
    );
    await client.query({ params: [id], text: "insert into invoice values (?)" });
    await client.query("alter table tenants add constraint named check (name <> 'refused')");
    const faultOf = async (promise: Promise<unknown>): Promise<unknown> => {
      const error = await failure(promise);
      return registry.faultOf(error, tables) ?? error;
    };
    const insertWith = (changes: Partial<NewTenant>): Promise<unknown> =>
      faultOf(write(statements.insert(newTenant("globex", changes), false)));
    expect(await faultOf(write(statements.insert(newTenant("acme"), false)))).toBe("slug taken");
    expect(await insertWith({ schemaName: "tenant_acme" })).toBe("schema taken");
    expect(await insertWith({ domains: ["g.test", "a.test"] })).toBe("domain taken");
    expect(await insertWith({ server: "x".repeat(300) })).toBe("value refused");
    expect(await insertWith({ name: "refused" })).toBe("value refused");
    expect(await insertWith({ extra: { settings: "{no json" } })).toBe("value refused");
    expect(await faultOf(write(statements.remove(id)))).toBe("value refused");
    await client.query("drop table invoice, tenant_domains");
    expect(await faultOf(client.query(statements.get("acme", false)))).toBe("registry missing");
    await client.query("alter table tenants drop column version");
    expect(await faultOf(client.query(statements.get("acme", false)))).toBe("registry missing");
    expect(registry.faultOf(await failure(client.query("select")), tables)).toBeUndefined();
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import pg from "pg";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

let database: TestDatabase;
let workspace: Workspace;
let admin: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  workspace = createWorkspace(database.url);
  writeMigrations(workspace, 2);
  await workspace.run("migrate", "--global");
  for (const slug of ["acme", "globex", "initech"]) await workspace.run("create", slug);
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
});

afterAll(async () => {
  await admin.end();
  workspace.remove();
  await database.drop();
});

describe("diff", () => {
  it("says that nothing differs", async () => {
    const { code, stderr, stdout } = await workspace.run("diff");
    expect(stdout).toMatch(
      /^Reference: a schema made by the tenant migrations, at 20260101000002\.\n\n3 tenants: 3 the same, 0 differ, 0 could not be read \(.*\)\.\n$/,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("groups tenants that differ alike, and says in what", async () => {
    for (const name of ["tenant_acme", "tenant_globex"]) {
      await admin.query(
        `alter table ${name}.posts alter title type varchar(9);
         create index by_hand on ${name}.posts (title);
         create table ${name}.more (id integer)`,
      );
    }
    await admin.query("alter table tenant_initech.posts drop title");
    const { code, stdout } = await workspace.run("diff", "--all");
    expect(stdout.split("\n").slice(2, -2)).toEqual([
      "2 tenants (acme, globex)",
      "  + table more",
      "  ~ column posts.title",
      "    - text",
      "    + character varying(9)",
      "  + index posts.by_hand  CREATE INDEX by_hand ON posts USING btree (title)",
      "",
      "1 tenant (initech)",
      "  - column posts.title  text",
      "",
    ]);
    expect(stdout).toContain("3 tenants: 0 the same, 3 differ, 0 could not be read");
    expect(code).toBe(1);
  });

  it("compares those that are named, with a tenant", async () => {
    const alike = await workspace.json("diff", "globex", "--against", "acme");
    expect(alike).toMatchObject({
      code: 0,
      document: { ok: true, reference: { source: "tenant", tenant: "acme" }, same: 1 },
    });
    const { code, document } = await workspace.json("diff", "initech", "--against", "acme");
    expect({ code, document }).toMatchObject({
      code: 1,
      document: { groups: [{ tenants: [{ sameMigrations: true, tenant: "initech" }] }], ok: false },
    });
  });

  it("says who is behind, and who cannot be read", async () => {
    writeMigrations(workspace, 3);
    await admin.query("drop schema tenant_globex cascade");
    const { code, stderr, stdout } = await workspace.run("diff", "initech", "globex");
    expect(stdout).toContain("1 tenant (initech), at 20260101000002\n");
    expect(stdout).toContain("\n  - table tags\n");
    expect(stdout).toContain("  1 of these are behind; migrate first.\n");
    expect(stdout).toContain("2 tenants: 0 the same, 1 differ, 1 could not be read");
    expect(stderr).toMatch(/^globex\nerror: .*\[SCHEMA_NOT_FOUND\]$/m);
    expect(code).toBe(1);
  });

  it("refuses names together with --all, and a tenant that is not there", async () => {
    expect((await workspace.run("diff", "acme", "--all")).code).toBe(2);
    const { code, stderr } = await workspace.run("diff", "--against", "nobody");
    expect(stderr).toContain("[TENANT_NOT_FOUND]");
    expect(code).toBe(1);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

let database: TestDatabase;
let workspace: Workspace;

beforeAll(async () => {
  database = await createTestDatabase();
  workspace = createWorkspace(
    database.url,
    `registry: { extraColumns: { plan: "text not null default 'free'" } }`,
  );
  writeMigrations(workspace);
});

afterAll(async () => {
  workspace.remove();
  await database.drop();
});

it("says how to begin when the registry is missing", async () => {
  const { code, stderr } = await workspace.run("list");
  expect(stderr).toMatch(/^error: .*kirayedar migrate --global.*\[REGISTRY_MISSING\]/);
  expect(code).toBe(1);
});

describe("with a registry", () => {
  beforeAll(async () => {
    await workspace.run("migrate", "--global");
  });

  it("creates, lists and shows a tenant", async () => {
    const args = [
      "--name",
      "Acme 日本",
      "--domain",
      "acme.test,www.acme.test",
      "--set",
      "plan=pro",
    ];
    const created = await workspace.run("create", "acme", ...args);
    expect(created.stderr).toBe("");
    expect(created.stdout).toMatch(/^✓ acme is active in schema tenant_acme, version \d+\n$/);
    expect(created.code).toBe(0);

    const list = await workspace.run("list");
    expect(list.stdout).toMatch(/^SLUG +NAME +STATE +VERSION +SCHEMA +DOMAINS$/m);
    expect(list.stdout).toMatch(
      /^acme +Acme 日本 +active +20260101000003 +tenant_acme +acme\.test/m,
    );
    expect(list.stdout).toContain("1 tenant.");

    const shown = await workspace.run("show", "acme");
    expect(shown.stdout).toMatch(/^plan +pro$/m);
    const { document } = await workspace.json("show", "acme");
    expect(document).toMatchObject({
      domains: ["acme.test", "www.acme.test"],
      extra: { plan: "pro" },
      name: "Acme 日本",
      slug: "acme",
      state: "active",
    });
  });

  it("does not create a tenant twice unless told that this is fine", async () => {
    await workspace.run("create", "twice");
    const again = await workspace.run("create", "twice");
    expect(again.stderr).toMatch(/^error: .*\[TENANT_EXISTS\]$/m);
    expect(again.code).toBe(1);
    const kept = await workspace.json("create", "twice", "--if-not-exists");
    expect(kept).toMatchObject({ code: 0, document: { slug: "twice" } });
  });

  it("refuses a slug that is not valid", async () => {
    const { code, stderr, stdout } = await workspace.run("create", "Not Valid");
    expect(stderr).toMatch(/^error: .*\[INVALID_TENANT_ID\]$/m);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  it("creates a tenant without migrations, under a schema name of its own", async () => {
    const { document } = await workspace.json(
      "create",
      "bare",
      "--no-migrate",
      "--schema",
      "Odd 1",
    );
    expect(document).toMatchObject({ schemaName: "Odd 1", version: null });
  });

  it("pages, filters and searches", async () => {
    for (const slug of ["page-a", "page-b", "page-c"]) {
      expect((await workspace.run("create", slug, "--no-migrate")).code).toBe(0);
    }
    const first = await workspace.json("list", "--search", "page-", "--limit", "2");
    const { nextCursor, tenants } = first.document as { nextCursor: string; tenants: unknown[] };
    expect(tenants).toMatchObject([{ slug: "page-a" }, { slug: "page-b" }]);
    const second = await workspace.json("list", "--search", "page-", "--cursor", nextCursor);
    expect(second.document).toMatchObject({ nextCursor: null, tenants: [{ slug: "page-c" }] });
    const text = await workspace.run("list", "--search", "page-", "--limit", "2");
    expect(text.stdout).toContain(`2 tenants; there are more: --cursor ${nextCursor}, or --all.`);
    const all = await workspace.json("list", "--search", "page-", "--all", "--version", "none");
    expect((all.document as { tenants: unknown[] }).tenants).toHaveLength(3);
    const none = await workspace.run("list", "--search", "nobody-has-this");
    expect(none).toMatchObject({ code: 0, stdout: "No tenants.\n" });
  });

  it("suspends, resumes and maintains", async () => {
    await workspace.run("create", "sleepy");
    const suspended = await workspace.run("suspend", "sleepy");
    expect(suspended.stdout).toBe("✓ sleepy is now in state suspended\n");
    const listed = await workspace.json("list", "--state", "suspended,maintenance");
    expect(listed.document).toMatchObject({ tenants: [{ slug: "sleepy" }] });
    expect((await workspace.json("health", "sleepy")).code).toBe(0);
    const resumed = await workspace.json("resume", "sleepy");
    expect(resumed.document).toMatchObject({ slug: "sleepy", state: "active" });
    const maintained = await workspace.json("suspend", "sleepy", "--maintenance");
    expect(maintained.document).toMatchObject({ state: "maintenance" });
  });

  it("renames a slug, and a schema when told to", async () => {
    await workspace.run("create", "before");
    const slug = await workspace.run("rename", "before", "between");
    expect(slug.stdout).toBe("✓ before is now between, in schema tenant_before\n");
    const schema = await workspace.json("rename", "between", "after", "--schema", "--yes");
    expect(schema.document).toMatchObject({ schemaName: "tenant_after", slug: "after" });
    expect((await workspace.json("health", "after")).code).toBe(0);
  });

  it("adds, reorders and removes domains", async () => {
    await workspace.run("create", "hosts");
    const added = await workspace.run("domains", "add", "hosts", "one.test");
    expect(added.stdout).toBe("✓ hosts now has one.test\n");
    await workspace.run("domains", "add", "hosts", "two.test");
    const primary = await workspace.json("domains", "primary", "hosts", "two.test");
    expect(primary.document).toMatchObject({ domains: ["two.test", "one.test"] });
    const front = await workspace.json("domains", "add", "hosts", "zero.test", "--primary");
    expect(front.document).toMatchObject({ domains: expect.arrayContaining(["zero.test"]) });
    expect((front.document as { domains: string[] }).domains[0]).toBe("zero.test");
    const removed = await workspace.json("domains", "remove", "hosts", "one.test");
    expect(removed.document).toMatchObject({ domains: expect.not.arrayContaining(["one.test"]) });
    const taken = await workspace.run("domains", "add", "twice", "two.test");
    expect(taken.stderr).toMatch(/\[DOMAIN_TAKEN\]$/m);
    expect(taken.code).toBe(1);
  });

  it("drops a tenant after telling what that means", async () => {
    await workspace.run("create", "doomed");
    const plan = await workspace.run("drop", "doomed", "--dry-run");
    expect(plan.stdout).toBe("Would drop doomed: schema tenant_doomed with 2 tables.\n");
    expect(plan.code).toBe(0);
    const dropped = await workspace.run("drop", "doomed", "--yes");
    expect(dropped.stdout).toBe("✓ Dropped doomed: schema tenant_doomed with 2 tables.\n");
    expect(dropped).toMatchObject({ code: 0, stderr: "" });
    const again = await workspace.run("drop", "doomed", "--yes");
    expect(again.stderr).toMatch(/^error: .*\[TENANT_NOT_FOUND\]$/m);
    expect(again.code).toBe(1);
    expect(await workspace.json("drop", "doomed", "--yes", "--if-exists")).toEqual({
      code: 0,
      document: { dropped: false, tenant: "doomed" },
    });
  });

  it("names a tenant that does not exist", async () => {
    for (const args of [["show"], ["suspend"], ["resume"], ["status"]]) {
      const { code, stderr } = await workspace.run(...args, "nobody");
      expect(stderr).toMatch(/^error: .*nobody.*\[TENANT_NOT_FOUND\]$/m);
      expect(code).toBe(1);
    }
  });

  it("keeps standard output for results, whatever hooks and loggers print", async () => {
    const driver = new URL("../../../src/drivers/pg/index.ts", import.meta.url).href;
    workspace.write(
      "loud.mjs",
      `import { pg } from ${JSON.stringify(driver)};
       const say = (_fields, message) => console.log("logged", message);
       console.log("config");
       export default {
         database: pg({ connectionString: process.env.CLI_TEST_DATABASE }),
         hooks: { afterCreate: () => console.log("hook") },
         logger: { debug: say, info: say, warn: say, error: say },
       };`,
    );
    const { document } = await workspace.json("create", "loud", "--config", "loud.mjs");
    expect(document).toMatchObject({ slug: "loud" });
    const { stderr } = await workspace.run("create", "loud2", "--config", "loud.mjs");
    expect(stderr.split("\n")).toEqual(["config", "hook", ""]);
  });

  it("closes the tenancy, whatever became of the command", async () => {
    const driver = new URL("../../../src/drivers/pg/index.ts", import.meta.url).href;
    workspace.write(
      "closing.mjs",
      `import { pg } from ${JSON.stringify(driver)};
       const database = pg({ connectionString: process.env.CLI_TEST_DATABASE });
       const close = database.close.bind(database);
       database.close = () => { console.log("closed"); return close(); };
       export default { database };`,
    );
    const well = await workspace.run("show", "acme", "--config", "closing.mjs");
    expect(well).toMatchObject({ code: 0, stderr: "closed\n" });
    const badly = await workspace.run("show", "nobody", "--config", "closing.mjs");
    expect(badly.stderr).toMatch(/^closed\nerror: .*\[TENANT_NOT_FOUND\]\n$/);
  });

  it("ends although the configuration left something open", async () => {
    const driver = new URL("../../../src/drivers/pg/index.ts", import.meta.url).href;
    workspace.write(
      "open.mjs",
      `import { pg } from ${JSON.stringify(driver)};
       setInterval(() => {}, 1000);
       export default { database: pg({ connectionString: process.env.CLI_TEST_DATABASE }) };`,
    );
    expect((await workspace.run("show", "acme", "--config", "open.mjs")).code).toBe(0);
    expect((await workspace.run("show", "nobody", "--config", "open.mjs")).code).toBe(1);
  });
});

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

let database: TestDatabase;
let workspace: Workspace;

async function open(more: string): Promise<void> {
  workspace = createWorkspace(database.url, more);
  const { code, stderr } = await workspace.run("migrate", "--global");
  if (code !== 0) throw new Error(stderr);
  writeMigrations(workspace);
}

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  workspace.remove();
  await database.drop();
});

async function create(...slugs: string[]): Promise<void> {
  for (const slug of slugs) {
    const { code, stderr } = await workspace.run("create", slug, "--no-seed");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
}

/** Returns what was put into a tenant's table of tags. */
async function tags(slug: string): Promise<number[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<{ id: number }>(
    `select id from tenant_${slug}.tags order by 1`,
  );
  await client.end();
  return rows.map(({ id }) => id);
}

const SEED = "insert into tags (id) values (1) on conflict do nothing;\n";

describe("create", () => {
  it("seeds a new tenant by a TypeScript module, unless told otherwise", async () => {
    await open('seed: "seeds/tenant.ts"');
    workspace.write(
      "seeds/tenant.ts",
      `enum Tag { First = 7 }
       interface Db { query(text: string, params: readonly unknown[]): Promise<unknown> }
       export async function seed(db: Db): Promise<void> {
         await db.query("insert into tags (id) values ($1)", [Tag.First]);
       }`,
    );
    expect(await workspace.run("create", "acme")).toMatchObject({ code: 0, stderr: "" });
    await create("globex");
    expect([await tags("acme"), await tags("globex")]).toEqual([[7], []]);
  });

  it("makes nothing when the seed fails, and says where it did", async () => {
    await open('seed: "seed.sql"');
    workspace.write("seed.sql", `${SEED}\ninsert into nowhere values (1);\n`);
    const { code, stderr } = await workspace.run("create", "acme");
    expect(stderr).toMatch(/^error: The seed .*\/seed\.sql:3 failed for tenant "acme": .*nowhere/);
    expect(stderr).toContain("[SEED_FAILED]");
    expect(stderr).toContain("statement: insert into nowhere values (1)");
    expect(code).toBe(1);
    expect((await workspace.json("list")).document).toMatchObject({ tenants: [] });
  });
});

describe("seed", () => {
  it("seeds named tenants, again and again, with the configured seed or another file", async () => {
    await open('seed: "seed.sql"');
    workspace.write("seed.sql", SEED);
    await create("acme", "globex");
    for (let time = 0; time < 2; time += 1) {
      const { code, stdout } = await workspace.run("seed", "acme");
      expect(stdout).toMatch(/^acme +seeded +.* seed\.sql$/m);
      expect(stdout).toContain("1 tenant: 1 seeded, 0 failed");
      expect(code).toBe(0);
    }
    expect(await tags("acme")).toEqual([1]);
    // A path is looked for from where the command is run, as everywhere in a shell.
    mkdirSync(join(workspace.folder, "demo"));
    workspace.write("demo/more.sql", SEED.replace("(1)", "(2)"));
    const { document } = await workspace.json("seed", "globex", "--file", "demo/more.sql");
    expect(document).toMatchObject({
      ok: true,
      tenants: {
        counts: { failed: 0, notReached: 0, seeded: 1 },
        results: [{ file: join(workspace.folder, "demo/more.sql"), ok: true, tenant: "globex" }],
      },
    });
    expect(await tags("globex")).toEqual([2]);
  });

  it("seeds all tenants but some, goes on when one fails, and reports", async () => {
    await open('seed: "seed.sql"');
    workspace.write("seed.sql", SEED);
    await create("acme", "globex", "initech", "umbrella");
    await workspace.run("rollback", "globex");
    const args = ["--all", "--except", "umbrella"];
    const { code, stderr, stdout } = await workspace.run("seed", ...args);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^acme +seeded .*\n^initech +seeded .*\n^globex +failed .*SEED_FAILED: relation "tags" does not exist$/m,
    );
    expect(stdout).toContain("3 tenants: 2 seeded, 1 failed");
    expect(stderr).toMatch(/^globex\nerror: The seed .*seed\.sql:1 failed for tenant "globex"/m);
    expect(stderr).toMatch(/^\[\d\/3\] acme seeded \(.*\)$/m);
    expect(await tags("umbrella")).toEqual([]);
    const stopped = await workspace.json("seed", "globex", "acme", "--stop-on-error");
    expect(stopped).toMatchObject({
      code: 1,
      document: { ok: false, tenants: { notReached: ["acme"], results: [{ tenant: "globex" }] } },
    });
  });

  it("says once what is wrong with the seed itself", async () => {
    await open("");
    await create("acme", "globex");
    const none = await workspace.run("seed", "--all");
    expect(none.stderr).toMatch(/^error: There is no seed .* \[INVALID_CONFIG\]\n$/);
    expect({ code: none.code, stdout: none.stdout }).toEqual({ code: 2, stdout: "" });
    workspace.write("bad.sql", "select 1;\ncommit;\n");
    const bad = await workspace.run("seed", "--all", "--file", "bad.sql");
    expect(bad.stderr).toMatch(
      /^error: The seed .*bad\.sql:2 begins or ends .* \[SEED_INVALID\]\n$/,
    );
    expect(bad.code).toBe(1);
    const nobody = await workspace.run("seed");
    expect(nobody.stderr).toContain("Name tenants, or pass `--all`.");
    expect(nobody.code).toBe(2);
  });

  it("finishes the tenant in hand when interrupted, and says whom it did not reach", async () => {
    await open('seed: "seed.sql"');
    workspace.write("seed.sql", `${SEED}select pg_sleep(0.7);\n`);
    await create("a1", "a2", "a3");
    const running = workspace.start("seed", "--all", "--concurrency", "1");
    await expect.poll(() => running.stderr(), { timeout: 15_000 }).toContain("[1/3]");
    running.child.kill("SIGINT");
    const { code, stderr, stdout } = await running.outcome;
    expect(stderr).toContain("Stopping after the tenants in hand");
    expect(stdout).toContain("3 tenants: 2 seeded, 0 failed, 1 not reached");
    expect(stdout).toContain("Not reached: a3.");
    expect(await tags("a2")).toEqual([1]);
    expect(await tags("a3")).toEqual([]);
    expect(code).toBe(1);
  });
});

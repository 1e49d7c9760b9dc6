import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

let database: TestDatabase;
let workspace: Workspace;

async function succeed(...args: string[]): Promise<void> {
  const { code, stderr } = await workspace.run(...args);
  if (code !== 0) throw new Error(stderr);
}

beforeAll(async () => {
  database = await createTestDatabase();
  workspace = createWorkspace(database.url);
  await succeed("migrate", "--global");
  writeMigrations(workspace, 2);
  for (const slug of ["acme", "globex"]) await succeed("create", slug);
});

afterAll(async () => {
  workspace.remove();
  await database.drop();
});

describe("migrate --phase", () => {
  it("adds to the fleet before a deployment, shows what waits, and takes away after it", async () => {
    workspace.write(
      "migrations/tenant/20260101000003_drop_title.sql",
      "-- migrate:phase contract\n-- migrate:up\nalter table posts drop title;\n",
    );
    workspace.write(
      "migrations/tenant/20260101000004_add_body.sql",
      "-- migrate:up\nalter table posts add body text;\n",
    );
    workspace.write(
      "migrations/tenant/20260101000005_drop_id.sql",
      "-- migrate:up phase:contract\nalter table posts drop id;\n",
    );

    const early = await workspace.run("migrate", "acme", "--phase", "contract");
    expect(early.stderr).toMatch(
      /error: .*_drop_id\.sql contracts, .*_add_body\.sql\. .*`migrate --phase expand`\. \[MIGRATION_OUT_OF_ORDER\]/,
    );
    expect(early.code).toBe(1);

    const plan = await workspace.run("migrate", "--all", "--phase", "expand", "--dry-run");
    expect(plan.stdout).toMatch(/^\d+ +20260101000004 +2 +acme, globex$/m);
    const expanded = await workspace.run("migrate", "--all", "--phase", "expand");
    expect(expanded.stdout).toContain("2 tenants: 2 migrated, 0 with nothing to do, 0 failed");
    expect((await workspace.run("health")).code).toBe(0);
    expect((await workspace.run("status", "--check")).code).toBe(1);

    const status = await workspace.run("status", "acme");
    expect(status.stdout).toMatch(/^VERSION +NAME +PHASE +STATE +APPLIED AT$/m);
    expect(status.stdout).toMatch(/^20260101000003 +drop_title +contract +pending +-$/m);
    expect(status.stdout).toMatch(/^20260101000004 +add_body +expand +applied +2/m);
    const { document } = await workspace.json("status", "acme");
    expect(document).toMatchObject({
      histories: [{ migrations: [{}, { phase: "expand" }, { phase: "contract" }, {}, {}] }],
    });

    const contracted = await workspace.run("migrate", "--all", "--phase", "contract");
    expect(contracted.stdout).toMatch(/^globex +migrated +.* 20260101000003, 20260101000005$/m);
    expect(contracted.code).toBe(0);
    expect((await workspace.run("status", "--check")).code).toBe(0);
  });

  it("has no column for phases where nothing contracts", async () => {
    const { stdout } = await workspace.run("status", "--global");
    expect(stdout).toMatch(/^VERSION +NAME +STATE +APPLIED AT$/m);
  });
});

describe("generate migration --phase", () => {
  it.each([
    ["sql", /^-- migrate:phase contract\n-- migrate:up\n/],
    ["ts", /^import type .*\n\nexport const phase = "contract";\n\nexport async function up/],
  ])("writes what a file of kind %s says of itself", async (kind, expected) => {
    const args = ["--global", "--kind", kind, "--phase", "contract"];
    const { document } = await workspace.json("generate", "migration", `drop ${kind}`, ...args);
    expect(readFileSync((document as { readonly file: string }).file, "utf8")).toMatch(expected);
  });

  it("knows two phases", async () => {
    const { code, stderr } = await workspace.run("migrate", "--all", "--phase", "shrink");
    expect(stderr).toContain("Allowed choices are expand, contract.");
    expect(code).toBe(2);
  });
});

import { hostname, userInfo } from "node:os";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

let database: TestDatabase;
let workspace: Workspace;

beforeAll(async () => {
  database = await createTestDatabase();
  workspace = createWorkspace(database.url);
  writeMigrations(workspace);
});

afterAll(async () => {
  workspace.remove();
  await database.drop();
});

const changes = async (...args: string[]): Promise<Record<string, unknown>[]> => {
  const { document } = await workspace.json("audit", ...args);
  return (document as { entries: Record<string, unknown>[] }).entries;
};

it("records what the user of the machine does, from the first command on", async () => {
  const refused = await workspace.run("create", "acme");
  expect(refused.stderr).toMatch(/kirayedar migrate --global.*\[REGISTRY_MISSING\]/);
  await workspace.run("migrate", "--global");
  await workspace.run("create", "acme", "--name", "Acme");
  const me = { id: `${userInfo().username}@${hostname()}`, via: "cli" };
  expect(await changes()).toMatchObject([
    { action: "tenant.create", actor: me, details: { name: "Acme" }, tenant: "acme" },
    { action: "global.migrate", actor: me, outcome: "done", tenant: null },
  ]);
});

it("records whom the command or the environment names", async () => {
  workspace.env["KIRAYEDAR_ACTOR"] = "deploy@ci";
  await workspace.run("suspend", "acme");
  await workspace.run("resume", "acme", "--as", "ann");
  await workspace.run("--as", "ben", "rename", "acme", "apex");
  expect((await changes("--limit", "3")).map(({ actor }) => (actor as { id: string }).id)).toEqual([
    "ben",
    "ann",
    "deploy@ci",
  ]);
  const wrong = await workspace.run("suspend", "apex", "--as", "a\nb");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("--as is no name");
});

it("lists a tenant's changes under every name, and those that failed", async () => {
  await workspace.run("rollback", "nobody", "--yes");
  const table = await workspace.run("audit", "--tenant", "apex");
  expect(table.stdout).toMatch(/^BEGAN +WHO +VIA +WHAT +TENANT +RESULT +TOOK +DETAILS$/m);
  expect(table.stdout).toMatch(/ ben +cli +tenant\.rename +acme +done +\d+ ?m?s +slug=apex/);
  expect(table.stdout).toContain("4 changes.");
  const failed = await workspace.run("audit", "--failed");
  expect(failed.stdout).toMatch(/tenant\.rollback +nobody +failed: TENANT_NOT_FOUND/);
  expect((await workspace.run("audit", "--actor", "nobody")).stdout).toBe(
    "No changes were recorded.\n",
  );
});

it("prunes when it is sure", async () => {
  expect((await workspace.run("audit", "--prune", "0")).code).toBe(2);
  const { document } = await workspace.json("audit", "--prune", "0", "--yes");
  expect(document).toEqual({ deleted: 6 });
  expect(await changes()).toMatchObject([{ action: "audit.prune", details: { deleted: 6 } }]);
});

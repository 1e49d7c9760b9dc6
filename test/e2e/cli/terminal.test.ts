import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, HAS_TERMINAL, type Workspace, writeMigrations } from "./workspace.ts";

describe.skipIf(!HAS_TERMINAL)("on a terminal", () => {
  let database: TestDatabase;
  let workspace: Workspace;

  beforeAll(async () => {
    database = await createTestDatabase();
    workspace = createWorkspace(database.url);
    workspace.env["TERM"] = "xterm-256color";
    await workspace.run("migrate", "--global");
    for (const slug of ["acme", "globex"]) await workspace.run("create", slug);
  });

  afterAll(async () => {
    workspace.remove();
    await database.drop();
  });

  it("drops a tenant only when its slug was typed", async () => {
    const running = workspace.startOnTerminal("drop", "acme");
    await expect.poll(() => running.stdout(), { timeout: 15_000 }).toContain("Type acme to go on");
    running.child.stdin.write("globex\r");
    await expect.poll(() => running.stdout()).toContain("Type acme, or press Ctrl-C.");
    running.child.stdin.write("\u0015");
    running.child.stdin.write("acme\r");
    await expect.poll(() => running.stdout(), { timeout: 15_000 }).toContain("Dropped acme");
    running.child.stdin.end();
    expect((await running.outcome).code).toBe(0);
    expect((await workspace.run("show", "acme")).code).toBe(1);
  });

  it("changes nothing when the question is left with Ctrl-C, or answered with no", async () => {
    const dropping = workspace.startOnTerminal("drop", "globex");
    await expect.poll(() => dropping.stdout(), { timeout: 15_000 }).toContain("Type globex");
    dropping.child.stdin.write("\u0003");
    await expect.poll(() => dropping.stdout()).toContain("Nothing was changed.");
    dropping.child.stdin.end();
    expect((await dropping.outcome).code).toBe(130);

    const renaming = workspace.startOnTerminal("rename", "globex", "--schema", "other");
    await expect.poll(() => renaming.stdout(), { timeout: 15_000 }).toContain("Go on?");
    renaming.child.stdin.write("n");
    await expect.poll(() => renaming.stdout()).toContain("Nothing was changed.");
    renaming.child.stdin.end();
    expect((await renaming.outcome).code).toBe(1);
    const { document } = await workspace.json("show", "globex");
    expect(document).toMatchObject({ schemaName: "tenant_globex", slug: "globex" });
  });

  it("draws a bar while it migrates, and colours unless NO_COLOR is set", async () => {
    writeMigrations(workspace, 1);
    const coloured = workspace.startOnTerminal("migrate", "--all");
    await expect.poll(() => coloured.stdout(), { timeout: 15_000 }).toContain("1 migrated");
    coloured.child.stdin.end();
    const { stdout } = await coloured.outcome;
    expect(stdout).toMatch(/Migrating {2}━+ {2}1\/1 {2}globex/);
    expect(stdout).toContain("\u001b[32mmigrated\u001b[39m");

    workspace.env["NO_COLOR"] = "1";
    const plain = workspace.startOnTerminal("list");
    await expect.poll(() => plain.stdout(), { timeout: 15_000 }).toContain("1 tenant.");
    plain.child.stdin.end();
    expect((await plain.outcome).stdout).not.toContain("\u001b[");
  });
});

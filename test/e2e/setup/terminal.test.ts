import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorkspace, HAS_TERMINAL, type Workspace } from "../cli/workspace.ts";

const SERVER = 'import express from "express";\n\nconst app = express();\n';
const FLAGS = ["setup", "--yes", "--tenant-name", "Clinic"];

let workspace: Workspace;

beforeEach(() => {
  workspace = createWorkspace("postgres://unused");
  for (const name of [".env", "kirayedar.config.mjs"]) rmSync(join(workspace.folder, name));
  workspace.env["TERM"] = "xterm-256color";
  const manifest = { dependencies: { express: "5", pg: "8" }, name: "app", type: "module" };
  workspace.write("package.json", `${JSON.stringify(manifest, undefined, 2)}\n`);
  workspace.write("server.js", SERVER);
});

afterEach(() => workspace.remove());

const has = (path: string): boolean => existsSync(join(workspace.folder, path));
const read = (path: string): string => readFileSync(join(workspace.folder, path), "utf8");

describe("without a terminal", () => {
  it("lists the flags that are missing, and writes nothing", async () => {
    const { code, stderr } = await workspace.run("setup", "--ids", "serial");
    expect(code).toBe(2);
    expect(stderr).toContain("Pass `--yes` to take the defaults, or these flags:");
    expect(stderr).toMatch(/--tenant-name .*default: Tenant/);
    expect(stderr).toMatch(/--framework .*default: express/);
    expect(stderr).not.toContain("--ids");
    expect(has("kirayedar.config.js")).toBe(false);
  });

  it("runs when every question is answered by its flag", async () => {
    const answers = ["--ids", "uuid", "--primary-domain", "example.com", "--admin-host", ""];
    const stack = ["--orm", "none", "--driver", "pg", "--framework", "express", "--no-admin"];
    const address = ["--database-url", "postgres://me:secret@localhost/app"];
    const all = ["setup", "--tenant-name", "Clinic", ...answers, ...stack, ...address];
    const { code, stderr, stdout } = await workspace.run(...all);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout + stderr).not.toContain("secret");
    expect(read(".env")).toContain("DATABASE_URL=postgres://me:secret@localhost/app\n");
    expect(read("server.js")).toContain("app.use(tenantMiddleware(tenancy));");
  });

  it("replaces no file that is there and differs, unless it is told to", async () => {
    workspace.write("tenancy/tenancy.js", "export const mine = 1;\n");
    const refused = await workspace.run(...FLAGS);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("tenancy/tenancy.js");
    expect(refused.stderr).toContain("`--force`");
    expect(has("kirayedar.config.js")).toBe(false);
    expect(read("server.js")).toBe(SERVER);

    expect((await workspace.run(...FLAGS, "--keep")).code).toBe(0);
    expect(read("tenancy/tenancy.js")).toBe("export const mine = 1;\n");
    expect(has("kirayedar.config.js")).toBe(true);
    expect((await workspace.run("setup", "--yes", "--ids", "serial", "--force")).code).toBe(0);
    expect(read("kirayedar.config.js")).toContain("--ids serial");
  });

  it("tells as JSON what it would do, without an address", async () => {
    const url = "postgres://me:secret@localhost/app";
    const { code, document } = await workspace.json(...FLAGS, "--database-url", url, "--dry-run");
    expect(code).toBe(0);
    expect(document).toMatchObject({
      answers: { driver: "pg", framework: "express", orm: "none", tenantName: "Clinic" },
      dryRun: true,
      nothingToDo: false,
    });
    expect(JSON.stringify(document)).not.toContain("secret");
    expect(has("kirayedar.config.js")).toBe(false);
  });

  it("needs an application", async () => {
    rmSync(join(workspace.folder, "package.json"));
    const { code, stderr } = await workspace.run("setup", "--yes");
    expect(code).toBe(2);
    expect(stderr).toContain("There is no package.json in this folder.");
  });
});

describe.skipIf(!HAS_TERMINAL)("on a terminal", () => {
  it("asks, shows what it would write, and writes when told so", async () => {
    const running = workspace.startOnTerminal("setup", "--primary-domain", "example.com");
    const answer = async (question: string, keys: string): Promise<void> => {
      await expect.poll(() => running.stdout(), { timeout: 15_000 }).toContain(question);
      running.child.stdin.write(keys);
    };
    // A name that cannot be one is refused where it is typed.
    await answer("What is one of your tenants called", "\u00151\r");
    await answer("cannot be the name of a model", "\u0015Customer Account\r");
    await answer("What are their ids?", "\u001b[B\r");
    await answer("At which host do your own people work", "\r");
    await answer("What do you query with?", "\r");
    await answer("Which database, and through which client library?", "\r");
    await answer("What is its address, for .env", "\r");
    await answer("Which framework answers requests? Found in package.json.", "\r");
    await answer("Mount the admin pages", "n");
    await answer("Write 7 files: 5 new, 2 changed?", "\u001b[B\r");
    await expect.poll(() => running.stdout()).toContain('registry: { table: "customer_accounts" }');
    expect(has("kirayedar.config.js")).toBe(false);
    await expect.poll(() => running.stdout().split("Write 7 files").length).toBeGreaterThan(3);
    running.child.stdin.write("\r");
    await expect.poll(() => running.stdout(), { timeout: 15_000 }).toContain("Wrote 7 files");
    running.child.stdin.end();
    expect((await running.outcome).code).toBe(0);
    expect(read("kirayedar.config.js")).toContain('--tenant-name "Customer Account" --ids serial');
    expect(read("server.js")).toContain("app.use(tenantMiddleware(tenancy));");
  });

  it("asks before it replaces a file, and writes nothing after Ctrl-C", async () => {
    await workspace.run(...FLAGS);
    const config = read("kirayedar.config.js");
    const answers = ["--tenant-name", "Clinic", "--ids", "serial", "--primary-domain", "a.test"];
    const stack = ["--admin-host", "", "--orm", "none", "--driver", "pg", "--framework", "express"];
    const all = ["setup", ...answers, ...stack, "--database-url", "", "--no-admin"];
    const running = workspace.startOnTerminal(...all);
    await expect
      .poll(() => running.stdout(), { timeout: 15_000 })
      .toContain("Replace kirayedar.config.js");
    running.child.stdin.write("y");
    await expect.poll(() => running.stdout()).toContain("Replace migrations/global/");
    running.child.stdin.write("\u0003");
    await expect.poll(() => running.stdout()).toContain("Nothing was changed.");
    running.child.stdin.end();
    expect((await running.outcome).code).toBe(130);
    expect(read("kirayedar.config.js")).toBe(config);
  });
});

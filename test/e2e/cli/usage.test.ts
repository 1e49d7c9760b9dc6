import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorkspace, type Workspace } from "./workspace.ts";

// Nothing listens on port 1: a command that gets as far as the database fails with another code.
const NO_SERVER = "postgres://nobody@127.0.0.1:1/nothing";

let workspace: Workspace;

beforeEach(() => {
  workspace = createWorkspace(NO_SERVER);
});

afterEach(() => workspace.remove());

describe("help and version", () => {
  it("are printed on standard output", async () => {
    const help = await workspace.run("--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toMatch(/^Usage: kirayedar/);
    expect(help.stdout).toContain("KIRAYEDAR_CONFIG");
    const version = await workspace.run("--version");
    expect(version).toMatchObject({ code: 0, stderr: "" });
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("are there for each command", async () => {
    const { code, stdout } = await workspace.run("list", "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("--search <text>");
    expect(stdout).toContain("--json");
  });
});

describe("wrong usage ends with 2 and touches nothing", () => {
  it.each([
    ["no command", [], /^Usage: kirayedar/],
    ["an unknown command", ["lst"], /unknown command 'lst'\n\(Did you mean list\?\)/],
    ["an unknown option", ["list", "--bogus"], /unknown option '--bogus'/],
    ["a missing argument", ["create"], /missing required argument 'slug'/],
    ["an argument too many", ["show", "a", "b"], /too many arguments/],
    ["a page size that is no number", ["list", "--limit", "many"], /whole number/],
    ["a state that does not exist", ["list", "--state", "asleep"], /Allowed are/],
    ["no target to migrate", ["migrate"], /Name tenants, or pass/],
    ["two kinds of target", ["migrate", "acme", "--all"], /Leave one of the two out/],
    ["a selection without --all", ["migrate", "acme", "--except", "b"], /`--except` needs `--all`/],
    ["contradicting limits", ["rollback", "a", "--steps", "1", "--to", "2"], /cannot be used with/],
    ["nothing to rename", ["rename", "acme"], /nothing to rename/],
    ["a missing configuration", ["list", "--config", "none.ts"], /none\.ts.*\[CONFIG_NOT_FOUND\]/],
  ])("%s", async (_name, args, message) => {
    const { code, stderr, stdout } = await workspace.run(...args);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it.each([
    ["drop", ["drop", "acme"]],
    ["rollback --all", ["rollback", "--all"]],
    ["rollback --everything", ["rollback", "acme", "--everything"]],
    ["rename --schema", ["rename", "acme", "apex", "--schema"]],
  ])("%s without --yes where nobody can be asked", async (_name, args) => {
    const { code, stderr, stdout } = await workspace.run(...args);
    expect(stderr).toContain("there is no terminal to ask for confirmation. Pass `--yes`");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("is told as JSON too", async () => {
    expect(await workspace.json("list", "--bogus")).toEqual({
      code: 2,
      document: { error: { code: "USAGE", message: "unknown option '--bogus'" } },
    });
    expect(await workspace.json("list", "--config", "none.ts")).toMatchObject({
      code: 2,
      document: { error: { code: "CONFIG_NOT_FOUND" } },
    });
  });
});

describe("a configuration", () => {
  it("that throws is shown with what it threw", async () => {
    workspace.write("kirayedar.config.ts", "throw new Error('DATABASE_URL is not set')");
    const { code, stderr } = await workspace.run("list");
    expect(stderr).toMatch(/^error: The file kirayedar\.config\.ts could not be loaded/);
    expect(stderr).toContain("cause: DATABASE_URL is not set");
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  it("is named by the environment when the command line does not", async () => {
    workspace.write("other.mjs", "throw new Error('the other one')");
    workspace.env["KIRAYEDAR_CONFIG"] = "other.mjs";
    expect((await workspace.run("list")).stderr).toContain("cause: the other one");
    const { stderr } = await workspace.run("list", "--config", "none.mjs");
    expect(stderr).toContain("[CONFIG_NOT_FOUND]");
  });
});

describe("a server that is not there", () => {
  it.each([
    ["list", ["list"]],
    ["create", ["create", "acme"]],
    ["migrate --all", ["migrate", "--all"]],
    ["migrate --global", ["migrate", "--global"]],
    ["status", ["status"]],
    ["health", ["health"]],
    ["drop", ["drop", "acme", "--yes"]],
  ])("%s fails soon, in one line and its cause", async (_name, args) => {
    const startedAt = performance.now();
    const { code, stderr, stdout } = await workspace.run(...args);
    expect(stderr).toMatch(/^error: .*\[DATABASE_UNAVAILABLE\]$/m);
    expect(stderr).toContain("ECONNREFUSED");
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe("");
    expect(code).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(8000);
  });

  it("shows stacks with --verbose", async () => {
    const { code, stderr } = await workspace.run("list", "--verbose");
    expect(stderr).toMatch(/^\s+at /m);
    expect(code).toBe(1);
  });

  it("is told as JSON too", async () => {
    expect(await workspace.json("list")).toMatchObject({
      code: 1,
      document: { error: { code: "DATABASE_UNAVAILABLE" } },
    });
  });
});

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyPlan } from "../../../../src/cli/setup/apply.ts";
import type { PlannedFile } from "../../../../src/cli/setup/plan.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kirayedar-apply-"));
  writeFileSync(join(root, "a.txt"), "old\n");
});

afterEach(() => rmSync(root, { force: true, recursive: true }));

const change = (path: string, before: string, after: string): PlannedFile => ({
  action: "change",
  after,
  before,
  path,
  what: "",
});
const create = (path: string, isSecret = false): PlannedFile => ({
  action: "create",
  after: "new\n",
  isSecret,
  path,
  what: "",
});
const read = (path: string): string => readFileSync(join(root, path), "utf8");

it("writes files and their folders, and leaves nothing beside them", async () => {
  chmodSync(join(root, "a.txt"), 0o640);
  await applyPlan(root, [
    create("b/c/d.txt"),
    change("a.txt", "old\n", "newer\n"),
    create(".env", true),
  ]);
  expect(read("b/c/d.txt")).toBe("new\n");
  expect(read("a.txt")).toBe("newer\n");
  expect(statSync(join(root, "a.txt")).mode & 0o777).toBe(0o640);
  expect(statSync(join(root, ".env")).mode & 0o777).toBe(0o600);
  expect(readdirSync(root, { encoding: "utf8", recursive: true }).toSorted()).toEqual([
    ".env",
    "a.txt",
    "b",
    "b/c",
    "b/c/d.txt",
  ]);
});

it("writes nothing when a file has changed since it was looked at", async () => {
  writeFileSync(join(root, "a.txt"), "somebody else's\n");
  await expect(
    applyPlan(root, [create("b/d.txt"), change("a.txt", "old\n", "newer\n")]),
  ).rejects.toThrow("a.txt has changed");
  expect(read("a.txt")).toBe("somebody else's\n");
  expect(readdirSync(root)).toEqual(["a.txt"]);
});

it("does not write over a file that was made since", async () => {
  writeFileSync(join(root, "b.txt"), "theirs\n");
  await expect(applyPlan(root, [create("c.txt"), create("b.txt")])).rejects.toThrow("b.txt");
  expect(read("b.txt")).toBe("theirs\n");
  expect(existsSync(join(root, "c.txt"))).toBe(false);
});

it("takes everything back when one of the files cannot be put in its place", async () => {
  // The second of the same name finds the first.
  const twins = [create("z.txt"), create("z.txt")];
  const files = [create("b/c.txt"), change("a.txt", "old\n", "newer\n"), ...twins];
  await expect(applyPlan(root, files)).rejects.toThrow("EEXIST");
  expect(read("a.txt")).toBe("old\n");
  expect(readdirSync(root)).toEqual(["a.txt"]);
});

it("writes nothing where a folder stands in the way", async () => {
  mkdirSync(join(root, "z.txt"));
  await expect(applyPlan(root, [create("c.txt"), create("z.txt")])).rejects.toThrow("EISDIR");
  expect(readdirSync(root).toSorted()).toEqual(["a.txt", "z.txt"]);
});

it("writes behind a symbolic link", async () => {
  symlinkSync("a.txt", join(root, "link.txt"));
  await applyPlan(root, [change("link.txt", "old\n", "newer\n")]);
  expect(read("a.txt")).toBe("newer\n");
});

it("does not damage a file in another encoding", async () => {
  const bytes = Buffer.from("caf\u00e9\n", "latin1");
  writeFileSync(join(root, "a.txt"), bytes);
  const files = [create("b.txt"), change("a.txt", bytes.toString("utf8"), "newer\n")];
  await expect(applyPlan(root, files)).rejects.toThrow("a.txt is not written in UTF-8");
  expect(readFileSync(join(root, "a.txt"))).toEqual(bytes);
  expect(readdirSync(root)).toEqual(["a.txt"]);
});

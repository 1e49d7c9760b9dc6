import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findConfig, loadConfig } from "../../../src/cli/config.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kirayedar-config-"));
});

afterEach(() => {
  rmSync(folder, { force: true, recursive: true });
  delete process.env["CONFIG_TEST_NEW"];
  delete process.env["CONFIG_TEST_SET"];
});

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

it("is found in the folder and in the folders above it, the nearest first", () => {
  const outer = write("kirayedar.config.mjs", "export default {}");
  const inner = write("app/kirayedar.config.js", "export default {}");
  mkdirSync(join(folder, "app/src/deep"), { recursive: true });
  expect(findConfig(join(folder, "app/src/deep"))).toBe(inner);
  expect(findConfig(folder)).toBe(outer);
});

it("prefers TypeScript in one folder", () => {
  write("kirayedar.config.mjs", "export default {}");
  const typescript = write("kirayedar.config.ts", "export default {}");
  expect(findConfig(folder)).toBe(typescript);
});

it("is not found where there is none", () => {
  expect(() => findConfig(folder)).toThrow(expect.objectContaining({ code: "CONFIG_NOT_FOUND" }));
  expect(() => findConfig(folder, "other.ts")).toThrow(
    expect.objectContaining({ code: "CONFIG_NOT_FOUND" }),
  );
});

it("takes a named file, relative to the working directory", async () => {
  write("etc/tenants.mjs", "export default { database: {} }");
  const loaded = await loadConfig(folder, "etc/tenants.mjs");
  expect(loaded.rootDir).toBe(join(folder, "etc"));
  expect(loaded.config.rootDir).toBe(join(folder, "etc"));
});

it("reads TypeScript with enums and imports without an extension", async () => {
  write("settings.ts", "export enum Size { Small = 3 }");
  write(
    "kirayedar.config.ts",
    `import { Size } from "./settings";
     const config: { database: object; lockTimeoutMs: number } = { database: {}, lockTimeoutMs: Size.Small };
     export default config;`,
  );
  expect((await loadConfig(folder)).config.lockTimeoutMs).toBe(3);
});

it("calls a function, and waits for it", async () => {
  write(
    "kirayedar.config.mts",
    "export default async () => ({ database: {}, tenantPrefix: 'x_' })",
  );
  expect((await loadConfig(folder)).config.tenantPrefix).toBe("x_");
});

it("takes rootDir from where the file is", async () => {
  write("kirayedar.config.js", "export default { database: {}, rootDir: './db' }");
  expect((await loadConfig(folder)).rootDir).toBe(join(folder, "db"));
});

it("reads variables of the .env beside it that are not set", async () => {
  process.env["CONFIG_TEST_SET"] = "from outside";
  write(".env", "CONFIG_TEST_NEW=fresh\nCONFIG_TEST_SET=from file\n");
  write(
    "kirayedar.config.mjs",
    "export default { database: {}, tenantPrefix: `${process.env.CONFIG_TEST_NEW}, ${process.env.CONFIG_TEST_SET}` }",
  );
  expect((await loadConfig(folder)).config.tenantPrefix).toBe("fresh, from outside");
});

it.each([
  ["no default export", "export const config = { database: {} }"],
  ["a default export that is no configuration", "export default 7"],
  ["no database", "export default { tenantPrefix: 'x' }"],
  ["a function that returns nothing", "export default () => undefined"],
])("refuses a file with %s", async (_name, text) => {
  write("kirayedar.config.mjs", text);
  await expect(loadConfig(folder)).rejects.toMatchObject({ code: "INVALID_CONFIG" });
});

it("refuses TypeScript without a default export too", async () => {
  write("kirayedar.config.ts", "export const database = {};");
  await expect(loadConfig(folder)).rejects.toMatchObject({ code: "INVALID_CONFIG" });
});

it.each(["mjs", "ts"])("keeps the error that a .%s file throws as the cause", async (ending) => {
  write(`kirayedar.config.${ending}`, "throw new Error('no DATABASE_URL')");
  await expect(loadConfig(folder)).rejects.toMatchObject({
    cause: expect.objectContaining({ message: "no DATABASE_URL" }),
    code: "INVALID_CONFIG",
  });
});

it("may be among the sources, and is for the folder above then, with the .env there", async () => {
  write(".env", "CONFIG_TEST_NEW=from-file");
  const file = write("src/kirayedar.config.mjs", "export default { database: {} }");
  expect(findConfig(folder)).toBe(file);
  expect(findConfig(join(folder, "src"))).toBe(file);
  expect((await loadConfig(folder)).rootDir).toBe(folder);
  expect(process.env["CONFIG_TEST_NEW"]).toBe("from-file");
  // A folder of that name may be a project of its own.
  write("src/package.json", "{}");
  expect((await loadConfig(folder)).rootDir).toBe(join(folder, "src"));
});

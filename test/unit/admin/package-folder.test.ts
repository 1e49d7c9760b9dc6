import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPackageFolder } from "../../../src/admin/package-folder.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url)).replace(/[/\\]$/, "");

describe("the folder of the package", () => {
  let home: string;

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "kirayedar-folder-"));
    for (const folder of ["app/dist", "node_modules/kirayedar"]) {
      mkdirSync(join(home, folder), { recursive: true });
    }
    writeFileSync(join(home, "app/package.json"), '{ "name": "app", "version": "7.0.0" }');
    const manifest = '{ "name": "kirayedar", "version": "1.2.3" }';
    writeFileSync(join(home, "node_modules/kirayedar/package.json"), manifest);
  });
  afterAll(() => rmSync(home, { recursive: true }));

  it("is above the module, from its source as when built", () => {
    const built = pathToFileURL(join(ROOT, "dist/admin/package-folder.js")).href;
    for (const module of [undefined, built]) {
      expect(findPackageFolder(module, home)).toMatchObject({ path: ROOT });
    }
  });

  it("is the installed one where a bundler has moved the code, and not the application's own", () => {
    const installed = { path: join(home, "node_modules/kirayedar"), version: "1.2.3" };
    const bundle = pathToFileURL(join(home, "app/dist/server/bundle.js")).href;
    for (const module of [bundle, "webpack:///app/bundle.js", ""]) {
      expect(findPackageFolder(module, join(home, "app"))).toEqual(installed);
    }
  });

  it("is nowhere where the package is not installed", () => {
    expect(findPackageFolder("", tmpdir())).toBeUndefined();
  });
});

import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scopeOf } from "../../../src/core/scope.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import { isTenancyError } from "../../../src/errors/tenancy-error.ts";
import { createKeys } from "../../../src/tenancy/keys.ts";

const keys = createKeys(() => scopeOf({ id: "7f", slug: "acme" } as Tenant));
const refusal = expect.objectContaining({ code: "INVALID_PATH" });

function pathIfAllowed(names: readonly string[]): string | undefined {
  try {
    return keys.path(...names);
  } catch (error) {
    if (isTenancyError(error, "INVALID_PATH")) return undefined;
    throw error;
  }
}

describe("a path on the disk", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "kirayedar-files-"));
    mkdirSync(join(root, "tenants/7f/uploads"), { recursive: true });
    mkdirSync(join(root, "tenants/8e"), { recursive: true });
    writeFileSync(join(root, "tenants/8e/secret"), "of another tenant");
  });

  afterEach(() => rmSync(root, { force: true, recursive: true }));

  it("is below the root, whether or not anything is there", async () => {
    const uploads = join(root, "tenants/7f/uploads");
    expect(await keys.filePath(root, "uploads")).toBe(uploads);
    expect(await keys.filePath(root, "uploads", "new", "a.txt")).toBe(join(uploads, "new/a.txt"));
  });

  it("may have a root that is a link", async () => {
    symlinkSync(root, `${root}-link`);
    try {
      const found = await keys.filePath(`${root}-link`, "uploads", "a.txt");
      expect(found).toBe(join(`${root}-link`, "tenants/7f/uploads/a.txt"));
    } finally {
      unlinkSync(`${root}-link`);
    }
  });

  it("leads through no link to another tenant, also where nothing is yet", async () => {
    symlinkSync("../../8e", join(root, "tenants/7f/uploads/link"));
    symlinkSync("../../8e/secret", join(root, "tenants/7f/uploads/file"));
    symlinkSync("../../8e/not-yet", join(root, "tenants/7f/uploads/dangling"));
    for (const names of [["link"], ["link", "secret"], ["link", "new"], ["file"], ["dangling"]]) {
      await expect(keys.filePath(root, "uploads", ...names), names.join("/")).rejects.toThrow(
        refusal,
      );
    }
    await expect(keys.filePath(root, "uploads", "dangling", "x")).rejects.toThrow(refusal);
  });

  it("is no tenant's whose own folder is a link", async () => {
    rmSync(join(root, "tenants/7f"), { recursive: true });
    symlinkSync("8e", join(root, "tenants/7f"));
    await expect(keys.filePath(root, "secret")).rejects.toThrow(refusal);
  });

  it("leads through no file", async () => {
    writeFileSync(join(root, "tenants/7f/uploads/file"), "");
    await expect(keys.filePath(root, "uploads", "file", "x")).rejects.toThrow(refusal);
  });

  it("needs a root that is there", async () => {
    await expect(keys.filePath(join(root, "nowhere"), "x")).rejects.toThrow(/ENOENT/);
  });

  it("can be written, and is read where it was written, whatever was asked for", () => {
    const names = fc.array(fc.string({ maxLength: 6, minLength: 1 }), {
      maxLength: 3,
      minLength: 1,
    });
    const allowed = names.map(pathIfAllowed).filter((path) => path !== undefined);
    const folder = realpathSync(root);
    fc.assert(
      fc.property(allowed, (relative) => {
        const file = join(folder, `${relative}.d`, "file");
        mkdirSync(join(folder, `${relative}.d`), { recursive: true });
        writeFileSync(file, "");
        expect(realpathSync(file)).toBe(file);
        expect(file.startsWith(join(folder, "tenants/7f/"))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

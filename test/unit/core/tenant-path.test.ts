import { posix, win32 } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GLOBAL_SCOPE, type Scope, scopeOf } from "../../../src/core/scope.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import { folderOf, pathOf } from "../../../src/core/tenant-path.ts";
import { isTenancyError } from "../../../src/errors/tenancy-error.ts";

const scope = (id: string): Scope => scopeOf({ id, slug: "acme" } as Tenant);
const acme = scope("7f");
const refusal = expect.objectContaining({ code: "INVALID_PATH" });

/** Pieces of what has been used to leave a folder. */
const PIECES = [
  ...Array.from("./\\:%~ ae\u0000\u202e\u2024\u2025\u2215\uff0e\uff0f\uff3c\u200b\u200d\ud800é"),
  ..."..|../|..\\|%2e|%2f|%252e|%c0%ae|%u002e|C:|con|NUL.txt|::$DATA|tenants|8e|=2e".split("|"),
];
const name = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((pieces) => pieces.join("")),
);

/** Returns the path, or `undefined` where it is refused as it should be. */
function tryPath(parts: readonly string[]): string | undefined {
  try {
    return pathOf(acme, parts);
  } catch (error) {
    if (isTenancyError(error, "INVALID_PATH")) return undefined;
    throw error;
  }
}

/** What a layer behind may make of a path: nothing, decoding, folding, ignoring. */
const READINGS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => path.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => unhex(hex)),
  (path) => path.normalize("NFKC"),
  (path) => path.normalize("NFD"),
  (path) => path.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, ""),
  (path) => path.replaceAll(/[.\s]+(?=\/|$)/g, ""),
  (path) => path.split("\0")[0] ?? "",
];

function unhex(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

describe("a path", () => {
  it("is in the folder of its tenant, or in that of the global scope", () => {
    expect(pathOf(acme, ["uploads", "résumé (50%).pdf"])).toBe(
      "tenants/7f/uploads/résumé (50%).pdf",
    );
    expect(pathOf(GLOBAL_SCOPE, ["logos", 7])).toBe("global/logos/7");
    expect(pathOf(acme, ["日本語.txt", ".hidden", "👩‍👩‍👧.png"])).toBe(
      "tenants/7f/日本語.txt/.hidden/👩‍👩‍👧.png",
    );
  });

  it("never leaves the tenant's folder, whoever reads it", () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4, minLength: 1 }), (parts) => {
        const path = tryPath(parts);
        if (path === undefined) return;
        for (const read of READINGS) {
          expect(posix.resolve("/root", read(path))).toMatch(/^\/root\/tenants\/7f\/./);
          expect(win32.resolve("C:\\root", read(path))).toMatch(/^C:\\root\\tenants\\7f\\./);
          expect(read(path).split("/")).toHaveLength(parts.length + 2);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ["", " ", ".", "..", "...", ". .", "a.", "a ", " a", "a\n"],
    ["../x", "/etc/passwd", "a/b", "a\\b", "..\\x", "C:", "C:x", "a:b", "x::$DATA", "\\\\host"],
    ["%2e%2e", "%2E", "a%2fb", "%252e", "%c0%ae", "%u002e", "a%00"],
    ["con", "CON", "nul.txt", "COM1", "lpt9.log", "aux .txt", "CONIN$", "com¹"],
    ["\0", "a\0b", "a\u007f", "\ud800", "a\u202efdp.exe", "\ufeffa", "\u200b", "\u2028"],
    [
      "．．",
      "a／b",
      "a＼b",
      "․․",
      "‥",
      "a∕b",
      "a⁄b",
      "a¥b",
      "C：",
      "C∶x",
      ".\u200d.",
      "．\u200c．",
    ],
    ["a*", "a?", "a|b", "<a>", 'a"'],
    ["a".repeat(256), "é".repeat(128)],
  ])("refuses %s and its like", (...names) => {
    for (const name of names) {
      expect(() => pathOf(acme, ["uploads", name]), JSON.stringify(name)).toThrow(refusal);
    }
  });

  it("has parts, and no more than 1,024 bytes", () => {
    expect(() => pathOf(acme, [])).toThrow(refusal);
    expect(() => pathOf(acme, Array<string>(5).fill("a".repeat(250)))).toThrow(refusal);
    expect(() => pathOf(acme, [undefined as never])).toThrow(refusal);
  });

  it("is one for both ways to write an accent", () => {
    expect(pathOf(acme, ["e\u0301"])).toBe(pathOf(acme, ["é"]));
  });

  it("is another one for another tenant, on systems that know no case and no accents too", () => {
    const id = fc.oneof(name, fc.constantFrom("a", "A", "é", "e\u0301", "con", "..", "=61", ""));
    const known = fc.tuple(id, id).filter(([one, other]) => one.length < 40 && other.length < 40);
    fc.assert(
      fc.property(known, ([one, other]) => {
        const folded = [one, other].map((id) => folderOf({ id }).toLowerCase().normalize("NFKD"));
        expect(folded[0] === folded[1]).toBe(one === other);
        expect(folderOf({ id: one })).toMatch(/^tenants\/[a-z0-9_=-]+\/$/);
      }),
      { numRuns: 3000 },
    );
    expect(folderOf({ id: ".." })).toBe("tenants/=2e=2e/");
    // `tenants//8e` is the folder of the tenant `8e`.
    expect(folderOf({ id: "" })).toBe("tenants/=/");
    expect(folderOf({ id: "con" })).toBe("tenants/=63on/");
  });
});

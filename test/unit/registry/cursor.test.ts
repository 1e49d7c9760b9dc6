import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TenancyError } from "../../../src/errors/tenancy-error.ts";
import { parseCursor as parse, toCursor as make } from "../../../src/registry/cursor.ts";

const BY_SLUG = { by: "slug", isDescending: false } as const;
const toCursor = (key: string): string => make(BY_SLUG, { key, value: null });
const parseCursor = (cursor: unknown): string => parse(BY_SLUG, cursor).key;

/** The cursor that the parsed key makes again, or why it could not be parsed. */
function codeOrCursor(text: string): string {
  try {
    return toCursor(parseCursor(text));
  } catch (error) {
    return (error as TenancyError).code;
  }
}

describe("a cursor", () => {
  it("is made of characters that need no escape, and leads back to its key", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 64, minLength: 1, unit: "grapheme" }), (key) => {
        fc.pre(!key.includes("\0"));
        expect(toCursor(key)).toMatch(/^[\w-]+$/);
        expect(parseCursor(toCursor(key))).toBe(key);
      }),
    );
  });

  it("is refused when it was not made here", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.base64String()), (text) => {
        expect(codeOrCursor(text)).toBeOneOf(["INVALID_CURSOR", text]);
      }),
    );
  });

  it.each([
    "",
    "acme",
    toCursor(""),
    toCursor("a\0"),
    `${toCursor("acme")}=`,
    `${toCursor("acme")} `,
    toCursor("x".repeat(4000)),
    undefined,
    null,
    5,
    [toCursor("acme")],
  ])("is not %j", (text) => {
    expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: "INVALID_CURSOR" }));
  });
});

import { describe, expect, it } from "vitest";
import { isBeyondAscii } from "../../../../src/drivers/mysql/charset.ts";
import { mariadb } from "../../../../src/drivers/mariadb/index.ts";
import { mysql2 } from "../../../../src/drivers/mysql2/index.ts";

/** Which `mysql2` knows, and its types do not. */
function numbered(charsetNumber: number): object {
  return { charsetNumber };
}

describe("another character set than UTF-8", () => {
  it.each(["latin1", "LATIN1_SWEDISH_CI", "ascii", "binary", "gbk", "sjis"])(
    "is refused: %s",
    (charset) => {
      const refused = expect.objectContaining({ code: "INVALID_CONFIG" });
      expect(() => mysql2({ charset })).toThrow(refused);
      expect(() => mysql2({ uri: `mysql://root@localhost/app?charset=${charset}` })).toThrow(
        refused,
      );
      expect(() => mariadb({ charset })).toThrow(refused);
      expect(() => mariadb({ collation: charset })).toThrow(refused);
      expect(() => mariadb(`mariadb://root@localhost/app?charset=${charset}`)).toThrow(refused);
    },
  );

  it("is refused by its number, too", () => {
    expect(() => mysql2(numbered(8))).toThrow("[INVALID_CONFIG]");
    expect(() => mysql2(numbered(45))).not.toThrow();
  });

  it.each(["utf8", "UTF8_GENERAL_CI", "utf8mb4", "UTF8MB4_UNICODE_CI"])("is not %s", (charset) => {
    expect(() => mysql2({ charset })).not.toThrow();
    expect(() => mysql2({ uri: `mysql://root@localhost/app?charset=${charset}` })).not.toThrow();
    expect(() => mariadb({ charset })).not.toThrow();
    expect(() => mariadb({ collation: charset })).not.toThrow();
  });
});

describe("what may be written otherwise in another character set", () => {
  it.each([
    "\u0127",
    ["a", ["\u013b"]],
    { a: "\u00a5" },
    { "\u0127": 1 },
    { toSqlString: () => "\u0127" },
    { toJSON: () => "\u0127" },
    new Map([["a", "\u0127"]]),
    Object("\u0127"),
  ])("is seen: %j", (value) => {
    expect(isBeyondAscii(value)).toBe(true);
  });

  it.each([
    "'; --",
    1,
    1n,
    true,
    null,
    undefined,
    new Date(),
    Buffer.from("\u0127"),
    ["a", { b: 1 }],
  ])("is not: %s", (value) => {
    expect(isBeyondAscii(value)).toBe(false);
  });
});

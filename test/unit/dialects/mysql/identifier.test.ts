import { describe, expect, it } from "vitest";
import {
  hexLiteral,
  isPossibleSchemaName,
  isReservedSchemaName,
  quoteIdentifier,
  quoteLiteral,
} from "../../../../src/dialects/mysql/identifier.ts";

describe("quoteIdentifier", () => {
  it.each([
    ["plain", "`plain`"],
    ["a`b", "`a``b`"],
    ["``", "``````"],
    ["a\\", "`a\\`"],
    ['100% _ "x"', '`100% _ "x"`'],
  ])("quotes %j", (name, quoted) => {
    expect(quoteIdentifier(name)).toBe(quoted);
  });
});

describe("quoteLiteral", () => {
  it.each([
    ["plain", "'plain'"],
    ["it's", "'it''s'"],
    ["''", "''''''"],
    ["\\", "_utf8mb4 x'5c'"],
    ["é\\'", "_utf8mb4 x'c3a95c27'"],
  ])("writes %j so that every session reads it alike", (text, literal) => {
    expect(quoteLiteral(text)).toBe(literal);
  });

  it("writes bytes that no comment ends at, nor a parameter is seen in", () => {
    expect(hexLiteral("*/ ? '")).toBe("_utf8mb4 x'2a2f203f2027'");
  });
});

describe("isReservedSchemaName", () => {
  it.each([
    "mysql",
    "MySQL",
    "sys",
    "information_schema",
    "INFORMATION_SCHEMA",
    "performance_schema",
    "ndbinfo",
    "innodb",
    "lost+found",
    "test",
    "Test_acme",
    "#mysql50#a",
  ])("keeps %s from tenants", (name) => {
    expect(isReservedSchemaName(name)).toBe(true);
  });

  it.each(["tenant_acme", "tests", "testing_a", "tenant_test", "mysql_acme", "public", "sys_a"])(
    "leaves %s to them",
    (name) => {
      expect(isReservedSchemaName(name)).toBe(false);
    },
  );
});

describe("isPossibleSchemaName", () => {
  it.each([
    "a",
    "1",
    ".",
    "..",
    "a/b",
    "\\",
    " a",
    "100%_`",
    "Über",
    "€".repeat(21),
    "a".repeat(64),
  ])("allows %j", (name) => {
    expect(isPossibleSchemaName(name)).toBe(true);
  });

  it.each(["a ", " ", "😀", "\ud800", "%".repeat(52)])("refuses %j", (name) => {
    expect(isPossibleSchemaName(name)).toBe(false);
  });

  it("allows as many characters as a folder's name has room for", () => {
    expect(isPossibleSchemaName("%".repeat(51))).toBe(true);
    expect(isPossibleSchemaName(`${"-".repeat(48)}${"a".repeat(15)}`)).toBe(true);
    expect(isPossibleSchemaName(`${"-".repeat(48)}${"a".repeat(16)}`)).toBe(false);
  });
});

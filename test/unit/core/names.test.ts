import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type NameRules,
  parseSchemaName,
  parseSlug,
  RESERVED_SLUGS,
  type Slug,
  slugKey,
  toSchemaName,
} from "../../../src/core/names.ts";
import { mysql } from "../../../src/dialects/mysql/index.ts";
import { postgres } from "../../../src/dialects/postgres/index.ts";

const rules: NameRules = {
  dialect: postgres,
  globalSchema: "public",
  reservedSlugs: ["internal", /^test_/],
  sharedSchemas: ["extensions"],
  tenantPrefix: "tenant_",
};
const bare: NameRules = { ...rules, tenantPrefix: "" };

const isSlug = (text: unknown, by: NameRules = rules): boolean => {
  try {
    parseSlug(text, by);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "INVALID_TENANT_ID" });
    return false;
  }
};

const schemaNameOf = (text: string, by: NameRules): string | undefined => {
  if (!isSlug(text, by)) return undefined;
  try {
    return toSchemaName(text as Slug, by);
  } catch (error) {
    expect(error).toMatchObject({ code: "INVALID_SCHEMA_NAME" });
    return undefined;
  }
};

describe("parseSlug", () => {
  it.each([
    "simple",
    "with_underscores",
    "with123numbers",
    "a",
    "very_long_tenant_name_with_many_underscores_123",
    "has-dashes",
    "1",
    "a--b",
    "a".repeat(56),
  ])("allows %j", (text) => {
    expect(parseSlug(text, rules)).toBe(text);
  });

  it.each([
    ["spaces", "has spaces"],
    ["upper case", "Has_Uppercase"],
    ["dots", "has.dots"],
    ["slashes", "has/slashes"],
    ["backslashes", "has\\backslashes"],
    ["an injection", "'; DROP TABLE users; --"],
    ["nothing", ""],
    ["a semicolon", "tenant;"],
    ["a path", "../../../etc/passwd"],
    ["a line break at the end", "acme\n"],
    ["a NUL", "acme\0"],
    ["a hyphen in front", "-acme"],
    ["a hyphen at the end", "acme-"],
    ["an underscore in front", "_acme"],
    ["a quote", 'a"b'],
    ["a circled letter", "ⓐcme"],
    ["a full-width letter", "ａcme"],
    ["a zero-width space", "ac\u200bme"],
    ["an Arabic digit", "acme\u0661"],
    ["57 bytes and the prefix", "a".repeat(57)],
  ])("refuses %s", (_name, text) => {
    expect(isSlug(text)).toBe(false);
  });

  it.each([undefined, null, 5, ["acme"], { slug: "acme" }, Symbol("acme"), new String("acme")])(
    "refuses what is no text",
    (value) => expect(isSlug(value)).toBe(false),
  );

  it.each([...RESERVED_SLUGS, "pg_temp", "pg-toast", "information-schema", "internal", "test_1"])(
    "refuses %s, which is reserved",
    (text) => expect(isSlug(text)).toBe(false),
  );

  it("repeats no more of a bad slug than is readable", () => {
    expect(() => parseSlug("\u001b[31m".repeat(1000), rules)).toThrow(/^.{1,400}$/u);
  });
});

const slugLike = fc.oneof(
  fc.string({ maxLength: 70, unit: fc.constantFrom(..."ab09_-".split("")) }),
  fc.constantFrom("public", "pg_a", "pg-a", "extensions", "postgres", "information_schema", "sys"),
  fc.string({ maxLength: 70, unit: "binary" }),
);

describe("a slug that is allowed", () => {
  it.each([
    ["with the default prefix", rules],
    ["with no prefix", bare],
  ])("never makes a schema name that is reserved or cut, %s", (_name, by) => {
    fc.assert(
      fc.property(slugLike, (text) => {
        const schemaName = schemaNameOf(text, by);
        if (schemaName === undefined) return;
        expect(Buffer.byteLength(schemaName)).toBeLessThanOrEqual(63);
        expect(schemaName).toMatch(/^[a-z0-9_]+$/);
        expect(schemaName).not.toMatch(/^pg_/);
        expect(["public", "extensions", "information_schema", "postgres"]).not.toContain(
          schemaName,
        );
      }),
      { numRuns: 3000 },
    );
  });

  it("shares its schema name with no slug of another key", () => {
    fc.assert(
      fc.property(slugLike, slugLike, (one, two) => {
        const [first, second] = [schemaNameOf(one, bare), schemaNameOf(two, bare)];
        if (first === undefined || second === undefined) return;
        expect(first === second).toBe(slugKey(one) === slugKey(two));
      }),
      { numRuns: 3000 },
    );
  });

  it("is itself a host label, but for its underscores", () => {
    fc.assert(
      fc.property(slugLike, (text) => {
        fc.pre(isSlug(text));
        expect(text).toMatch(/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/);
      }),
    );
  });
});

describe("parseSchemaName", () => {
  it.each(["tenant_acme", "Über", 'a"b', "a b", "$x", "a".repeat(63)])("allows %j", (text) => {
    expect(parseSchemaName(text, rules)).toBe(text);
  });

  it.each(["", "a\0", "a\n", "a".repeat(64), "é".repeat(32), "\ud800", "public", "extensions"])(
    "refuses %j",
    (text) => {
      const code = "INVALID_SCHEMA_NAME";
      expect(() => parseSchemaName(text, rules)).toThrow(expect.objectContaining({ code }));
    },
  );

  it.each(["pg_catalog", "PG_TEMP", "$user", "information_schema", "postgres"])(
    "refuses %s, which the engine keeps for itself",
    (text) => {
      const code = "INVALID_SCHEMA_NAME";
      expect(() => parseSchemaName(text, rules)).toThrow(expect.objectContaining({ code }));
    },
  );

  it.each([
    "kirayedar_ref_0123456789abcdef",
    "tenant_kirayedar_ref_zzzzzzzz01234567",
    "Tenant_Kirayedar_Ref_zzzzzzzz01234567",
  ])("refuses %s, which a comparison would take for its own", (text) => {
    const code = "INVALID_SCHEMA_NAME";
    expect(() => parseSchemaName(text, rules)).toThrow(expect.objectContaining({ code }));
    expect(parseSchemaName(`${text}_x`, rules)).toBe(`${text}_x`);
  });

  it("refuses the global schema in any case where the server may not tell them apart", () => {
    const globalSchema = "App";
    const refused = expect.objectContaining({ code: "INVALID_SCHEMA_NAME" }) as Error;
    for (const name of ["App", "app", "APP"]) {
      expect(() => parseSchemaName(name, { ...rules, dialect: mysql, globalSchema })).toThrow(
        refused,
      );
    }
    expect(parseSchemaName("app", { ...rules, globalSchema })).toBe("app");
    expect(() => parseSchemaName("App", { ...rules, globalSchema })).toThrow(refused);
  });
});

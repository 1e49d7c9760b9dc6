import { describe, expect, it } from "vitest";
import { checkValue } from "../../../src/admin/api/check-value.ts";
import {
  integer,
  list,
  nullable,
  object,
  oneOf,
  record,
  ref,
  text,
} from "../../../src/admin/api/schema.ts";

const THING = object<{ name: string; size?: number }>(
  { name: text({ maxLength: 3, minLength: 1 }), size: integer(1, 5) },
  ["size"],
);
const COMPONENTS = { Thing: THING };
const check = (schema: Parameters<typeof checkValue>[0], value: unknown): string | undefined =>
  checkValue(schema, value, COMPONENTS);

describe("checkValue", () => {
  it.each([
    [THING, { name: "abc" }],
    [THING, { name: "abc", size: 5 }],
    [ref("Thing"), { name: "x" }],
    [list(ref("Thing")), [{ name: "x" }, { name: "y", size: 1 }]],
    [nullable(THING), null],
    [nullable(oneOf(["a"])), null],
    [nullable(text()), "x"],
    [record(text()), { any: "x" }],
    [record(true), { any: { thing: 1 } }],
    [{ type: "number" as const }, 1],
  ])("takes %j: %j", (schema, value) => {
    expect(check(schema, value)).toBeUndefined();
  });

  it.each([
    [THING, {}, "`name` is missing."],
    [THING, { name: "" }, "`name` is too short."],
    [THING, { name: "abcd" }, "`name` is longer than 3 characters."],
    [THING, { name: 1 }, "`name` must be of type string."],
    [THING, { name: "x", size: 6 }, "`size` must be from 1 to 5."],
    [THING, { name: "x", size: 1.5 }, "`size` must be of type integer."],
    [THING, { name: "x", size: undefined }, "`size` must be of type integer."],
    [THING, { constructor: 1, name: "x" }, "`constructor` is unknown."],
    [THING, JSON.parse('{"name":"x","__proto__":{}}'), "`__proto__` is unknown."],
    [THING, [], "The body must be of type object."],
    [THING, null, "The body must be of type object."],
    [list(ref("Thing")), [{ name: "x" }, { nam: 1 }], "`[1].name` is missing."],
    [list(text(), { maxItems: 1 }), ["a", "b"], "The body has more than 1 entries."],
    [oneOf(["a", "b"]), "c", "The body must be one of a, b."],
    [record(text()), { any: 1 }, "`any` must be of type string."],
    [text({ pattern: "^a$" }), "b", "The body does not look as it must."],
    [{ type: "number" as const }, Number.NaN, "The body must be from -Infinity."],
    [ref("Nothing"), 1, "#/components/schemas/Nothing is unknown."],
  ])("refuses for %j: %j", (schema, value, reason) => {
    expect(check(schema, value)).toBe(reason);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  GLOBAL_MARK,
  type JobMark,
  keyFor,
  parseMark,
  unwrapPayload,
  wrapPayload,
} from "../../../../src/integrations/jobs/common/mark.ts";

const text = fc.string({ maxLength: 4, unit: fc.constantFrom("_", ".", "a", "5", "f", "-", "é") });

const ACME: JobMark = { tenant: "id-of-acme" };

/** What a queue makes of a payload. */
const store = (payload: unknown): unknown => JSON.parse(JSON.stringify(payload));

describe("the mark of a job", () => {
  it("is a tenant's id, or global, and nothing in between", () => {
    expect(parseMark(undefined)).toBeUndefined();
    expect(parseMark({ tenant: "7" })).toEqual({ tenant: "7" });
    expect(parseMark({ global: true })).toEqual(GLOBAL_MARK);
    const malformed = [
      null,
      "acme",
      7,
      true,
      [],
      {},
      { tenant: "" },
      { tenant: null },
      { tenant: ["acme"] },
      { global: false },
      { global: "true" },
      { global: true, tenant: "acme" },
      { global: false, tenant: "acme" },
    ];
    for (const mark of malformed) {
      expect(() => parseMark(mark), JSON.stringify(mark)).toThrow(/TENANT_REQUIRED/);
    }
  });

  it.each([
    { week: 12 },
    {},
    null,
    [1, 2],
    [],
    "text",
    0,
    false,
    { payload: { payload: 1 } },
    { tenant: "mine", global: true },
  ])("leaves the payload %j as it was", (payload) => {
    for (const mark of [ACME, GLOBAL_MARK]) {
      expect(unwrapPayload(store(wrapPayload(payload, mark)))).toEqual({ mark, payload });
    }
  });

  it("leaves the fields of an object where they can be searched for", () => {
    expect(wrapPayload({ week: 12 }, ACME)).toEqual({ kirayedar: ACME, week: 12 });
  });

  it("leaves it to objects with a way of their own to say how they are stored", () => {
    const date = new Date(0);
    const stored = unwrapPayload(store(wrapPayload(date, ACME)));
    expect(stored).toEqual({ mark: ACME, payload: date.toISOString() });
    const own = { secret: 1, toJSON: () => ({ open: 2 }) };
    expect(unwrapPayload(store(wrapPayload(own, ACME))).payload).toEqual({ open: 2 });
  });

  it("is refused in a payload that has the field already", () => {
    for (const value of [{ tenant: "other" }, null, undefined, "x"]) {
      expect(() => wrapPayload({ kirayedar: value }, ACME)).toThrow(/INVALID_QUERY/);
    }
  });

  it("is absent from what others have enqueued", () => {
    for (const payload of [{ week: 12 }, null, [1], "text"]) {
      expect(unwrapPayload(payload)).toEqual({ mark: undefined, payload });
    }
  });
});

describe("the key of a job", () => {
  it("is each tenant's own, whatever its id looks like", () => {
    const ids = ["a", "a.b", "a_b", "a_5f_b", "ä", "a/b", "A", ""];
    const keys = ids.flatMap((tenant) =>
      ["", "b", "b.c", ".b"].map((key) => keyFor({ tenant }, key)),
    );
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[\w.-]*$/);
  });

  it("stays in the global scope", () => {
    for (const key of ["", "daily", "of/the.day", "a b.c"]) {
      expect(keyFor(GLOBAL_MARK, key)).toBe(key);
    }
  });

  it("of the global scope is no tenant's, whatever it looks like", () => {
    fc.assert(
      fc.property(text, text, text, (tenant, key, other) => {
        const own = keyFor({ tenant }, key);
        for (const global of [own, `_.${own}`, other, keyFor(GLOBAL_MARK, own)]) {
          expect(keyFor(GLOBAL_MARK, global)).not.toBe(own);
        }
        expect(keyFor(GLOBAL_MARK, key) === keyFor(GLOBAL_MARK, other)).toBe(key === other);
      }),
      { numRuns: 1000 },
    );
  });
});

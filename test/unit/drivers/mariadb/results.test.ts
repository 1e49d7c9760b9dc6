import { describe, expect, it } from "vitest";
import { toQueryResult, withoutFirst } from "../../../../src/drivers/mariadb/results.ts";

const OK = { affectedRows: 0, insertId: 0n, warningStatus: 0 };
const CHANGED = { affectedRows: 3, insertId: 7n, warningStatus: 0 };

function rows(...values: object[]): object[] {
  return Object.defineProperty([...values], "meta", { value: ["column"] });
}

describe("withoutFirst", () => {
  it("leaves one answer as it is, and several as a list", () => {
    const list = rows({ a: 1 });
    expect(withoutFirst([OK, list], false)).toBe(list);
    expect(withoutFirst([OK, CHANGED], false)).toBe(CHANGED);
    expect(withoutFirst([OK, list, CHANGED], false)).toEqual([list, CHANGED]);
  });

  it("does so where the columns come with the rows", () => {
    const list = rows({ a: 1 });
    expect(
      withoutFirst(
        [
          [OK, list],
          [undefined, ["a"]],
        ],
        true,
      ),
    ).toEqual([list, ["a"]]);
    expect(
      withoutFirst(
        [
          [OK, CHANGED],
          [undefined, null],
        ],
        true,
      ),
    ).toEqual([CHANGED, []]);
    expect(
      withoutFirst(
        [
          [OK, list, CHANGED],
          [undefined, ["a"], null],
        ],
        true,
      ),
    ).toEqual([
      [list, CHANGED],
      [["a"], null],
    ]);
  });
});

describe("toQueryResult", () => {
  it("reads rows, changes, and the first of several answers", () => {
    expect(toQueryResult(rows({ a: 1 }, { a: 2 }))).toEqual({
      rowCount: 2,
      rows: rows({ a: 1 }, { a: 2 }),
    });
    expect(toQueryResult(rows())).toEqual({ rowCount: 0, rows: [] });
    expect(toQueryResult(CHANGED)).toEqual({ rowCount: 3, rows: [] });
    expect(toQueryResult([rows({ a: 1 }), OK])).toMatchObject({ rowCount: 1, rows: [{ a: 1 }] });
    expect(toQueryResult(undefined)).toEqual({ rowCount: null, rows: [] });
  });
});

import { describe, expect, it } from "vitest";
import { explainRefusal, maySplit } from "../../../../src/drivers/mysql/statement-check.ts";

describe("a text that may hold several statements", () => {
  it.each(["select 1; select 2", "select 'a;b'", "select 1;;", "; select 1", "select 1; -- x"])(
    "is: %s",
    (text) => {
      expect(maySplit(text)).toBe(true);
    },
  );

  it.each(["select 1", "select 1;", "select 1 ; \n\t", "", ";"])("is not: %s", (text) => {
    expect(maySplit(text)).toBe(false);
  });
});

describe("a syntax error", () => {
  const said = (near: string): Error =>
    Object.assign(new Error(`You have an error … to use near '${near}' at line 1`), {
      errno: 1064,
    });

  it.each([
    ["select 1; select 2", "select 2"],
    ["select 1; /* so */ -- x\n # y\nselect 2", "select 2"],
  ])("where a second statement begins is one of several statements: %s", (text, near) => {
    const error = said(near);
    expect(explainRefusal(error, text)).toMatchObject({
      cause: error,
      code: "MULTIPLE_STATEMENTS",
    });
  });

  it("elsewhere is the statement's own", () => {
    for (const near of ["selct ';'", "nothing of it", ""]) {
      const error = said(near);
      expect(explainRefusal(error, "select ';' where selct ';'")).toBe(error);
    }
    const other = Object.assign(new Error("x"), { errno: 1146 });
    expect(explainRefusal(other, "select 1; select 2")).toBe(other);
  });
});

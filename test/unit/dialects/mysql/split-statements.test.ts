import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitStatements } from "../../../../src/dialects/mysql/split-statements.ts";
import { COMPOUND_STATEMENTS, MARIADB_STATEMENTS } from "./compound-statements.ts";

const texts = (script: string): string[] => splitStatements(script).map(({ text }) => text);

describe("splitStatements", () => {
  it.each([
    ["", []],
    [" ;; \n ; ", []],
    ["-- nothing\n/* at all */ # here\n--", []],
    ["select 1", ["select 1"]],
    ["select 1;select 2;", ["select 1", "select 2"]],
    ["select ';' ; select 2", ["select ';'", "select 2"]],
    ["select 'it''s;' ; x", ["select 'it''s;'", "x"]],
    [String.raw`select '\';' ; x`, [String.raw`select '\';'`, "x"]],
    [String.raw`select '\\' ; x`, [String.raw`select '\\'`, "x"]],
    [String.raw`select "\";" ; x`, [String.raw`select "\";"`, "x"]],
    ['select ";""" ; x', ['select ";"""', "x"]],
    ["select `;``` ; x", ["select `;```", "x"]],
    ["select `\\` ; x", ["select `\\`", "x"]],
    ["select 1--;\n1; x", ["select 1--", "1", "x"]],
    ["select 1 -- ;\n; x", ["select 1 -- ;", "x"]],
    ["select 1 --\t;\n; x", ["select 1 --\t;", "x"]],
    ["select 1 # ;\n; x", ["select 1 # ;", "x"]],
    ["select 1 /* ; /* ; */ ; x", ["select 1 /* ; /* ; */", "x"]],
    ["select /*!50000 1; */ 2; x", ["select /*!50000 1; */ 2", "x"]],
    ["select /*M!100100 ';*/' ; */ 2; x", ["select /*M!100100 ';*/' ; */ 2", "x"]],
    ["/*!40101 set names utf8 */; x", ["/*!40101 set names utf8 */", "x"]],
    ["select /*! 1 /* ; */ ; */ ; x", ["select /*! 1 /* ; */ ; */", "x"]],
    ["select 2 */ 1; x", ["select 2 */ 1", "x"]],
    ["/*M!999999\\- enable the sandbox mode */\nselect 1", ["select 1"]],
    ["begin; commit; x", ["begin", "commit", "x"]],
    ["create table t (`end` int, begin int); x", ["create table t (`end` int, begin int)", "x"]],
    ["drop table if exists a; drop table b", ["drop table if exists a", "drop table b"]],
    ["select if(a, b, c), repeat('x', 2); x", ["select if(a, b, c), repeat('x', 2)", "x"]],
    ["select case a when 1 then 2 end; x", ["select case a when 1 then 2 end", "x"]],
    ["alter event e on schedule every 1 day; x", ["alter event e on schedule every 1 day", "x"]],
    ["drop procedure if exists p; x", ["drop procedure if exists p", "x"]],
    [
      "create definer = begin@localhost sql security invoker view v as select 1; x",
      ["create definer = begin@localhost sql security invoker view v as select 1", "x"],
    ],
    [
      "create function f returns string soname 'x.so'; x",
      ["create function f returns string soname 'x.so'", "x"],
    ],
  ])("splits %j", (script, expected) => {
    expect(texts(script)).toEqual(expected);
  });

  it.each([...COMPOUND_STATEMENTS, ...MARIADB_STATEMENTS])(
    "keeps the body together of %s",
    (statement) => {
      expect(texts(`select 1;\n${statement};\nselect 2`)).toEqual([
        "select 1",
        statement,
        "select 2",
      ]);
      expect(texts(`delimiter //\n${statement}//\ndelimiter ;\nselect 2;`)).toEqual([
        statement,
        "select 2",
      ]);
    },
  );

  it.each([
    [
      "create package p as procedure a; function b return int; end",
      "create or replace package body p as\n x int := 1;\n procedure a as y int; begin select 1; end;\n" +
        " function b return int is begin return 1; end;\nbegin set x = 2; end",
      "create procedure p (a in int) is b int; begin if a > 1 then b := 1; elsif a = 0 then b := 2; end if; end",
      "create procedure p as begin for i in 1..3 loop select i; end loop; exception when others then select 2; end",
      "create function f return varchar(10) as begin return if(1, 2, 3); end",
    ],
  ])("knows the routines of Oracle's mode", (...statements) => {
    for (const statement of statements) expect(texts(`${statement}; x`)).toEqual([statement, "x"]);
  });

  it("knows routines in other languages", () => {
    const text = "create function f(a int) returns int language javascript as $a$ ;begin $$ $a$";
    expect(texts(`${text}; x`)).toEqual([text, "x"]);
    expect(texts("create procedure p() select 1 as $$; x$$")).toEqual([
      "create procedure p() select 1 as $$",
      "x$$",
    ]);
  });

  it("reads the client's delimiters, and does not send them", () => {
    const script = [
      "DELIMITER $$",
      "create procedure a() begin select 1; end;$$ -- done",
      "select 'a$$b'; select /* $$ */ 2;",
      "$$",
      "  delimiter ;;",
      "create trigger t before insert on x for each row begin set new.a = 1; end;;",
      "delimiter ;",
      "select 3;",
    ].join("\r\n");
    expect(splitStatements(script).map(({ line, text }) => [line, text])).toEqual([
      [2, "create procedure a() begin select 1; end"],
      [3, "select 'a$$b'"],
      [3, "select /* $$ */ 2"],
      [6, "create trigger t before insert on x for each row begin set new.a = 1; end"],
      [8, "select 3"],
    ]);
  });

  it("says where each statement starts", () => {
    const script = "\n-- one\nselect 1;\n\n  select\n2;";
    expect(splitStatements(script)).toEqual([
      { line: 3, start: 8, text: "select 1" },
      { line: 5, start: 21, text: "select\n2" },
    ]);
  });

  const plain = fc.stringMatching(/^[a-z0-9 ,=]{0,12}$/).filter((text) => !/delimiter/i.test(text));
  const inside = fc.stringMatching(/^[a-z;\n -]{0,12}$/);
  const quoted = fc.oneof(
    inside.map((text) => `'${text}'`),
    inside.map((text) => `"${text}"`),
    inside.map((text) => `\`${text}\``),
    inside.map((text) => `/*${text}*/`),
    inside.map((text) => `/*!50000 ${text.replaceAll("-", "")}*/`),
    inside.map((text) => `-- ${text.replaceAll("\n", " ")}\n`),
    inside.map((text) => `#${text.replaceAll("\n", " ")}\n`),
  );
  const simple = fc
    .tuple(plain, quoted, plain, quoted)
    .map((parts) => `select ${parts.join(" ")} x`);
  const statement = fc.oneof(simple, fc.constantFrom(...COMPOUND_STATEMENTS));

  it("never splits inside quotes, comments and bodies, and loses nothing", () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 8 }), (statements) => {
        expect(texts(statements.join(" ;\n"))).toEqual(statements);
      }),
    );
  });

  it("gives the same with a delimiter of the client's", () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 6 }), (statements) => {
        expect(texts(`delimiter |||\n${statements.join("|||\n")}`)).toEqual(statements);
      }),
    );
  });

  it("finds every statement in the script, in order, whatever the text is", () => {
    const pieces =
      "a ' \" ` ; - / * /*! */ # ( ) \n \\ begin end case if then delimiter create procedure $$";
    const unit = fc.constantFrom(" ", ...pieces.split(" "));
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit }), (script) => {
        let from = 0;
        for (const { start, text } of splitStatements(script)) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(script.startsWith(text, start)).toBe(true);
          from = start + text.length;
        }
      }),
    );
  });
});

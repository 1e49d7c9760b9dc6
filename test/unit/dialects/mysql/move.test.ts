import { describe, expect, it } from "vitest";
import type { Movable, MoveServer, Remake } from "../../../../src/core/move-sql.ts";
import { moveSql } from "../../../../src/dialects/mysql/move.ts";

const MYSQL_ROW = {
  charset: "utf8mb4",
  collation: "utf8mb4_0900_ai_ci",
  names: 0,
  sql_mode: "STRICT_TRANS_TABLES",
  time_zone: "SYSTEM",
  version: "8.4.6",
};
const MYSQL = moveSql.readServer(MYSQL_ROW);
const MARIADB = moveSql.readServer({ ...MYSQL_ROW, version: "10.11.19-MariaDB" });
const NAMES = { from: "old", to: "new`er" };

const SETTINGS = {
  "Database Collation": "utf8mb4_0900_ai_ci",
  character_set_client: "utf8mb4",
  collation_connection: "utf8mb4_0900_ai_ci",
  sql_mode: "ANSI_QUOTES",
};

function movable(kind: Movable["kind"], more: Partial<Movable> = {}): Movable {
  return { expression: null, kind, name: "thing", table: null, type: "", ...more };
}

const TRIGGER = movable("trigger", { table: "t", type: "AFTER INSERT" });

function trigger(statement: string, server: MoveServer = MYSQL): Remake | string {
  return moveSql.remake(
    TRIGGER,
    { ...SETTINGS, "SQL Original Statement": statement, sql_mode: "" },
    NAMES,
    server,
  );
}

describe("what the making of statements depends on", () => {
  it("is read from one row", () => {
    expect(MYSQL).toEqual({
      canPrepareAll: false,
      isCaseSensitive: true,
      restore:
        "set character_set_client = utf8mb4, collation_connection = utf8mb4_0900_ai_ci, sql_mode = 'STRICT_TRANS_TABLES', time_zone = 'SYSTEM'",
      sqlMode: "STRICT_TRANS_TABLES",
    });
    expect(MARIADB.canPrepareAll).toBe(true);
    expect(moveSql.readServer({ ...MYSQL_ROW, names: "1" }).isCaseSensitive).toBe(false);
  });
});

describe("tables", () => {
  it("move in one statement, whatever their names are", () => {
    expect(
      moveSql.moveTables([
        { from: ["a`b", "x"], to: ["c", "x"] },
        { from: ["a`b", "y"], to: ["a`b", moveSql.hiddenName(3)] },
      ]),
    ).toBe("rename table `a``b`.`x` to `c`.`x`, `a``b`.`y` to `a``b`.`kirayedar_moving_3`");
    expect(moveSql.isHiddenName(moveSql.hiddenName(3))).toBe(true);
  });

  it("are told from views, from the mark, and from those of a name in another case", () => {
    const row = { kind: "table", name: "t", schema_name: "old", type: "BASE TABLE" };
    expect(moveSql.readMovable(row, "old", MYSQL)).toMatchObject({ kind: "table", name: "t" });
    expect(moveSql.readMovable({ ...row, type: "VIEW" }, "old", MYSQL)).toMatchObject({
      kind: "view",
    });
    expect(moveSql.readMovable({ ...row, name: "kirayedar_tenant" }, "old", MYSQL)).toBeUndefined();
    expect(moveSql.readMovable({ ...row, schema_name: "OLD" }, "old", MYSQL)).toBeUndefined();
    const insensitive = { ...MYSQL, isCaseSensitive: false };
    expect(moveSql.readMovable({ ...row, schema_name: "OLD" }, "old", insensitive)).toBeDefined();
  });

  it("take the defaults of the database along, as each engine says them", () => {
    const alter = (text: string): string => moveSql.alter({ "Create Database": text }, "new");
    expect(
      alter(
        "CREATE DATABASE `o``ld` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */ /*!80016 DEFAULT ENCRYPTION='N' */",
      ),
    ).toBe(
      "alter database `new` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */ /*!80016 DEFAULT ENCRYPTION='N' */",
    );
    expect(
      alter(`CREATE DATABASE "old" /*!40100 DEFAULT CHARACTER SET latin1 */ COMMENT 'it''s'`),
    ).toBe("alter database `new` /*!40100 DEFAULT CHARACTER SET latin1 */ COMMENT 'it''s'");
  });
});

describe("a view", () => {
  const view = (text: string, server = MYSQL): Remake | string =>
    moveSql.remake(
      movable("view"),
      {
        character_set_client: "utf8mb4",
        "Create View": `CREATE DEFINER=\`u\`@\`%\` VIEW \`old\`.\`thing\` AS ${text}`,
      },
      NAMES,
      server,
    );

  it("names the new database wherever it named the old one, and nowhere else", () => {
    const remake = view(
      "select `old`.`t`.`id` AS `old`,'`old`.`t`' AS `x`,`t`.`old`.`y` AS `y`,`older`.`z`.`z` AS `z` from `old`.`t` join `other`.`old` where (`old`.`f`(1) > 0)",
    );
    expect(remake).toMatchObject({
      before: ["drop view if exists `new``er`.`thing`"],
      make: "CREATE DEFINER=`u`@`%` VIEW `new``er`.`thing` AS select `new``er`.`t`.`id` AS `old`,'`old`.`t`' AS `x`,`t`.`old`.`y` AS `y`,`older`.`z`.`z` AS `z` from `new``er`.`t` join `other`.`old` where (`new``er`.`f`(1) > 0)",
      remove: "drop view if exists `old`.`thing`",
    });
  });

  it("is tried over what is still in the old one", () => {
    expect(view("select 1 AS `1` from `old`.`t`")).toMatchObject({
      trial: [
        "create or replace DEFINER=`u`@`%` VIEW `new``er`.`thing` AS select 1 AS `1` from `old`.`t`",
      ],
    });
  });

  it.each([
    "select `old`.`id` AS `id` from `old`.`t` `old`",
    "with `old` as (select 1 AS `id`) select `old`.`id` AS `id` from `old`",
  ])("is refused where an alias may be meant: %s", (text) => {
    expect(view(text)).toContain("for something else too");
  });

  it("compares names as the server does", () => {
    const insensitive = { ...MYSQL, isCaseSensitive: false };
    expect(view("select 1 AS `x` from `OLD`.`t`", insensitive)).toMatchObject({
      make: expect.stringContaining("from `new``er`.`t`") as string,
    });
    expect(view("select 1 AS `x` from `OLD`.`t`")).toMatchObject({
      make: expect.stringContaining("from `OLD`.`t`") as string,
    });
  });
});

describe("a trigger", () => {
  it.each([
    "CREATE DEFINER=`u`@`%` trigger old.thing after insert on old . t for each row set new.a = 1",
    'CREATE DEFINER="u"@"%" TRIGGER `old`.`thing` AFTER INSERT ON `kirayedar_moving_1` FOR EACH ROW set new.a = 1',
    "create or replace definer = u@'%' trigger if not exists thing /* on */ after insert on t for each row precedes `other` set new.a = 1",
    "CREATE DEFINER=`u`@`%` TRIGGER thing AFTER INSERT ON t FOR EACH ROW FOLLOWS a set new.a = 1",
  ])("is written anew from its body: %s", (statement) => {
    const isAnsi = statement.includes('"u"');
    const remake = moveSql.remake(
      TRIGGER,
      {
        ...SETTINGS,
        "SQL Original Statement": statement,
        sql_mode: isAnsi ? "ANSI_QUOTES" : "STRICT_ALL_TABLES",
      },
      NAMES,
      MYSQL,
    );
    expect(remake).toEqual({
      before: [
        "drop trigger if exists `new``er`.`thing`",
        "alter database `new``er` collate utf8mb4_0900_ai_ci",
      ],
      kind: "trigger",
      make: "create definer = `u`@`%` trigger `thing` AFTER INSERT on `t` for each row set new.a = 1",
      name: "thing",
      remove: null,
      settings: `set character_set_client = utf8mb4, collation_connection = utf8mb4_0900_ai_ci, sql_mode = '${isAnsi ? "ANSI_QUOTES" : "STRICT_ALL_TABLES"}'`,
      trial: [
        "create definer = `u`@`%` trigger `new``er`.`kirayedar_trial` before insert on `new``er`.`kirayedar_trial` for each row set @kirayedar_text = null",
        "drop trigger `new``er`.`kirayedar_trial`",
      ],
    });
  });

  it("may have a role as its definer", () => {
    expect(
      trigger("CREATE DEFINER=`staff` trigger thing after insert on t for each row set @a = 1"),
    ).toMatchObject({
      make: expect.stringMatching(/^create definer = `staff` trigger `thing` AFTER/) as string,
    });
  });

  it.each([
    "insert into old.log values (1)",
    "insert into `old` . `log` values (1)",
    "insert into /*!50000 old.log */ values (1)",
    "begin set @q = 'delete from old.log'; end",
    'begin set @q = "delete from `old`.log"; end',
    // Nobody can tell it from a piece of a statement.
    "set @q = 'my old. friend'",
  ])("is refused when its body names the old database: %s", (body) => {
    expect(trigger(`CREATE trigger thing after insert on t for each row ${body}`)).toContain(
      "names the database `old`",
    );
  });

  it.each([
    "insert into older.log values (1)",
    "set @old.a = 1",
    "insert into log values (new.old, 'old', 'older.x', 'as old as you')",
    "/* old.log */ set @a = 1 -- old.log",
  ])("is not refused for what only looks like it: %s", (body) => {
    expect(trigger(`CREATE trigger thing after insert on t for each row ${body}`)).toBeTypeOf(
      "object",
    );
  });

  it("is refused when it is for several events, or some columns", () => {
    expect(
      trigger("create trigger thing after insert or update on t for each row set @a = 1"),
    ).toContain("more than one event");
    const update = { ...TRIGGER, type: "AFTER UPDATE" };
    const statement = "create trigger thing after update of a, b on t for each row set @a = 1";
    expect(
      moveSql.remake(update, { ...SETTINGS, "SQL Original Statement": statement }, NAMES, MARIADB),
    ).toContain("some columns only");
  });
});

describe("a routine, an event, a default", () => {
  const routine = movable("routine", { type: "PROCEDURE" });

  it("is sent as it is shown, in the settings that it was made in", () => {
    const text = 'CREATE DEFINER="u"@"%" PROCEDURE "thing"()\nselect "old" from t';
    expect(
      moveSql.remake(routine, { ...SETTINGS, "Create Procedure": text }, NAMES, MYSQL),
    ).toMatchObject({
      before: [
        "drop procedure if exists `new``er`.`thing`",
        "alter database `new``er` collate utf8mb4_0900_ai_ci",
      ],
      make: text,
      remove: "drop procedure if exists `old`.`thing`",
      settings: expect.stringContaining("sql_mode = 'ANSI_QUOTES'") as string,
    });
  });

  it("is refused when nobody may read it, or when nobody knows its kind", () => {
    expect(
      moveSql.remake(routine, { ...SETTINGS, "Create Procedure": null }, NAMES, MYSQL),
    ).toContain("cannot be read");
    expect(moveSql.remake(movable("other"), {}, NAMES, MYSQL)).toContain("cannot be moved");
  });

  it("keeps the time zone of an event, and runs in one database at a time", () => {
    const text = "CREATE DEFINER=`u`@`%` EVENT `thing` ON SCHEDULE EVERY 1 DAY DO select 1";
    const remake = moveSql.remake(
      movable("event", { type: "EVENT" }),
      { ...SETTINGS, "Create Event": text, time_zone: "+03:00" },
      NAMES,
      MYSQL,
    );
    expect(remake).toMatchObject({
      make: text,
      remove: "drop event if exists `old`.`thing`",
      settings: expect.stringMatching(/, time_zone = '\+03:00'$/) as string,
    });
  });

  it("has its text converted where the client's character set was not UTF-8, or is refused", () => {
    const shown = {
      ...SETTINGS,
      "Create Procedure": "CREATE PROCEDURE `thing`() select 'é'",
      character_set_client: "latin1",
    };
    expect(moveSql.remake(routine, shown, NAMES, MARIADB)).toMatchObject({
      before: expect.arrayContaining([
        expect.stringMatching(/^set @kirayedar_text = _utf8mb4 x'/),
      ]) as string[],
      make: "execute immediate @kirayedar_text",
    });
    expect(moveSql.remake(routine, shown, NAMES, MYSQL)).toContain("the character set latin1");
    const ascii = { ...shown, "Create Procedure": "CREATE PROCEDURE `thing`() select 'e'" };
    expect(moveSql.remake(routine, ascii, NAMES, MYSQL)).toMatchObject({
      make: ascii["Create Procedure"],
    });
  });

  it("makes a default read the sequence where it now is", () => {
    const row = {
      expression: "nextval(`old`.`numbers`)",
      kind: "default",
      name: "id",
      parent: "t",
      schema_name: "old",
      type: "DEFAULT",
    };
    const found = moveSql.readMovable(row, "old", MARIADB);
    expect(found).toBeDefined();
    expect(moveSql.remake(found ?? movable("default"), {}, NAMES, MARIADB)).toMatchObject({
      make: "alter table `new``er`.`t` alter column `id` set default (nextval(`new``er`.`numbers`))",
      name: "t.id",
    });
    // MySQL shows a literal as what it says.
    expect(moveSql.readMovable(row, "old", MYSQL)).toBeUndefined();
    expect(
      moveSql.readMovable({ ...row, expression: "(`v` + 1)" }, "old", MARIADB),
    ).toBeUndefined();
  });
});

describe("the journal", () => {
  const key = { registry: "tenants", schema: "g`lobal", tenantId: "7" };

  it("is a table beside the registry, with a move's entries by position", () => {
    expect(moveSql.journal.create("g`lobal")).toContain(
      "create table if not exists `g``lobal`.`kirayedar_moves`",
    );
    expect(moveSql.journal.write(key, 2, "{}").params).toEqual(["tenants", "7", 2, "{}"]);
    expect(moveSql.journal.read(key).params).toEqual(["tenants", "7"]);
    expect(moveSql.journal.remove(key, 1).params).toEqual(["tenants", "7", 1]);
    expect(moveSql.journal.list(key).params).toEqual(["tenants"]);
    expect(moveSql.journal.isMissing({ errno: 1146 })).toBe(true);
    expect(moveSql.journal.isMissing({ errno: 1142 })).toBe(false);
  });
});

import type { MoveSql } from "../../core/move-sql.ts";
import { toNumber, toText } from "./client-value.ts";
import { errnoOf } from "./errno.ts";
import { quoteIdentifier } from "./identifier.ts";
import { createMark, dropMark } from "./mark.ts";
import { contents, readMovable, show, sight, TRIAL_NAME } from "./move-contents.ts";
import { moveJournal } from "./move-journal.ts";
import { remake, settingsText } from "./move-remake.ts";

const HIDDEN = "kirayedar_moving_";

function qualified([schema, table]: readonly [string, string]): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** Moving what a database holds into another one. */
export const moveSql: MoveSql = {
  server: () => ({
    params: [],
    text: `select @@lower_case_table_names as names, version() as version, @@sql_mode as sql_mode,
  @@character_set_client as charset, @@collation_connection as collation, @@time_zone as time_zone`,
  }),
  readServer: (row) => {
    const text = (column: string): string => toText(row[column]) ?? "";
    const sqlMode = text("sql_mode");
    return {
      canPrepareAll: /mariadb/i.test(text("version")),
      isCaseSensitive: toNumber(row["names"]) === 0,
      restore: settingsText({
        charset: text("charset"),
        collation: text("collation"),
        sqlMode,
        timeZone: text("time_zone"),
      }),
      sqlMode,
    };
  },
  mark: (schemaName, tenantId) => `${dropMark(schemaName)}; ${createMark(schemaName, tenantId)}`,
  sight,
  contents,
  readMovable,
  show,
  remake,
  showSchema: (schemaName) => `show create database ${quoteIdentifier(schemaName)}`,
  // What stands behind the name, in comments that each engine reads for itself, is the same in both.
  alter: (shown, schemaName) => {
    const text = toText(shown["Create Database"]) ?? "";
    const options = /^create database (?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[^\s`"]+)([^]*)$/i.exec(
      text,
    );
    return `alter database ${quoteIdentifier(schemaName)}${options?.[1] ?? ""}`;
  },
  trialTable: (schemaName) => {
    const name = qualified([schemaName, TRIAL_NAME]);
    return {
      make: `create table if not exists ${name} (one tinyint not null primary key)`,
      remove: `drop table if exists ${name}`,
    };
  },
  hiddenName: (number) => HIDDEN + String(number),
  isHiddenName: (name) => name.startsWith(HIDDEN),
  moveTables: (steps) =>
    `rename table ${steps.map(({ from, to }) => `${qualified(from)} to ${qualified(to)}`).join(", ")}`,
  removeTrigger: (schemaName, name) => `drop trigger if exists ${qualified([schemaName, name])}`,
  // ER_NO_SUCH_TABLE, ER_SP_DOES_NOT_EXIST, ER_VIEW_INVALID
  isMissing: (error) => [1146, 1305, 1356].includes(Number(errnoOf(error))),
  journal: moveJournal,
};

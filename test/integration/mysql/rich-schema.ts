import type { Admin } from "../../support/engines.ts";
import type { World } from "../lifecycle/world.ts";

/** Names of what {@link makeRichSchema} makes in, and beside, a tenant's database. */
export interface RichSchema {
  /** The tenant's database. */
  readonly name: string;
  /** A database beside it, which references it and is referenced. */
  readonly beside: string;
}

/** Puts something of every kind into a database. */
export async function makeRichSchema(
  admin: Admin,
  { beside, name }: RichSchema,
  isMariaDb: boolean,
): Promise<void> {
  const statements = [
    `alter database \`${name}\` character set utf8mb4 collate utf8mb4_unicode_520_ci`,
    `create database \`${beside}\``,
    `use \`${name}\``,
    "create table author (id int auto_increment primary key, name varchar(40) comment 'it''s', upper_name varchar(40) generated always as (upper(name)) stored, short varchar(3) generated always as (left(name, 3)) virtual, age int default 30, created timestamp(3) not null default current_timestamp(3) on update current_timestamp(3), check (age > 0), unique (name), fulltext (name)) comment = 'who writes'",
    "create table post (id int auto_increment primary key, author_id int not null, parent_id int, body text, tags json, foreign key (author_id) references author (id) on delete cascade on update cascade, constraint tree foreign key (parent_id) references post (id), index by_body (body(20)))",
    "create table log (id int auto_increment primary key, what varchar(200))",
    "create table `odd ``%_ table` (`odd ``column` int)",
    "create table part (id int not null, at date not null, primary key (id, at)) partition by range (year(at)) (partition p0 values less than (2025), partition p1 values less than maxvalue)",
    "create table mine (a int) engine = MyISAM",
    "create table empty_one (a int)",
    `create table \`${beside}\`.fan (id int primary key, author_id int, foreign key (author_id) references \`${name}\`.author (id))`,
    `create table likes (fan_id int, foreign key (fan_id) references \`${beside}\`.fan (id))`,
    "create function twice(x int) returns int deterministic comment 'it''s' return x * 2",
    "create procedure add_log(in what varchar(200), out n int) modifies sql data sql security invoker begin declare i int default 0; while i < 2 do insert into log (what) values (concat(what, ';', i)); set i = i + 1; end while; select count(*) into n from log; end",
    "set sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
    `create procedure ansi() begin select "id", 'C:\\' from "author"; end`,
    "set sql_mode = default",
    `create view names as select id, name, '${name}.author' as literal from author where age > 0 with cascaded check option`,
    `create sql security invoker view b_names as select names.id, twice(names.id) as two, fan.id as fan_id from names left join \`${beside}\`.fan on fan.author_id = names.id`,
    "create algorithm = merge view a_top as select b.id, b.two from b_names b",
    `create definer = nobody@nowhere view as_nobody as select x.id, \`${name}\`.twice(1) as two from (select id from author union select id from post) x`,
    "create trigger author_second after insert on author for each row insert into log (what) values (concat('second ', new.name, _latin1'!', n'ü'))",
    `create trigger author_first after insert on author for each row precedes author_second insert into log (what) values (concat('first ', new.name))`,
    "create trigger author_third after insert on author for each row follows author_second begin if new.age > 100 then insert into log (what) values ('old'); end if; end",
    "create definer = nobody@nowhere trigger `odd ``trigger` before update on author for each row set new.age = new.age + 0",
    "create trigger post_before before delete on post for each row insert into log (what) values ('deleted')",
    "set time_zone = '+03:00', sql_mode = 'NO_ENGINE_SUBSTITUTION'",
    "create event nightly on schedule every 1 day starts '2030-01-01 00:00:00' ends '2031-01-01 00:00:00' on completion preserve disable comment 'at night' do insert into log (what) values ('é')",
    "create event soon on schedule at '2031-01-01 00:00:00' do begin insert into log (what) values ('a'); insert into log (what) values ('b'); end",
    "set time_zone = default, sql_mode = default",
    ...(isMariaDb
      ? [
          "create sequence numbers start with 5",
          "create table numbered (id int not null default nextval(numbers), v int default (1 + 1))",
          "create table versioned (a int) with system versioning",
          "insert into numbered (v) values (1), (2)",
          "insert into versioned values (1)",
          "update versioned set a = 2",
        ]
      : []),
    "insert into author (name) values ('ann'), ('bob')",
    "delete from author where name = 'bob'",
    "insert into post (author_id, body) values (1, 'one'), (1, 'two')",
    "insert into part values (1, '2024-01-01'), (2, '2026-01-01')",
    `insert into \`${beside}\`.fan values (7, 1)`,
    "insert into likes values (7)",
  ];
  for (const text of statements) await admin.query(text);
}

/** What differs between two looks at the same thing. */
const VOLATILE =
  /^(?:created?|create_time|update_time|check_time|last_altered|last_executed|cardinality|avg_row_length|data_length|index_length|data_free|table_rows|max_index_length|max_data_length|checksum|temporary|create_options)$/;

/** Views of the standard, and the column in them that says which database a row is about. */
const VIEWS: readonly (readonly [view: string, column: string])[] = [
  ["schemata", "schema_name"],
  ["tables", "table_schema"],
  ["columns", "table_schema"],
  ["statistics", "table_schema"],
  ["key_column_usage", "table_schema"],
  ["referential_constraints", "constraint_schema"],
  ["table_constraints", "table_schema"],
  ["check_constraints", "constraint_schema"],
  ["partitions", "table_schema"],
  ["views", "table_schema"],
  ["triggers", "trigger_schema"],
  ["routines", "routine_schema"],
  ["parameters", "specific_schema"],
  ["events", "event_schema"],
];

/**
 * What the server says about a database, with the database's name replaced.
 *
 * @param only - some of the standard's views; default all
 */
export async function describeSchema(
  { connect }: Pick<World, "connect">,
  name: string,
  only?: readonly string[],
): Promise<Record<string, unknown[]>> {
  // In another database, names are shown in full.
  const admin = await connect();
  await admin.query("use information_schema");
  const described: Record<string, unknown[]> = {};
  for (const [view, column] of VIEWS) {
    if (only?.includes(view) === false) continue;
    const { rows } = await admin.query(
      `select * from information_schema.${view} where ${column} = ?`,
      [name],
    );
    described[view] = rows.map((row) => JSON.stringify(plain(row, name))).toSorted();
  }
  described["made"] = await showAll(admin, name);
  await admin.end();
  return described;
}

function plain(row: Record<string, unknown>, name: string): Record<string, unknown> {
  const entries = Object.entries(row)
    .map(([key, value]) => [key.toLowerCase(), named(value, name)] as const)
    .filter(([key]) => !VOLATILE.test(key));
  return Object.fromEntries(entries);
}

/** A literal that only looks like the name stays: it is text of the tenant's. */
function named(value: unknown, name: string): unknown {
  if (value === name) return "<database>";
  return typeof value === "string" ? value.replaceAll(quote(name), "`<database>`") : value;
}

/** Quotes a name. */
export function quote(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

async function showAll(admin: Admin, name: string): Promise<string[]> {
  const { rows } = await admin.query<{ kind: string; name: string }>(
    `select if(table_type = 'VIEW', 'view', if(table_type = 'SEQUENCE', 'sequence', 'table')) as kind, table_name as name from information_schema.tables where table_schema = ?
    union all select routine_type, routine_name from information_schema.routines where routine_schema = ?
    union all select 'event', event_name from information_schema.events where event_schema = ?`,
    [name, name, name],
  );
  const { rows: triggers } = await admin.query<{ name: string }>(
    "select trigger_name as name from information_schema.triggers where trigger_schema = ?",
    [name],
  );
  const shown: string[] = [];
  for (const each of [...rows, ...triggers.map((row) => ({ kind: "trigger", ...row }))]) {
    const quoted = `${quote(name)}.${quote(each.name)}`;
    const [row] = (await admin.query(`show create ${each.kind} ${quoted}`)).rows;
    const { ["SQL Original Statement"]: trigger, Created: _created, ...rest } = row ?? {};
    // Triggers are written as they were typed, and names are put before others.
    const text = typeof trigger === "string" ? trigger.replace(/^[^]*?for each row/i, "") : "";
    shown.push(JSON.stringify({ ...plain(rest, name), text }));
  }
  return shown.toSorted();
}

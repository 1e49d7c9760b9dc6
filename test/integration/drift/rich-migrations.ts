import type { Migration } from "../../../src/core/migrator.ts";
import type { Engine } from "../../support/engines.ts";

/** Makes something of every kind that can differ. */
export const RICH: Readonly<Record<Engine["family"], Migration>> = {
  mysql: {
    name: "rich",
    up: `create table author (id int auto_increment primary key, name varchar(40) not null default 'x' comment 'a, (b)', upper_name varchar(40) as (upper(name)) virtual, age int, key by_name (name), constraint grown check (age > 0));
      create table post (id int auto_increment primary key, author_id int, body text, constraint post_author foreign key (author_id) references author (id) on delete cascade, unique key by_author (author_id), fulltext key by_body (body));
      create table part (id int not null primary key) partition by range (id) (partition p0 values less than (10), partition p1 values less than maxvalue);
      create table seen (id int);
      create view names as select id, name from author;
      create function twice(x int) returns int deterministic return x * 2;
      create procedure clear_posts() modifies sql data delete from post;
      create trigger author_upper before insert on author for each row set new.name = trim(new.name);
      create event nightly on schedule every 1 day disable do delete from seen;
      insert into author (name) values ('first')`,
    version: "20260102000001",
  },
  postgres: {
    name: "rich",
    up: `create type mood as enum ('sad', 'ok', 'happy');
      create domain positive as integer not null default 1 check (value > 0);
      create type pair as (a integer, b text);
      create type span as range (subtype = integer);
      create table author (id bigint generated always as identity primary key, name text not null default 'x', m mood, age positive, upper_name text generated always as (upper(name)) stored, at timestamptz);
      create table post (id serial primary key, author_id bigint constraint post_author references author (id) on delete cascade, body text, unique (author_id), constraint short check (length(body) < 1000));
      create index by_name on author (lower(name)) where m is not null;
      create table part (id integer not null, at date not null) partition by range (at);
      create table part_1 partition of part for values from ('2026-01-01') to ('2027-01-01');
      create index on part (at);
      create table base (id integer); create table derived (more text) inherits (base);
      create unlogged table seen (id integer) with (fillfactor = 70);
      create table secret (owner text); alter table secret enable row level security;
      create policy own on secret for select using (owner = current_user);
      create view names as select a.id, a.name, p.body from author a join post p on p.author_id = a.id;
      create materialized view names_kept as select * from names; create unique index on names_kept (id);
      create function touch() returns trigger language plpgsql as $$ begin new.at = now(); return new; end $$;
      create function add_up(a integer, b positive default 2) returns integer language sql immutable as 'select a + b';
      create procedure clear_posts() language sql as 'delete from post';
      create aggregate total(integer) (sfunc = int4pl, stype = integer, initcond = '0');
      create trigger author_touch before update on author for each row execute function touch();
      create rule keep as on delete to seen do instead nothing;
      create sequence numbers start 5 increment 2;
      create statistics author_stats on name, m from author;
      create function same_mood(a mood, b mood) returns boolean language sql as 'select a = b';
      create operator === (leftarg = mood, rightarg = mood, function = same_mood);
      insert into author (name) values ('first')`,
    version: "20260102000001",
  },
};

/** One change by hand, and the difference that it makes. */
export interface Change {
  /** What is done. */
  readonly title: string;
  /** SQL, in the tenant's schema. */
  readonly text: string;
  /** What is found, as `change kind name`, with the table's name and a dot before the name of a part. */
  readonly found: readonly string[];
}

const change = (text: string, ...found: readonly string[]): Change => ({
  found,
  text,
  title: text,
});

/** Changes, one for everything that a person may do to a schema. */
export const CHANGES: Readonly<Record<Engine["family"], readonly Change[]>> = {
  mysql: [
    change("create table more (id int primary key)", "extra table more"),
    change("drop table seen", "missing table seen"),
    change("alter table seen engine = MyISAM", "changed table seen"),
    change("alter table author comment = 'AUTO_INCREMENT=3'", "changed table author"),
    change("alter table author auto_increment = 900"),
    change("alter table author add extra int", "extra column author.extra"),
    change("alter table author modify age bigint", "changed column author.age"),
    change(
      "alter table author modify name varchar(40) default 'x' comment 'a, (b)'",
      "changed column author.name",
    ),
    change("alter table author alter name set default 'y'", "changed column author.name"),
    change("alter table author modify age int first", "changed column order author"),
    change("alter table author drop key by_name", "missing index author.by_name"),
    change(
      "alter table author drop key by_name, add key by_name (name desc, id)",
      "changed index author.by_name",
    ),
    change("alter table author drop constraint grown", "missing constraint author.grown"),
    change(
      "alter table author drop constraint grown, add constraint grown check (age > 1)",
      "changed constraint author.grown",
    ),
    change("alter table post drop constraint post_author", "missing constraint post.post_author"),
    change(
      "alter table part reorganize partition p1 into (partition p1 values less than (20), partition p2 values less than maxvalue)",
      "changed table part",
    ),
    change("alter view names as select id from author", "changed view names"),
    change("drop view names", "missing view names"),
    change(
      "drop function twice; create function twice(x int) returns int deterministic return x * 3",
      "changed function twice",
    ),
    change("drop procedure clear_posts", "missing procedure clear_posts"),
    change("create function more() returns int return 1", "extra function more"),
    change("drop trigger author_upper", "missing trigger author.author_upper"),
    change(
      "create trigger second before insert on author for each row set new.age = 1",
      "extra trigger author.second",
    ),
    change("alter event nightly enable", "changed event nightly"),
    change("drop event nightly", "missing event nightly"),
    change("create sequence numbers start with 5", "extra sequence numbers"),
    change("alter database collate utf8mb4_bin", "changed database defaults"),
  ],
  postgres: [
    change("create table more (id integer primary key)", "extra table more"),
    change("drop table base cascade", "missing table base", "missing table derived"),
    change("alter table seen set logged", "changed table seen"),
    change("alter table seen set (fillfactor = 80)", "changed table seen"),
    change("alter table secret force row level security", "changed table secret"),
    change("alter table post replica identity full", "changed table post"),
    change("alter table part detach partition part_1", "changed table part_1"),
    change("alter table derived no inherit base", "changed table derived"),
    change("alter table author add extra integer", "extra column author.extra"),
    change("alter table seen alter id type bigint", "changed column seen.id"),
    change("alter table author alter name drop not null", "changed column author.name"),
    change("alter table author alter name set default 'y'", "changed column author.name"),
    change("alter table author alter id set generated by default", "changed column author.id"),
    change(
      "alter table author alter upper_name drop expression",
      "changed column author.upper_name",
    ),
    change(`alter table seen add word text collate "C"`, "extra column seen.word"),
    change("alter table secret alter owner set storage plain", "changed column secret.owner"),
    change(
      "alter table post drop constraint short; alter table post add constraint short check (length(body) < 9)",
      "changed constraint post.short",
    ),
    change(
      "alter table post drop constraint short; alter table post add constraint short check (length(body) < 1000) not valid",
      "changed constraint post.short",
    ),
    change("alter table post drop constraint post_author", "missing constraint post.post_author"),
    change(
      "alter table post drop constraint post_author_id_key",
      "missing constraint post.post_author_id_key",
    ),
    change("drop index by_name", "missing index author.by_name"),
    change(
      "drop index by_name; create index by_name on author (name)",
      "changed index author.by_name",
    ),
    change("create view names_2 as select 1 as one", "extra view names_2"),
    change(
      "drop materialized view names_kept; create or replace view names as select a.id, a.name, p.body from author a left join post p on p.author_id = a.id",
      "changed view names",
      "missing materialized view names_kept",
    ),
    change("alter view names set (security_barrier)", "changed view names"),
    change(
      "create or replace function add_up(a integer, b positive default 2) returns integer language sql immutable as 'select a - b'",
      "changed function add_up(a integer, b positive)",
    ),
    change(
      "create function add_up(a text) returns text language sql as 'select a'",
      "extra function add_up(a text)",
    ),
    change("alter function touch() security definer", "changed function touch()"),
    change("drop procedure clear_posts()", "missing procedure clear_posts()"),
    change(
      "drop aggregate total(integer); create aggregate total(integer) (sfunc = int4pl, stype = integer, initcond = '1')",
      "changed aggregate total(integer)",
    ),
    change("drop trigger author_touch on author", "missing trigger author.author_touch"),
    change(
      "alter table author disable trigger author_touch",
      "changed trigger author.author_touch",
    ),
    change("drop rule keep on seen", "missing rule seen.keep"),
    change("drop policy own on secret", "missing policy secret.own"),
    change("alter policy own on secret using (true)", "changed policy secret.own"),
    change("alter type mood add value 'new' before 'ok'", "changed enum mood"),
    change("alter domain positive drop not null", "changed domain positive"),
    change(
      "alter domain positive add constraint small check (value < 9)",
      "changed domain positive",
    ),
    change("alter type pair add attribute c integer", "changed composite type pair"),
    change("drop type span; create type span as range (subtype = bigint)", "changed range span"),
    change("drop type span", "missing range span"),
    change("alter sequence numbers increment 3", "changed sequence numbers"),
    change("alter sequence author_id_seq increment 3", "changed sequence author_id_seq"),
    change("select nextval('numbers')"),
    change("alter sequence post_id_seq owned by none", "changed sequence post_id_seq"),
    change(
      "drop statistics author_stats; create statistics author_stats on id, m from author",
      "changed statistics author_stats",
    ),
    change("drop operator === (mood, mood)", "missing operator ===(mood,mood)"),
    change("alter table author drop column at; alter table author add at timestamptz"),
    change(
      "alter table author drop column age; alter table author add age positive",
      "changed column order author",
    ),
  ],
};

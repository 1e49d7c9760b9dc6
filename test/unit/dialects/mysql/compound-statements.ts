/**
 * Statements with a body, which MariaDB and, but for the blocks that stand alone and `for`, MySQL
 * take. They need a table `t (id int primary key, a int, begin int, end int)`.
 */
export const COMPOUND_STATEMENTS: readonly string[] = [
  "create trigger t1 before insert on t for each row begin set new.a = 1; set new.end = 2; end",
  "create or replace trigger t1 before insert on t for each row set new.a = case when new.a > 1 then 1 else 2 end",
  "create trigger t2 after update on t for each row if new.a > 1 then do 1; elseif new.a = 0 then do 2; else do 3; end if",
  "CREATE DEFINER=`root`@`localhost` TRIGGER t3 AFTER UPDATE ON t FOR EACH ROW FOLLOWS t2 BEGIN DO 1; END",
  "create definer = current_user() trigger `begin` before delete on t for each row begin do 1; end",
  "/*!50003 create*/ /*!50017 definer='root'@'%'*/ /*!50003 trigger t4 before update on t for each row begin do 1; end */",
  "create trigger t5 after delete on t for each row case old.a when 1 then do 1; else begin end; end case",
  "create procedure p1() select 1 as begin",
  "create procedure p2(in a int, out b varchar(10)) comment 'begin;' deterministic reads sql data begin select a is null; end",
  "create procedure p3() begin declare `end` int; select end, begin from t; select t.end from t; end",
  "create procedure p4() outer_one: begin leave outer_one; end outer_one",
  "create procedure p5() begin\n  -- begin ;\n  if (1 > 0) then select if(1, 2, 3); end if;\n  drop table if exists nope;\nend",
  "create procedure p6() begin repeat set @a = 1; until @a end repeat; while @a do set @a = 0; end while; end",
  "create procedure p7() l: loop leave l; end loop l",
  "create procedure p8() begin declare continue handler for not found, sqlexception begin end; declare exit handler for sqlwarning set @a = 1; do 1; end",
  "create procedure p9() begin case 1 when 1 then begin end; else select case when 1 then 2 end as end; end case; do 1; end",
  "create procedure p10() begin declare c cursor for select a from t for update; open c; close c; end",
  "create procedure p11() begin if 1 then if 2 then do 1; end if; end if; case when 1 then do 1; end case; end",
  "create procedure p12() if exists (select 1 from t) then do 1; end if",
  "create procedure if not exists p13() begin do 1; do repeat('x', 3); end",
  "create procedure p14() begin select case case 1 when 1 then 2 end when 2 then (case 1 when 1 then 3 end) end; do 1; end",
  "create function f1(a int) returns int deterministic return if(a > 1, 2, 3)",
  "create function f2() returns set('a', 'b') character set utf8mb4 deterministic begin return 'a'; end",
  "create function f3(a int) returns int deterministic begin return case when a then 1 end; end",
  "create function f4() returns int deterministic return (select count(*) from t where a is null)",
  "create event e1 on schedule every 1 day starts current_timestamp + interval 1 day on completion preserve disable comment 'do begin' do begin do 1; do 2; end",
  "create event e2 on schedule at current_timestamp + interval 1 day do drop table if exists nope",
  "alter event e2 on completion not preserve do begin do 1; end",
];

/** The same, which only MariaDB takes. */
export const MARIADB_STATEMENTS: readonly string[] = [
  "begin not atomic declare a int; select 1 into a; end",
  "if 1 then do 1; end if",
  "case 1 when 1 then do 1; end case",
  "begin not atomic l: loop leave l; end loop; end",
  "while 0 do do 1; end while",
  "repeat do 1; until 1 end repeat",
  "for i in 1..3 do do 1; do 2; end for",
  "create procedure p15() for r in (select a from t) do do 1; end for",
];

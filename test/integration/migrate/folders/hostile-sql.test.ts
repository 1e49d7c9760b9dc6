import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { prismaFolder } from "../../../../src/migrate/folders/index.ts";
import { createWorld, type World } from "../../lifecycle/world.ts";

let world: World;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kirayedar-hostile-"));
});
afterEach(async () => {
  await world.close();
  await rm(folder, { force: true, recursive: true });
});

/** What a person, or a dump, adds to a tool's own SQL. */
const HOSTILE = `
CREATE TABLE PUBLIC . "Note" ("id" serial, "public" boolean default true, kind text default 'public');
alter table public/* public."Note" */."Note" alter "id" set default nextval('public."Note_id_seq"'::regclass);
create type public.mood as enum ('public.x', 'it''s');
alter table "public"
  -- of all
  ."Note" add column mood public.mood[] default array['it''s']::"public"."mood"[];
do $$
begin
  if exists (select from information_schema.tables where table_schema = 'public' and table_name = 'only_here') then
    raise exception 'It looks in public.';
  end if;
  if not exists (select from information_schema.tables where table_schema = 'public' and table_name = 'Note') then
    raise exception 'It does not look in its own.';
  end if;
  insert into public."Note" (kind) values ('public.kind'), (E'\\'public.kind\\'');
  update public."Note" set public = false where "Note".public;
end $$;
create function public.counted() returns bigint language plpgsql as $f$
declare one public."Note"%rowtype;
begin
  select * into one from only public."Note" limit 1;
  return (select count(*) from "public"."Note" as n where n.public = one.public);
end $f$;
create view public.seen as select public."Note".kind from public."Note";
select setval('public."Note_id_seq"', 40);
comment on table public."Note" is 'public."Note"';
grant select on public."Note" to public;
`;

it("runs what is written by hand in the tenant's schema alone", async () => {
  await mkdir(join(folder, "1_init"));
  await writeFile(
    join(folder, "1_init", "migration.sql"),
    `\uFEFF${HOSTILE.replaceAll("\n", "\r\n")}`,
  );
  world = await createWorld({ migrations: { global: [], tenant: prismaFolder(folder) } });
  const { tenancy } = world;
  // Decoys of everything.
  await world.run(HOSTILE.replaceAll("= 'only_here'", "= 'nowhere'"));
  await world.run('create table only_here (); create table before as select * from "Note"');
  await tenancy.create("acme");
  const read = async (text: string): Promise<unknown[]> =>
    (await (await tenancy.tenant("acme")).query(text)).rows;
  expect(await read('select id, public, kind, mood::text from "Note" order by id')).toEqual([
    { id: 1, kind: "public.kind", mood: `{it's}`, public: false },
    { id: 2, kind: "'public.kind'", mood: `{it's}`, public: false },
  ]);
  expect(await read('insert into "Note" default values returning id, counted()::int')).toEqual([
    { counted: 2, id: 41 },
  ]);
  expect(await read("select obj_description('\"Note\"'::regclass) as text")).toEqual([
    { text: 'public."Note"' },
  ]);
  const elsewhere = await world.admin.query(
    "select from pg_depend d join pg_class c on c.oid = d.refobjid where d.refclassid = 'pg_class'::regclass and c.relnamespace = 'public'::regnamespace and d.objid in (select oid from pg_class where relnamespace = 'tenant_acme'::regnamespace union all select r.oid from pg_rewrite r join pg_class v on v.oid = r.ev_class where v.relnamespace = 'tenant_acme'::regnamespace)",
  );
  expect(elsewhere.rows).toEqual([]);
  const changed = await world.admin.query(
    'select id from public."Note" except select id from public.before union all select 1 from public."Note_id_seq" where last_value <> 40',
  );
  expect(changed.rows).toEqual([]);
});

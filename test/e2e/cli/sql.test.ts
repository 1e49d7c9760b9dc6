import { describe, expect, it } from "vitest";
import { everyTenantWorld } from "./every-tenant-world.ts";
import { HAS_TERMINAL } from "./workspace.ts";

const world = everyTenantWorld();
const SELECT = "select id, title from posts";

describe("kirayedar sql", () => {
  it("prints the rows of all tenants under one heading, each beside its tenant", async () => {
    const { code, stderr, stdout } = await world.current.workspace.run("sql", SELECT, "--all");
    expect(stdout).toMatch(
      /^TENANT {3}id {2}title\nacme {6}1 {2}tenant_acme\nglobex {4}1 {2}tenant_globex\ninitech {3}1 {2}tenant_initech\n\n3 rows from 3 tenants, 0 failed \(.+\)\.\n$/,
    );
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("prints one document with --json, and CSV with --csv", async () => {
    const { workspace } = world.current;
    const { code, document } = await workspace.json("sql", SELECT, "globex", "acme");
    expect(code).toBe(0);
    expect(document).toEqual({
      durationMs: expect.any(Number) as number,
      failed: [],
      ok: true,
      rows: [
        { row: { id: 1, title: "tenant_globex" }, tenant: "globex" },
        { row: { id: 1, title: "tenant_acme" }, tenant: "acme" },
      ],
    });
    const text = `select 'a "quoted", one' as text, null as nothing, '' as empty, 9007199254740993::int8 as big, '{"a": [1]}'::jsonb as doc, '\\x00ff'::bytea as bytes, timestamptz '2026-01-02 03:04:05Z' as at`;
    const csv = await workspace.run("sql", text, "acme", "--csv");
    expect(csv.stdout).toBe(
      "tenant,text,nothing,empty,big,doc,bytes,at\r\n" +
        'acme,"a ""quoted"", one",,"",9007199254740993,"{""a"":[1]}",\\x00ff,2026-01-02T03:04:05.000Z\r\n',
    );
    expect(csv.stderr).toMatch(/^1 row from 1 tenant, 0 failed/);
  });

  it("changes nothing unless it is told to", async () => {
    const { workspace } = world.current;
    const { code, stderr } = await workspace.run("sql", "delete from posts", "--all");
    expect(code).toBe(1);
    expect(stderr).toContain("read-only transaction");
    const { stdout } = await workspace.run(
      "sql",
      "select count(*) as n from posts",
      "--all",
      "--csv",
    );
    expect(stdout).toBe("tenant,n\r\nacme,1\r\nglobex,1\r\ninitech,1\r\n");
  });

  it("reports the tenants in which it fails, prints the others, and exits with 1", async () => {
    const { workspace } = world.current;
    await workspace.run("sql", "alter table posts rename to old", "globex", "--write", "--yes");
    const { code, stderr, stdout } = await workspace.run("sql", SELECT, "--all", "--csv");
    expect(stdout).toBe("tenant,id,title\r\nacme,1,tenant_acme\r\ninitech,1,tenant_initech\r\n");
    expect(stderr).toMatch(/globex\nerror: relation "posts" does not exist/);
    expect(code).toBe(1);
    const stopped = await workspace.run("sql", SELECT, "--all", "--stop-on-error");
    expect(stopped.stdout).not.toContain("initech");
    expect(stopped.code).toBe(1);
    const { document } = await workspace.json("sql", SELECT, "--all");
    expect(document).toMatchObject({
      failed: [{ error: { code: "42P01" }, tenant: "globex" }],
      ok: false,
      rows: [{ tenant: "acme" }, { tenant: "initech" }],
    });
    await workspace.run("sql", "alter table old rename to posts", "globex", "--write", "--yes");
  });

  it("reports a tenant whose columns do not fit the CSV of the others", async () => {
    const { workspace } = world.current;
    await workspace.run("sql", "alter table posts add more int", "globex", "--write", "--yes");
    const { code, stderr, stdout } = await workspace.run("sql", "table posts", "--all", "--csv");
    expect(stdout).toBe("tenant,id,title\r\nacme,1,tenant_acme\r\ninitech,1,tenant_initech\r\n");
    expect(stderr).toContain("Its columns are id, title, more; those of the tenants before are id");
    expect(code).toBe(1);
    await workspace.run("sql", "alter table posts drop more", "globex", "--write", "--yes");
  });

  it("writes with --write: several statements in one transaction for each tenant", async () => {
    const { workspace } = world.current;
    workspace.write(
      "change.sql",
      "-- two; statements\ninsert into posts values (2, 'two;');\nupdate posts set id = 1 / (case when title = 'tenant_globex' then 0 else 1 end) + id + 9 returning id;\n",
    );
    const run = ["sql", "--file", "change.sql", "--all", "--write", "--yes"] as const;
    const { code, document } = await workspace.json(...run);
    expect(code).toBe(1);
    expect(document).toMatchObject({
      notReached: [],
      ok: false,
      results: [
        { ok: true, rowCount: 2, rows: [{ id: 11 }, { id: 12 }], tenant: "acme" },
        { error: { code: "22012" }, ok: false, tenant: "globex" },
        { ok: true, rowCount: 2, tenant: "initech" },
      ],
    });
    const { stdout } = await workspace.run(
      "sql",
      "select count(*) as n from posts",
      "--all",
      "--csv",
    );
    expect(stdout).toBe("tenant,n\r\nacme,2\r\nglobex,1\r\ninitech,2\r\n");
    const undo = "delete from posts where id = 12";
    const undone = await workspace.run("sql", undo, "acme", "initech", "--write", "--yes", "--csv");
    expect(undone.stdout).toBe("tenant,row_count\r\nacme,1\r\ninitech,1\r\n");
    const back = await workspace.run("sql", "update posts set id = 1", "--all", "--write", "--yes");
    expect(back.stdout).toMatch(/TENANT +RESULT +ROWS +TIME +DETAILS\nacme +done +1/);
    const vacuumed = await workspace.run("sql", "vacuum posts", "acme", "--write", "--yes");
    expect(vacuumed.code).toBe(0);
  });

  it("asks before it writes, and refuses where nobody can be asked", async () => {
    const { workspace } = world.current;
    const { code, stderr } = await workspace.run("sql", "delete from posts", "--all", "--write");
    expect(stderr).toContain("Pass `--yes` if you are sure.");
    expect(code).toBe(2);
  });

  it.skipIf(!HAS_TERMINAL)("does nothing when the answer is no", async () => {
    const { workspace } = world.current;
    const command = workspace.startOnTerminal("sql", "delete from posts", "--all", "--write");
    const asked = setInterval(() => {
      if (!command.stdout().includes("Go on?")) return;
      clearInterval(asked);
      command.child.stdin.end("n");
    }, 20);
    const { code, stdout } = await command.outcome;
    expect(stdout).toContain("Nothing was changed.");
    expect(code).toBe(1);
    const left = await workspace.run("sql", "select count(*) as n from posts", "acme", "--csv");
    expect(left.stdout).toBe("tenant,n\r\nacme,1\r\n");
  });

  it.each([
    [["sql"], "There is no SQL."],
    [["sql", "select 1"], "It is not said what to work on."],
    [["sql", "select 1", "acme", "--all"], "Tenants are named, and `--all` is passed."],
    [["sql", "select 1", "acme", "--except", "globex"], "`--except` needs `--all`."],
    [["sql", "--file", "nowhere.sql", "acme"], "The file nowhere.sql cannot be read"],
    [["sql", "select 1", "acme", "--csv", "--json"], "--csv"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await world.current.workspace.run(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it("refuses a tenant that is not there, and several statements that only read", async () => {
    const { workspace } = world.current;
    const { code, document } = await workspace.json("sql", "select 1", "nobody");
    expect(document).toMatchObject({ error: { code: "TENANT_NOT_FOUND" } });
    expect(code).toBe(1);
    const several = await workspace.json("sql", "select 1; select 2", "acme");
    expect(several.document).toMatchObject({
      failed: [{ error: { code: "MULTIPLE_STATEMENTS" } }],
    });
  });
});

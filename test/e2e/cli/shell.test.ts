import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTestMysqlDatabase, describeMysql } from "../../support/database.ts";
import { everyTenantWorld } from "./every-tenant-world.ts";
import { createWorkspace } from "./workspace.ts";

const world = everyTenantWorld();
const HAS_PSQL = spawnSync("psql", ["--version"]).status === 0;

describe("kirayedar shell", () => {
  it("starts psql in the tenant, with the connection of the configuration and no secret to be seen", async () => {
    const { url, workspace } = world.current;
    const address = new URL(url);
    const programs = join(workspace.folder, "programs");
    fakeProgram(programs, "psql", 'echo "args: $*"; env | grep ^PG | sort; exit 7');
    workspace.env["PATH"] = `${programs}:/usr/bin:/bin`;
    // What the user has set for other servers.
    workspace.env["PGHOSTADDR"] = "192.0.2.1";
    workspace.env["PGSERVICE"] = "other";
    const { code, stdout } = await workspace.run("shell", "acme");
    for (const name of ["PATH", "PGHOSTADDR", "PGSERVICE"]) delete workspace.env[name];
    const lines = stdout.trim().split("\n");
    expect(lines).toEqual([
      "args: --set=PROMPT1=acme%R%x%#  --set=PROMPT2=acme%R%x%# ",
      `PGDATABASE=${address.pathname.slice(1)}`,
      `PGHOST=${address.hostname}`,
      String.raw`PGOPTIONS=-c search_path="tenant_acme",\ pg_temp`,
      `PGPASSWORD=${decodeURIComponent(address.password)}`,
      `PGPORT=${address.port}`,
      `PGUSER=${address.username}`,
    ]);
    expect(code).toBe(7);
  });

  it.skipIf(!HAS_PSQL)("reads the tenant's own tables, whatever its schema is called", async () => {
    const { workspace } = world.current;
    const name = String.raw`odd \ "name", public`;
    await workspace.run("create", "odd", "--schema", name);
    const command = workspace.startInteractive("shell", "odd");
    command.child.stdin.end(
      "insert into posts values (1, 'mine'); select current_schema(), title from posts; select * from tenants;",
    );
    const { code, stderr, stdout } = await command.outcome;
    expect(stdout).toContain(name);
    expect(stdout).toContain("mine");
    expect(stderr).toContain('relation "tenants" does not exist');
    expect(code).toBe(0);
    await workspace.run("drop", "odd", "--yes");
  });

  it("says what is missing, and what to do", async () => {
    const { workspace } = world.current;
    workspace.env["PATH"] = join(workspace.folder, "nothing");
    const { code, stderr } = await workspace.run("shell", "acme");
    delete workspace.env["PATH"];
    expect(stderr).toContain("`psql` was not found. Install it");
    expect(code).toBe(1);
  });

  it("does not open a tenant that is not there, nor one without its schema", async () => {
    const { workspace } = world.current;
    expect((await workspace.run("shell", "nobody")).stderr).toContain("[TENANT_NOT_FOUND]");
    await workspace.run("create", "empty");
    const drop = 'drop schema "tenant_empty" cascade';
    await workspace.run("sql", drop, "empty", "--write", "--yes");
    expect((await workspace.run("shell", "empty")).stderr).toContain("[SCHEMA_NOT_FOUND]");
    await workspace.run("drop", "empty", "--yes");
  });

  it("says that an embedded database has none", { timeout: 120_000 }, async () => {
    const workspace = createWorkspace("memory://");
    const driver = new URL("../../../src/drivers/pglite/index.ts", import.meta.url).href;
    workspace.write(
      "kirayedar.config.mjs",
      `import { pglite } from ${JSON.stringify(driver)};
       export default { database: pglite({ dataDir: "./data" }), migrations: { tenant: [] } };`,
    );
    await workspace.run("migrate", "--global");
    await workspace.run("create", "acme");
    const { code, stderr } = await workspace.run("shell", "acme");
    expect(stderr).toContain("[UNSUPPORTED_DRIVER]");
    expect(code).toBe(1);
    workspace.remove();
  });
});

const HAS_CLIENT = spawnSync("mariadb", ["--version"]).status === 0;

describeMysql("kirayedar shell, on MySQL and MariaDB", () => {
  it.skipIf(!HAS_CLIENT)(
    "opens the tenant's database, with what is secret in a file of its own",
    { timeout: 120_000 },
    async () => {
      const database = await createTestMysqlDatabase();
      const prefix = `tenantPrefix: ${JSON.stringify(database.prefix)}, migrations: { tenant: [] }`;
      const workspace = createWorkspace(database.url, prefix, "mysql2");
      await workspace.run("migrate", "--global");
      await workspace.run("create", "acme");
      // What the user has set for other servers.
      const theirs = '[client]\nhost=other.invalid\npassword="wrong"\n[mysql]\ndatabase=mysql\n';
      writeFileSync(join(workspace.folder, ".my.cnf"), theirs);
      workspace.env["HOME"] = workspace.folder;
      const real = workspace.startInteractive("shell", "acme");
      real.child.stdin.end("select database();");
      const { code, stderr, stdout } = await real.outcome;
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain(`${database.prefix}acme`);
      const programs = join(workspace.folder, "programs");
      const script =
        'file="${1#--defaults-file=}"; echo "$*"; stat -c %a "$file"; cat "$file"; kill -TERM $$';
      fakeProgram(programs, "mysql", script);
      // Without `mariadb`, it is `mysql` that is started.
      for (const name of ["cat", "stat"]) fakeProgram(programs, name, `exec /usr/bin/${name} "$@"`);
      workspace.env["PATH"] = programs;
      const fake = await workspace.run("shell", "acme");
      expect(fake.code).toBe(128 + 15);
      const [args = "", mode, ...file] = fake.stdout.split("\n");
      expect(args).toMatch(/ --database=\w+acme --prompt=acme> $/);
      expect(args).not.toContain(new URL(database.url).password || "no password");
      expect(mode).toBe("600");
      expect(file).toContain("[client]");
      expect(existsSync(/defaults-file=(\S+)/.exec(args)?.[1] ?? "/")).toBe(false);
      workspace.remove();
      await database.drop();
    },
  );
});

/** Makes a program that is a shell script. */
function fakeProgram(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

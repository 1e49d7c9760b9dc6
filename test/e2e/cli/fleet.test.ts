import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Admin,
  describeEngines,
  type EngineDatabase,
  inWords,
  MYSQL2,
  POSTGRES,
} from "../../support/engines.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

interface Report {
  readonly ok: boolean;
  readonly tenants: {
    readonly counts: {
      readonly changed: number;
      readonly failed: number;
      readonly unchanged: number;
    };
    readonly results: readonly { readonly tenant: string }[];
  };
}

describe("a command line for the fleet", () => {
  let workspace: Workspace;

  beforeEach(() => {
    workspace = createWorkspace("postgres://nobody@127.0.0.1:1/none");
  });

  afterEach(() => workspace.remove());

  it.each([
    [["--max-failures", "many"], "a share such as 5%"],
    [["--max-failures", "101%"], "a share such as 5%"],
    [["--per-second", "0"], "a number above 0"],
    [["--canary", "a,,b"], "A name is missing"],
    [["--concurrency", "0"], "a whole number from 1"],
    [["--max-failures", "1", "--stop-on-error"], "cannot be used with"],
    [["--resume", "--to", "1"], "cannot be used with"],
    [["--resume", "--canary", "acme"], "cannot be used with"],
    [["--resume", "--except", "acme"], "cannot be used with"],
  ])("is refused with %j", async (args, reason) => {
    for (const verb of ["migrate", "rollback"]) {
      const { code, stderr, stdout } = await workspace.run(verb, "--all", ...args);
      expect(stderr).toContain(reason);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    }
  });

  it.each(["--canary=a", "--max-failures=1", "--per-second=5", "--resume", "--verify"])(
    "needs --all for %s",
    async (option) => {
      const { code, stderr } = await workspace.run("migrate", "acme", option);
      expect(stderr).toContain(`\`${option.split("=")[0]}\` needs \`--all\`.`);
      expect(code).toBe(2);
    },
  );
});

describeEngines(
  "a fleet run",
  (engine) => {
    let database: EngineDatabase;
    let workspace: Workspace;
    let admin: Admin;

    beforeEach(async () => {
      database = await engine.open();
      admin = await database.connect();
      const name = engine.family === "mysql" ? "mysql2" : "pg";
      const prefix = `tenantPrefix: ${JSON.stringify(database.tenantPrefix)}`;
      workspace = createWorkspace(database.url, prefix, name);
      writeMigrations(workspace, 1);
    });

    afterEach(async () => {
      workspace.remove();
      await admin.end();
      await database.drop();
    });

    /** What the command line would do, without starting it each time. */
    async function createTenants(howMany: number): Promise<string[]> {
      const slugs = Array.from({ length: howMany }, (_, n) => `t${String(n).padStart(2, "0")}`);
      await using tenancy: Tenancy = createTenancy({
        database: database.driver(),
        rootDir: workspace.folder,
        tenantPrefix: database.tenantPrefix,
      });
      await tenancy.migrateGlobal();
      for (const slug of slugs) await tenancy.create(slug);
      return slugs;
    }

    /** Waits in each tenant, for as long as its line of the history takes to come. */
    function writeSlow(seconds: number): void {
      const sleep = inWords(engine, { mysql: "select sleep", postgres: "select pg_sleep" });
      workspace.write(
        "migrations/tenant/20260101000002_slow.sql",
        `-- migrate:up\n${sleep}(${seconds});\ncreate table slow (id int);\n`,
      );
    }

    /** Fails in the tenants that have a post. */
    function writePicky(): void {
      workspace.write(
        "migrations/tenant/20260101000002_picky.sql",
        "-- migrate:up\ninsert into posts (id) values (1);\n",
      );
    }

    /** How often the second migration is in each history. */
    async function applied(slugs: readonly string[]): Promise<number[]> {
      const counts: number[] = [];
      for (const slug of slugs) {
        const { rows } = await admin.query<{ times: unknown }>(
          `select count(*) as times from ${database.tenantPrefix}${slug}.kirayedar_migrations where version = '20260101000002'`,
        );
        counts.push(Number(rows[0]?.times));
      }
      return counts;
    }

    it("stops at a canary, says how to go on, and goes on there", async () => {
      await createTenants(4);
      writePicky();
      await admin.query(`insert into ${database.tenantPrefix}t02.posts (id) values (1)`);
      const stopped = await workspace.run("migrate", "--all", "--canary", "t01,t02");
      expect(stopped.stdout).toMatch(/^t02 +failed +.* MIGRATION_FAILED/m);
      expect(stopped.stdout).toMatch(
        /^4 tenants: 1 migrated, .* 1 failed, 2 not reached \(.*, run 1\)\.$/m,
      );
      expect(stopped.stdout).toContain(
        "Stopped: a canary failed. Not reached: t00, t03. `kirayedar migrate --all --resume` takes up those that failed or were not reached.",
      );
      expect(stopped.code).toBe(1);
      const status = await workspace.run("status", "--check");
      expect(status.stdout).toMatch(/^4 tenants: 3 behind, 1 failed\.$/m);
      expect(status.stdout).toContain("Failed: t02 (MIGRATION_FAILED). See `kirayedar runs 1`.");
      expect(status.code).toBe(1);
      const shown = await workspace.run("runs", "1");
      expect(shown.stdout).toMatch(/^state +failed: a canary failed$/m);
      expect(shown.stdout).toMatch(/^options +--canary t01,t02$/m);
      expect(shown.stdout).toMatch(
        /^t02 +failed +MIGRATION_FAILED +.*picky\.sql:2, SQLSTATE \w+$/m,
      );
      expect(shown.stdout).toMatch(/^t03 +not reached +- +-$/m);
      await admin.query(`delete from ${database.tenantPrefix}t02.posts`);
      const resumed = await workspace.run("migrate", "--all", "--resume");
      expect(resumed.stdout).toMatch(/^Took up run 1\.$/m);
      expect(resumed.code).toBe(0);
      const runs = await workspace.run("runs");
      expect(runs.stdout).toMatch(/^ +2 +migrate +done +.* +3 +0 +0 +--canary t01,t02$/m);
      expect(runs.stdout).toMatch(/^ +1 +migrate +failed: a canary failed +.* +1 +1 +2 /m);
      expect((await workspace.run("status", "--check", "--verify")).code).toBe(0);
    });

    it("shows its plan with the SQL, and as data", async () => {
      await createTenants(3);
      writeMigrations(workspace, 2);
      workspace.write(
        "migrations/tenant/20260101000003_code.ts",
        "export async function up(db: { script(text: string): Promise<void> }): Promise<void> {\n  await db.script('create table code (id int)');\n}\n",
      );
      const plan = await workspace.run("migrate", "--all", "--dry-run");
      expect(plan.stdout).toMatch(
        /^20260101000001 +20260101000002, 20260101000003 +3 +t00, t01, t02$/m,
      );
      expect(plan.stdout).toContain(
        "-- migrations/tenant/20260101000002_add_title.sql\nalter table posts add title text;\n\n" +
          "-- migrations/tenant/20260101000003_code.ts\n-- A function: what it runs is in its file.\n\n" +
          "3 tenants: 3 would be changed",
      );
      const named = await workspace.json("migrate", "t01", "--dry-run");
      expect(named.document).toMatchObject({
        dryRun: true,
        tenants: {
          counts: { changed: 1 },
          pending: [
            {
              isFunction: false,
              sql: "alter table posts add title text;",
              version: "20260101000002",
            },
            { isFunction: true, sql: null, version: "20260101000003" },
          ],
          results: [{ fromVersion: "20260101000001", tenant: "t01" }],
        },
      });
      expect((await workspace.run("runs")).stdout).toBe("No runs.\n");
      expect((await workspace.run("runs", "7")).code).toBe(1);
    });

    it(
      "is shared by two processes, and no tenant is migrated twice",
      { timeout: 120_000 },
      async () => {
        const slugs = await createTenants(60);
        writeSlow(0.2);
        const [one, two] = await Promise.all([
          workspace.json("migrate", "--all"),
          workspace.json("migrate", "--all"),
        ]);
        expect([one.code, two.code]).toEqual([0, 0]);
        const reports = [one.document, two.document] as Report[];
        const changed = reports.flatMap(({ tenants }) =>
          tenants.results.map(({ tenant }) => tenant),
        );
        expect(changed.toSorted()).toEqual(slugs);
        for (const { ok, tenants } of reports) {
          expect(ok).toBe(true);
          const { counts } = tenants;
          expect(counts.failed).toBe(0);
          // Both had something to do, so that they were at it together.
          expect(counts.changed).toBeGreaterThan(0);
          expect(counts.changed + counts.unchanged).toBe(slugs.length);
        }
        expect(new Set(await applied(slugs))).toEqual(new Set([1]));
      },
    );

    it("is taken up when its process was killed", { timeout: 120_000 }, async () => {
      const slugs = await createTenants(6);
      writeSlow(0.4);
      const running = workspace.start("migrate", "--all", "--concurrency", "1");
      await expect.poll(() => running.stderr(), { timeout: 30_000 }).toContain("[2/6]");
      running.child.kill("SIGKILL");
      await running.outcome;
      expect((await workspace.run("runs")).stdout).toMatch(/^ +1 +migrate +running /m);
      const flags = inWords(engine, { mysql: ["--interrupted", "repeat"], postgres: [] });
      const { stdout } = await workspace.run("migrate", "--all", "--resume", ...flags);
      expect(stdout).toMatch(/^Took up run 1\.$/m);
      expect(stdout).toMatch(/ 0 failed /);
      expect(new Set(await applied(slugs))).toEqual(new Set([1]));
      expect((await workspace.json("runs", "1")).document).toMatchObject({
        run: { endedAt: null, resumedBy: "2" },
      });
    });

    it("stops at Ctrl-C, and is taken up where it stopped", { timeout: 120_000 }, async () => {
      const slugs = await createTenants(5);
      writeSlow(0.3);
      const running = workspace.start("migrate", "--all", "--concurrency", "2", "--json");
      await expect.poll(() => running.stderr(), { timeout: 30_000 }).toContain("[1/5]");
      running.child.kill("SIGINT");
      const { code, stdout } = await running.outcome;
      const stopped = JSON.parse(stdout) as { tenants: { notReached: string[]; run: string } };
      expect(stopped).toMatchObject({ ok: false, tenants: { run: "1", stopped: "signal" } });
      expect(stopped.tenants.notReached.length).toBeGreaterThan(0);
      expect(code).toBe(1);
      const resumed = await workspace.json("migrate", "--all", "--resume");
      const report = resumed.document as Report;
      expect(resumed).toMatchObject({ code: 0, document: { tenants: { resumed: "1", run: "2" } } });
      expect(report.tenants.results.map(({ tenant }) => tenant).toSorted()).toEqual(
        stopped.tenants.notReached,
      );
      expect(new Set(await applied(slugs))).toEqual(new Set([1]));
    });

    it("of a rollback is refused by steps, and taken up with a version", async () => {
      await createTenants(3);
      writeMigrations(workspace, 3);
      expect((await workspace.run("migrate", "--all")).code).toBe(0);
      const stopping = ["rollback", "--all", "--yes", "--concurrency", "1", "--stop-on-error"];
      await admin.query(`drop table ${database.tenantPrefix}t01.tags`);
      const bySteps = await workspace.run(...stopping);
      expect(bySteps.stdout).toContain("A run by steps cannot be resumed: name the tenants");
      const refused = await workspace.run("rollback", "--all", "--yes", "--resume");
      expect(refused.stderr).toContain("went by steps, and cannot be taken up.");
      expect(refused.code).toBe(1);
      const toVersion = [...stopping, "--to-exclusive", "20260101000001"];
      expect((await workspace.run(...toVersion)).stdout).toContain("--resume` takes up");
      await admin.query(`create table ${database.tenantPrefix}t01.tags (id int primary key)`);
      expect((await workspace.run("rollback", "--all", "--yes", "--resume")).code).toBe(0);
      const { document } = await workspace.json("status");
      expect(document).toMatchObject({ versions: [{ tenants: 3, version: "20260101000001" }] });
    });
  },
  [POSTGRES, MYSQL2],
);

import type * as Worker from "graphile-worker";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { tenantJobs, tenantTasks } from "../../../src/integrations/jobs/graphile-worker/index.ts";
import { describePeers } from "../../support/peers.ts";
import { deferred, type JobsWorld, openJobsWorld, until } from "./support/world.ts";

type Tasks = Record<string, Worker.Task>;

describePeers("tenantJobs and tenantTasks", "graphile-worker", (peers) => {
  let world: JobsWorld;
  let worker: typeof Worker;
  let utils: Worker.WorkerUtils;
  let logger: Worker.Logger;
  const runners: Worker.Runner[] = [];

  beforeAll(async () => {
    world = await openJobsWorld();
    worker = await peers.load<typeof Worker>("graphile-worker");
    logger = new worker.Logger(() => () => undefined);
    utils = await worker.makeWorkerUtils({ connectionString: world.database.url, logger });
    await utils.migrate();
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop();
  });
  afterAll(async () => {
    await utils?.release();
    await world?.close();
  });

  const work = async (
    tasks: Tasks,
    more: Partial<Worker.RunnerOptions> = {},
  ): Promise<Worker.Runner> => {
    const runner = await worker.run({
      concurrency: 5,
      ...(more.pgPool === undefined && { connectionString: world.database.url }),
      logger,
      noHandleSignals: true,
      pollInterval: 100,
      taskList: tenantTasks(world.tenancy, tasks),
      ...more,
    });
    runners.push(runner);
    return runner;
  };
  const countJobs = async (task: string): Promise<number> => {
    const { rows } = await world.admin.query<{ n: number }>(
      "select count(*)::int as n from graphile_worker.jobs where task_identifier = $1",
      [task],
    );
    return rows[0]!.n;
  };

  it("gives a task helpers that are its tenant's", async () => {
    const acme = await world.tenant();
    await world.admin.query(
      `insert into ${acme.schemaName}.notes (owner, text) values ('acme', 'own')`,
    );
    const jobs = tenantJobs(world.tenancy, utils);
    const seen: unknown[] = [];
    await work({
      first: async (payload, helpers) => {
        const { rows } = await helpers.query<{ text: string }>("select text from notes");
        const again = await helpers.withPgClient((client) =>
          client.query("select text from notes"),
        );
        seen.push(payload, helpers.job.payload, rows, again.rows);
        await helpers.addJob("second", { from: "the first" });
      },
      second: async (payload) => {
        seen.push(payload, world.tenancy.requireTenant().slug);
      },
    });
    await world.tenancy.withTenant(acme, () => jobs.addJob("first", { week: 12 }));
    await until(() => seen.length === 6);
    const own = [{ text: "own" }];
    expect(seen).toEqual([{ week: 12 }, { week: 12 }, own, own, { from: "the first" }, acme.slug]);
  });

  it("enqueues in the tenant's own transaction, and nothing when that rolls back", async () => {
    const acme = await world.tenant();
    const jobs = tenantJobs(world.tenancy, utils);
    const place = (fail: boolean): Promise<void> =>
      world.tenancy.withTenant(acme, () =>
        world.tenancy.transaction(async (tx) => {
          await tx.query("insert into notes (owner, text) values ('acme', 'ordered')");
          const job = await jobs
            .within(tx)
            .addJob("outbox", { week: 1 }, { jobKey: "one", maxAttempts: 2 });
          expect(job).toMatchObject({ max_attempts: 2, task_identifier: "outbox" });
          if (fail) throw new Error("changed its mind");
        }),
      );
    await expect(place(true)).rejects.toThrow("changed its mind");
    expect([await countJobs("outbox"), await world.notes(acme.schemaName)]).toEqual([0, []]);
    await place(false);
    expect([await countJobs("outbox"), await world.notes(acme.schemaName)]).toEqual([
      1,
      ["ordered"],
    ]);
    const seen: unknown[] = [];
    await work({
      outbox: async (payload) => {
        seen.push([payload, world.tenancy.requireTenant().slug]);
      },
    });
    await until(() => seen.length === 1);
    expect(seen).toEqual([[{ week: 1 }, acme.slug]]);
  });

  it("keeps the elements of a batch, and tries those that failed again in the same tenant", async () => {
    const [acme, globex] = [await world.tenant(), await world.tenant()];
    const jobs = tenantJobs(world.tenancy, utils);
    for (const { slug } of [acme, globex, acme]) {
      const { addJob } = await jobs.forTenant(slug);
      await addJob("batch", [{ of: slug }, { of: slug, isBad: true }], { jobKey: "all" });
    }
    const seen: string[] = [];
    await work({
      batch: (payload) => {
        const { slug } = world.tenancy.requireTenant();
        return (payload as { of: string; isBad?: boolean }[]).map(async ({ isBad, of }) => {
          seen.push(`${of} in ${slug}`);
          if (isBad && !seen.includes("again")) throw new Error("bad");
        });
      },
    });
    await until(() => seen.length === 6);
    seen.push("again");
    await until(async () => {
      await world.admin.query("update graphile_worker._private_jobs set run_at = now()");
      return (await countJobs("batch")) === 0;
    });
    const { slug: a } = acme;
    const { slug: b } = globex;
    expect(seen.filter((text) => text === `${a} in ${a}`)).toHaveLength(6);
    expect(seen.filter((text) => text === `${b} in ${b}`)).toHaveLength(3);
    expect(seen).toHaveLength(10);
  });

  it("runs cron items in the scope that their payload was made for", async () => {
    const jobs = tenantJobs(world.tenancy, utils);
    const seen: unknown[] = [];
    const { promise, resolve } = deferred();
    const parsed = worker.parseCronItems([
      {
        match: "* * * * *",
        options: { backfillPeriod: 120_000 },
        payload: jobs.global.payloadOf({ what: "nightly" }) as Record<string, unknown>,
        task: "nightly",
      },
    ]);
    // The items are known since some minutes ago, so that there is something to catch up with.
    await world.admin.query(
      "insert into graphile_worker._private_known_crontabs (identifier, known_since) values ('nightly', now() - interval '5 minutes')",
    );
    await work(
      {
        nightly: async (payload) => {
          seen.push(payload, world.tenancy.currentScope()?.kind);
          resolve();
        },
      },
      { parsedCronItems: parsed },
    );
    await promise;
    expect(seen[0]).toMatchObject({ _cron: { backfilled: true }, what: "nightly" });
    expect(seen[0]).not.toHaveProperty("kirayedar");
    expect(seen[1]).toBe("global");
  });

  it("marks several jobs at once, where the library can", async () => {
    const acme = await world.tenant();
    const jobs = tenantJobs(world.tenancy, utils);
    expect("addJobs" in jobs).toBe("addJobs" in utils);
    if (!("addJobs" in utils)) return;
    await world.tenancy.withTenant(acme, () =>
      jobs.addJobs([
        { identifier: "many", payload: { n: 1 } },
        { identifier: "many", jobKey: "k", payload: { n: 2 } },
      ]),
    );
    const { rows } = await world.admin.query<{ key: string | null; payload: object }>(
      "select key, payload from graphile_worker._private_jobs where payload->>'n' is not null order by id",
    );
    expect(rows).toEqual([
      { key: null, payload: { kirayedar: { tenant: acme.id }, n: 1 } },
      { key: `${acme.id}.k`, payload: { kirayedar: { tenant: acme.id }, n: 2 } },
    ]);
  });

  it("ends a job that runs before it stops, and runs listeners of events in no scope", async () => {
    const acme = await world.tenant();
    // Graphile Worker 0.18.0 ends a pool that it made itself before it has written that the job is done.
    const pgPool = new pg.Pool({ connectionString: world.database.url, max: 3 });
    pgPool.on("error", () => undefined);
    pgPool.on("connect", (client) => client.on("error", () => undefined));
    const jobs = tenantJobs(world.tenancy, utils);
    const begun = deferred();
    const slow: Worker.Task = async () => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await world.tenancy.query("insert into notes (owner, text) values ('acme', 'ended')");
    };
    const runner = await work({ slow }, { pgPool });
    const scopes: unknown[] = [];
    for (const event of ["job:start", "job:success", "job:complete"] as const) {
      runner.events.on(event, () => scopes.push(world.tenancy.currentScope()));
    }
    await world.tenancy.withTenant(acme, () => jobs.addJob("slow", {}));
    await begun.promise;
    await runner.stop();
    runners.splice(runners.indexOf(runner), 1);
    await until(async () => (await countJobs("slow")) === 0, "the end of the job");
    await pgPool.end();
    expect(await world.notes(acme.schemaName)).toEqual(["ended"]);
    expect(scopes).toEqual([undefined, undefined, undefined]);
  });

  describe("over the tenancy's own pool", () => {
    it("works in the global scope, with the tasks in their tenants", async () => {
      const acme = await world.tenant();
      const jobs = tenantJobs(world.tenancy, utils);
      const seen: unknown[] = [];
      const { tenancy } = world;
      const { pool } = tenancy;
      const tasks: Tasks = {
        shared: async () => {
          seen.push(tenancy.requireTenant().slug);
        },
      };
      await tenancy.scopeGlobal(() => work(tasks, { pgPool: pool }));
      await tenancy.withTenant(acme, () => jobs.addJob("shared", {}));
      await until(() => seen.length === 1);
      await until(async () => (await countJobs("shared")) === 0);
      expect(seen).toEqual([acme.slug]);
    });

    it("does not start in no scope", async () => {
      const starting = worker.run({
        logger,
        noHandleSignals: true,
        pgPool: world.tenancy.pool,
        taskList: {},
      });
      await expect(starting).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    });
  });
});

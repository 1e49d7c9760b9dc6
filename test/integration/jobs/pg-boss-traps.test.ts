import type * as PgBossModule from "pg-boss";
import type { Job, PgBoss } from "pg-boss";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tenantBoss, transactionDb } from "../../../src/integrations/jobs/pg-boss/index.ts";
import { describePeers } from "../../support/peers.ts";
import { startBoss } from "./support/pg-boss.ts";
import { deferred, type JobsWorld, openJobsWorld, until } from "./support/world.ts";

interface Row {
  readonly id: string;
  readonly state: string;
  readonly retry_count: number;
  readonly retry_limit: number;
  readonly data: { readonly owner: string };
  readonly output: { readonly message?: string } | null;
}

describePeers("tenantBoss", "pg-boss", (peers) => {
  let world: JobsWorld;
  let boss: PgBoss;

  beforeAll(async () => {
    world = await openJobsWorld();
    const module = await peers.load<typeof PgBossModule>("pg-boss");
    boss = await startBoss(module, world.database.url, { schema: "queue" });
  });
  afterAll(async () => {
    await boss?.stop({ graceful: true });
    await world?.close();
  });

  const rowsOf = async (name: string): Promise<Row[]> => {
    const { rows } = await world.admin.query<Row>(
      "select * from queue.job where name = $1 order by data->>'owner'",
      [name],
    );
    return rows;
  };

  it("settles the jobs of a batch one by one, whosever they are", async () => {
    const [acme, gone, globex] = [await world.tenant(), await world.tenant(), await world.tenant()];
    const away = await world.tenant();
    const jobs = tenantBoss(world.tenancy, boss, { postponeMs: 60_000, schema: "queue" });
    await boss.createQueue("mixed", { retryDelay: 30, retryLimit: 2 });
    const send = async (tenant: typeof acme, owner: string): Promise<void> => {
      await (await jobs.forTenant(tenant)).send("mixed", { owner });
    };
    for (const [tenant, owner] of [
      [acme, "a fails"],
      [gone, "b gone"],
      [globex, "c works"],
    ] as const) {
      await send(tenant, owner);
    }
    await send(away, "d away");
    await send(acme, "e works");
    await world.tenancy.drop(gone);
    await world.tenancy.suspend(away);
    const scopes: string[] = [];
    await jobs.work(
      "mixed",
      { batchSize: 10, pollingIntervalSeconds: 0.5 },
      async (job: Job<Row["data"]>) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        scopes.push(`${job.data.owner} in ${world.tenancy.requireTenant().slug}`);
        if (job.data.owner.endsWith("fails")) throw new Error("a secret of acme");
        return { of: job.data.owner };
      },
    );
    await until(async () =>
      (await rowsOf("mixed")).every(({ state }) => !/created|active/.test(state)),
    );
    await boss.offWork("mixed");
    expect(scopes.toSorted()).toEqual([
      `a fails in ${acme.slug}`,
      `c works in ${globex.slug}`,
      `e works in ${acme.slug}`,
    ]);
    const rows = await rowsOf("mixed");
    expect(rows.map(({ state }) => state)).toEqual([
      "retry",
      "failed",
      "completed",
      "retry",
      "completed",
    ]);
    expect(rows[2]!.output).toEqual({ of: "c works" });
    expect(rows[4]!.output).toEqual({ of: "e works" });
    // The attempt is not counted, in one way or the other.
    expect(rows[3]!.retry_limit - rows[3]!.retry_count).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify(rows.slice(1).map(({ output }) => output))).not.toContain("secret");
  });

  it("keeps a job of a batch done when another one does not end in time", async () => {
    const [acme, globex] = [await world.tenant(), await world.tenant()];
    const jobs = tenantBoss(world.tenancy, boss, { schema: "queue" });
    await boss.createQueue("stuck", { expireInSeconds: 1, retryLimit: 0 });
    await (await jobs.forTenant(acme)).send("stuck", { owner: "a stuck" });
    await (await jobs.forTenant(globex)).send("stuck", { owner: "b quick" });
    const end = deferred();
    await jobs.work(
      "stuck",
      { batchSize: 10, pollingIntervalSeconds: 0.5 },
      async (job: Job<Row["data"]>) => {
        if (job.data.owner.endsWith("stuck")) await end.promise;
        return job.data.owner;
      },
    );
    await until(async () =>
      (await rowsOf("stuck")).every(({ state }) => !/created|active/.test(state)),
    );
    end.resolve();
    await boss.offWork("stuck");
    const rows = await rowsOf("stuck");
    expect(rows.map(({ state }) => state)).toEqual(["failed", "completed"]);
  });

  it("enqueues in the tenant's own transaction, and nothing when that rolls back", async () => {
    const acme = await world.tenant();
    const jobs = tenantBoss(world.tenancy, boss, { schema: "queue" });
    await boss.createQueue("outbox");
    const place = (fail: boolean): Promise<void> =>
      world.tenancy.withTenant(acme, () =>
        world.tenancy.transaction(async (tx) => {
          await tx.query("insert into notes (owner, text) values ('acme', 'ordered')");
          await jobs.send("outbox", { owner: "acme" }, { db: transactionDb(tx) });
          if (fail) throw new Error("changed its mind");
        }),
      );
    await expect(place(true)).rejects.toThrow("changed its mind");
    expect([await rowsOf("outbox"), await world.notes(acme.schemaName)]).toEqual([[], []]);
    await place(false);
    const [row, ...others] = await rowsOf("outbox");
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      data: { kirayedar: { tenant: acme.id }, owner: "acme" },
      state: "created",
    });
    expect(await world.notes(acme.schemaName)).toEqual(["ordered"]);
  });

  it("keeps schedules, slots of time and policies of tenants apart", async () => {
    const [acme, globex] = [await world.tenant(), await world.tenant()];
    const jobs = tenantBoss(world.tenancy, boss, { schema: "queue" });
    await boss.createQueue("slots");
    await boss.createQueue("short", { policy: "short" });
    for (const tenant of [acme, globex]) {
      await world.tenancy.withTenant(tenant, async () => {
        await jobs.schedule("slots", "0 3 * * *", { owner: tenant.slug });
        expect(await jobs.sendThrottled("slots", { owner: "one" }, {}, 600)).not.toBeNull();
        expect(await jobs.sendThrottled("slots", { owner: "two" }, {}, 600)).toBeNull();
        expect(await jobs.send("short", { owner: tenant.slug })).not.toBeNull();
        expect(await jobs.send("short", { owner: tenant.slug })).toBeNull();
      });
    }
    const schedules = await boss.getSchedules();
    expect(schedules.map(({ data }) => data)).toEqual(
      expect.arrayContaining(
        [acme, globex].map(({ id, slug }) => ({ kirayedar: { tenant: id }, owner: slug })),
      ),
    );
    await world.tenancy.withTenant(acme, () => jobs.unschedule("slots"));
    const left = await boss.getSchedules();
    expect(left.map(({ data }) => (data as Row["data"]).owner)).toEqual([globex.slug]);
  });

  it("marks every job that is enqueued in whatever way", async () => {
    const acme = await world.tenant();
    const jobs = tenantBoss(world.tenancy, boss, { schema: "queue" });
    await boss.createQueue("ways");
    await boss.subscribe("event", "ways");
    await world.tenancy.withTenant(acme, async () => {
      await jobs.send({ data: { owner: "a" }, name: "ways" });
      await jobs.sendAfter("ways", { owner: "b" }, {}, 0);
      await jobs.sendDebounced("ways", { owner: "c" }, {}, 600);
      await jobs.insert("ways", [{ data: { owner: "d" } }, { data: { owner: "e" } }]);
      await jobs.publish("event", { owner: "f" });
      if ("flow" in boss) {
        await jobs.flow([
          { data: { owner: "g" }, name: "ways", ref: "g" },
          { data: { owner: "h" }, dependsOn: ["g"], name: "ways", ref: "h" },
        ]);
      }
    });
    const rows = await rowsOf("ways");
    expect(rows.map(({ data }) => data.owner).join("")).toBe(
      "flow" in boss ? "abcdefgh" : "abcdef",
    );
    for (const { data } of rows) expect(data).toMatchObject({ kirayedar: { tenant: acme.id } });
    await expect(
      world.tenancy.withTenant(acme, () => jobs.send("ways", { kirayedar: { tenant: "other" } })),
    ).rejects.toMatchObject({ code: "INVALID_QUERY" });
  });

  it("changes no job of another tenant, whoever has sent its id", async () => {
    if (!("update" in boss)) return;
    const [acme, globex] = [await world.tenant(), await world.tenant()];
    const jobs = tenantBoss(world.tenancy, boss, { schema: "queue" });
    await boss.createQueue("changed");
    const [own, other] = [await jobs.forTenant(acme), await jobs.forTenant(globex)];
    const id = (await other.send("changed", { owner: "globex" })) ?? "";
    const wrong = expect.objectContaining({ code: "WRONG_TENANT" });
    for (const producer of [own, jobs.global]) {
      await expect(producer.update("changed", { owner: "x" }, { id })).rejects.toEqual(wrong);
      const request = { data: { owner: "x" }, name: "changed", options: { id } };
      await expect(producer.upsert(request)).rejects.toEqual(wrong);
    }
    const unmarked = (await boss.send("changed", { owner: "nobody" })) ?? "";
    await expect(own.update("changed", { owner: "x" }, { id: unmarked })).rejects.toEqual(wrong);
    await jobs.global.update("changed", { owner: "global" }, { id: unmarked });
    await other.update("changed", { owner: "globex again" }, { id });
    const rows = await rowsOf("changed");
    expect(rows.map(({ data }) => data)).toEqual([
      { kirayedar: { global: true }, owner: "global" },
      { kirayedar: { tenant: globex.id }, owner: "globex again" },
    ]);
  });

  it("gives a handler null, arrays and dates as they were enqueued", async () => {
    const acme = await world.tenant();
    const jobs = tenantBoss(world.tenancy, boss, { schema: "queue" });
    await boss.createQueue("odd");
    const seen: unknown[] = [];
    await world.tenancy.withTenant(acme, async () => {
      await jobs.send("odd", null);
      await jobs.send("odd", [1, 2]);
      await jobs.send("odd", {});
    });
    await jobs.work(
      "odd",
      { batchSize: 10, pollingIntervalSeconds: 0.5 },
      async (job: Job<unknown>) => {
        seen.push(job.data);
      },
    );
    await until(() => seen.length === 3);
    expect(seen).toEqual(expect.arrayContaining([null, [1, 2], {}]));
  });

  it("leaves a job that fails for good in the dead letter queue, as its tenant's", async () => {
    const acme = await world.tenant();
    const jobs = tenantBoss(world.tenancy, boss, { schema: "queue" });
    await boss.createQueue("dead");
    await boss.createQueue("alive", { deadLetter: "dead", retryLimit: 0 });
    await world.tenancy.withTenant(acme, () => jobs.send("alive", { owner: "acme" }));
    await jobs.work("alive", { pollingIntervalSeconds: 0.5 }, () =>
      Promise.reject(new Error("no")),
    );
    const seen: unknown[] = [];
    await jobs.work("dead", { pollingIntervalSeconds: 0.5 }, async (job: Job<unknown>) => {
      seen.push([world.tenancy.requireTenant().slug, job.data]);
    });
    await until(() => seen.length > 0);
    expect(seen).toEqual([[acme.slug, { owner: "acme" }]]);
  });

  it("lets a job that runs end when pg-boss is stopped", async () => {
    const acme = await world.tenant();
    const module = await peers.load<typeof PgBossModule>("pg-boss");
    const own = await startBoss(module, world.database.url, { schema: "queue" });
    const jobs = tenantBoss(world.tenancy, own, { schema: "queue" });
    await own.createQueue("slow");
    const begun = deferred();
    await jobs.work("slow", { pollingIntervalSeconds: 0.5 }, async () => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await world.tenancy.query("insert into notes (owner, text) values ('acme', 'ended')");
    });
    await world.tenancy.withTenant(acme, () => jobs.send("slow", { owner: "acme" }));
    await begun.promise;
    await own.stop({ graceful: true, timeout: 5_000 });
    await until(async () => (await world.notes(acme.schemaName)).length === 1);
    expect((await rowsOf("slow")).map(({ state }) => state)).toEqual(["completed"]);
  });

  describe("refuses", () => {
    it("options that would run outside of the tenant, or hide which job failed", async () => {
      const jobs = tenantBoss(world.tenancy, boss, { schema: "queue" });
      for (const option of ["transactional", "perJobResults"]) {
        const working = jobs.work("mixed", { [option]: true }, () => Promise.resolve());
        await expect(working).rejects.toMatchObject({ code: "INVALID_CONFIG" });
      }
    });

    it("a schema that pg-boss is not in", async () => {
      for (const schema of ["pgboss", "nowhere", "queue; drop schema queue", ""]) {
        const jobs = tenantBoss(world.tenancy, boss, { schema });
        const working = jobs.work("mixed", () => Promise.resolve());
        await expect(working, schema).rejects.toMatchObject({ code: "INVALID_CONFIG" });
      }
    });

    it("to be set up, or to work, in a tenant's scope", async () => {
      const acme = await world.tenant();
      const jobs = tenantBoss(world.tenancy, boss, { schema: "queue" });
      const { tenancy } = world;
      await expect(
        tenancy.withTenant(acme, () => jobs.work("mixed", () => Promise.resolve())),
      ).rejects.toMatchObject({ code: "INVALID_CONFIG" });
      await expect(tenancy.withTenant(acme, () => tenantBoss(tenancy, boss))).rejects.toMatchObject(
        { code: "INVALID_CONFIG" },
      );
    });
  });
});

import { fileURLToPath } from "node:url";
import type * as BullMQ from "bullmq";
import type { Job } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  tenantFlowProducer,
  tenantProcessor,
  tenantQueue,
} from "../../../src/integrations/jobs/bullmq/index.ts";
import { describePeers } from "../../support/peers.ts";
import { startRequiredRedis } from "../../support/redis.ts";
import { deferred, type JobsWorld, openJobsWorld, until } from "./support/world.ts";

const redis = await startRequiredRedis();
const connection = { host: redis?.host ?? "", port: redis?.port ?? 0 };

afterAll(async () => {
  await redis?.stop();
});

describe.skipIf(redis === undefined)("with Redis", () => {
  describePeers("the wrappers of BullMQ", "bullmq", (peers) => {
    let world: JobsWorld;
    let bull: typeof BullMQ;
    let open: { waitUntilReady(): Promise<unknown>; close(): Promise<void> }[] = [];
    let queues = 0;

    beforeAll(async () => {
      world = await openJobsWorld();
      bull = await peers.load<typeof BullMQ>("bullmq");
    });
    afterEach(async () => {
      for (const one of open.toReversed()) {
        // What is closed while it connects leaves a rejection behind that nobody handles.
        await one.waitUntilReady();
        await one.close();
      }
      open = [];
    });
    afterAll(async () => {
      await world?.close();
    });

    function queue(): BullMQ.Queue<unknown> {
      const made = new bull.Queue<unknown>(`traps-${world.database.name}-${(queues += 1)}`, {
        connection,
      });
      open.push(made);
      return made;
    }
    function work(
      { name }: { readonly name: string },
      process: (job: Job, token?: string, signal?: AbortSignal) => Promise<unknown>,
    ): BullMQ.Worker {
      const worker = new bull.Worker(name, tenantProcessor(world.tenancy, process), {
        concurrency: 5,
        connection,
      });
      worker.on("error", () => undefined);
      open.push(worker);
      return worker;
    }
    const slug = (): string => world.tenancy.requireTenant().slug;

    it("keeps each tenant's schedules, whose jobs all carry the tenant", async () => {
      const [acme, globex] = [await world.tenant(), await world.tenant()];
      const own = queue();
      const jobs = tenantQueue(world.tenancy, own);
      for (const tenant of [acme, globex]) {
        await world.tenancy.withTenant(tenant, () =>
          jobs.upsertJobScheduler("often", { every: 50 }, { data: { of: tenant.slug } }),
        );
      }
      const seen: string[] = [];
      work(own, async (job) => {
        // As BullMQ names what has no name.
        expect(job.name).toBe("often");
        seen.push(`${(job.data as { of: string }).of} in ${slug()}`);
      });
      const wanted = [acme, globex].map((tenant) => `${tenant.slug} in ${tenant.slug}`);
      await until(() => wanted.every((text) => seen.filter((found) => found === text).length > 2));
      expect(new Set(seen)).toEqual(new Set(wanted));
      await world.tenancy.withTenant(acme, () => jobs.removeJobScheduler("often"));
      const left = await own.getJobSchedulers();
      expect(left.map(({ key }) => key)).toEqual([`${globex.id}.often`]);
    });

    it("gives every job of a flow its tenant, and a parent what its children returned", async () => {
      const acme = await world.tenant();
      const [parents, children] = [queue(), queue()];
      const producer = new bull.FlowProducer({ connection });
      open.push(producer);
      const flows = tenantFlowProducer(world.tenancy, producer);
      const done = deferred();
      let seen: unknown;
      work(children, async (job) => `${job.name} of ${slug()}`);
      work(parents, async (job) => {
        seen = [
          slug(),
          Object.values(await job.getChildrenValues())
            .map(String)
            .toSorted(),
        ];
        done.resolve();
      });
      await world.tenancy.withTenant(acme, () =>
        flows.add({
          children: ["a", "b"].map((name) => ({ data: {}, name, queueName: children.name })),
          data: {},
          name: "sum",
          queueName: parents.name,
        }),
      );
      await done.promise;
      expect(seen).toEqual([acme.slug, [`a of ${acme.slug}`, `b of ${acme.slug}`]]);
    });

    it("keeps the tenant when a job's data are replaced, and leaves the data alone", async () => {
      const acme = await world.tenant();
      const own = queue();
      const jobs = tenantQueue(world.tenancy, own);
      const seen: unknown[] = [];
      work(own, async (job) => {
        seen.push([slug(), job.data]);
        await job.updateProgress(seen.length * 50);
        if (seen.length > 1) return;
        await job.updateData({ step: 2 });
        throw new Error("again");
      });
      const { id } = await world.tenancy.withTenant(acme, () =>
        jobs.add("steps", [1, "two"], { attempts: 2 }),
      );
      await until(() => seen.length === 2);
      expect(seen).toEqual([
        [acme.slug, [1, "two"]],
        [acme.slug, { step: 2 }],
      ]);
      await until(async () => (await own.getJob(id!))?.progress === 100);
    });

    it("keeps what suppresses jobs apart by tenant", async () => {
      const [acme, globex] = [await world.tenant(), await world.tenant()];
      const own = queue();
      const jobs = tenantQueue(world.tenancy, own);
      for (const tenant of [acme, globex, acme]) {
        await world.tenancy.withTenant(tenant, async () => {
          await jobs.add("one", {}, { deduplication: { id: "one" } });
          await jobs.addBulk([{ data: {}, name: "two", opts: { jobId: "two" } }]);
        });
      }
      expect(await own.getWaitingCount()).toBe(4);
    });

    it("runs what was suppressed and kept in its own tenant, too", async () => {
      const acme = await world.tenant();
      const own = queue();
      const jobs = await tenantQueue(world.tenancy, own).forTenant(acme);
      const [begun, goOn] = [deferred(), deferred()];
      const seen: unknown[] = [];
      work(own, async (job) => {
        seen.push([slug(), job.data]);
        begun.resolve();
        await goOn.promise;
      });
      const options = { deduplication: { id: "one", keepLastIfActive: true } };
      await jobs.add("sync", 1, options);
      await begun.promise;
      for (const data of [2, 3]) await jobs.add("sync", data, options);
      goOn.resolve();
      const expected = peers.set === "newest" ? [1, 3] : [1];
      await until(() => seen.length === expected.length);
      expect(seen).toEqual(expected.map((data) => [acme.slug, data]));
    });

    it("refuses `repeat`, whose schedules tenants would share", async () => {
      const acme = await world.tenant();
      const jobs = tenantQueue(world.tenancy, queue());
      const options = { repeat: { every: 1000 } } as BullMQ.JobsOptions;
      await expect(
        world.tenancy.withTenant(acme, () => jobs.add("again", {}, options)),
      ).rejects.toMatchObject({ code: "INVALID_QUERY" });
    });

    it("runs listeners of a worker's events in no scope", async () => {
      const acme = await world.tenant();
      const own = queue();
      const jobs = tenantQueue(world.tenancy, own);
      const scopes: unknown[] = [];
      const worker = work(own, async (job) => {
        if (job.name === "bad") throw new Error("bad");
      });
      for (const event of ["active", "completed", "failed"] as const) {
        worker.on(event, () => scopes.push(world.tenancy.currentScope()));
      }
      await world.tenancy.withTenant(acme, async () => {
        await jobs.add("good", {});
        await jobs.add("bad", {});
      });
      await until(() => scopes.length === 4);
      expect(scopes).toEqual([undefined, undefined, undefined, undefined]);
    });

    it("lets a job that runs end when its worker is closed", async () => {
      const acme = await world.tenant();
      const own = queue();
      const begun = deferred();
      const worker = work(own, async () => {
        begun.resolve();
        await new Promise((resolve) => setTimeout(resolve, 200));
        await world.tenancy.query("insert into notes (owner, text) values ('acme', 'ended')");
      });
      await world.tenancy.withTenant(acme, () => tenantQueue(world.tenancy, own).add("slow", {}));
      await begun.promise;
      await worker.close();
      expect(await world.notes(acme.schemaName)).toEqual(["ended"]);
      expect(await own.getCompletedCount()).toBe(1);
    });

    it("runs jobs in their tenant in a sandboxed processor, and settles them as elsewhere", async () => {
      const [acme, away, gone] = [await world.tenant(), await world.tenant(), await world.tenant()];
      const own = queue();
      const jobs = tenantQueue(world.tenancy, own);
      const ids: string[] = [];
      for (const tenant of [acme, away, gone]) {
        const { add } = await jobs.forTenant(tenant);
        ids.push((await add("note", { note: "sandboxed" }, { attempts: 3 })).id!);
      }
      await world.tenancy.suspend(away);
      await world.tenancy.drop(gone);
      vi.stubEnv("JOBS_DATABASE_URL", world.database.url);
      const file = fileURLToPath(new URL("support/sandbox/processor.ts", import.meta.url));
      const worker = new bull.Worker(own.name, file, { connection, useWorkerThreads: true });
      worker.on("error", () => undefined);
      open.push(worker);
      const stateOf = async (id: string): Promise<string> => (await own.getJob(id))!.getState();
      const wanted = ["completed", "delayed", "failed"];
      let states: string[] = [];
      await until(async () => {
        states = await Promise.all(ids.map(stateOf));
        return states.join() === wanted.join();
      }, `${wanted.join()}, not ${states.join()},`);
      vi.unstubAllEnvs();
      expect((await own.getJob(ids[0]!))!.returnvalue).toBe(acme.slug);
      expect(await world.notes(acme.schemaName)).toEqual(["sandboxed"]);
      const failed = await own.getJob(ids[2]!);
      expect([failed!.attemptsMade, failed!.failedReason]).toEqual([
        1,
        expect.stringContaining("gone"),
      ]);
    });

    it("passes on what BullMQ gives a processor that asks for it", () => {
      const { length } = tenantProcessor(world.tenancy, async (_job: Job, _token, _signal) => 0);
      expect([length, tenantProcessor(world.tenancy, async (_job: Job) => 0).length]).toEqual([
        3, 1,
      ]);
    });
  });
});

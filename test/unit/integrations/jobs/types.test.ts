import type { Job as BullJob, Queue } from "bullmq";
import type { WorkerUtils } from "graphile-worker";
import type { Job as BossJob, PgBoss } from "pg-boss";
import { expectTypeOf, it } from "vitest";
import {
  type TenantQueue,
  tenantProcessor,
} from "../../../../src/integrations/jobs/bullmq/index.ts";
import type { TenantJobs } from "../../../../src/integrations/jobs/graphile-worker/index.ts";
import type { TenantBoss } from "../../../../src/integrations/jobs/pg-boss/index.ts";

interface Digest {
  readonly week: number;
}

it("leaves the libraries' own types as they are", () => {
  type Digests = Queue<Digest, string, "weekly">;
  type Digesting = TenantQueue<Digests>;
  expectTypeOf<Digesting["add"]>().toEqualTypeOf<Digests["add"]>();
  expectTypeOf<Digesting["global"]["addBulk"]>().toEqualTypeOf<Digests["addBulk"]>();
  expectTypeOf<Awaited<ReturnType<Digesting["forTenant"]>>["upsertJobScheduler"]>().toEqualTypeOf<
    Digests["upsertJobScheduler"]
  >();
  expectTypeOf(tenantProcessor<BullJob<Digest>, [], string>)
    .returns.parameter(0)
    .toEqualTypeOf<BullJob<Digest>>();

  expectTypeOf<TenantBoss<PgBoss>["send"]>().toEqualTypeOf<PgBoss["send"]>();
  expectTypeOf<TenantBoss<PgBoss>["flow"]>().toEqualTypeOf<PgBoss["flow"]>();
  const work = (boss: TenantBoss<PgBoss>): Promise<string> =>
    boss.work("digest", { batchSize: 2 }, async (job: BossJob<Digest>) => {
      expectTypeOf(job.data.week).toEqualTypeOf<number>();
    });
  expectTypeOf(work).returns.toEqualTypeOf<Promise<string>>();

  expectTypeOf<TenantJobs<WorkerUtils>["addJob"]>().toEqualTypeOf<WorkerUtils["addJob"]>();
  expectTypeOf<TenantJobs<WorkerUtils>["global"]["addJobs"]>().toEqualTypeOf<
    WorkerUtils["addJobs"]
  >();
});

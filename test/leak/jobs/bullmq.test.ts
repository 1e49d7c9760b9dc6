import { afterAll, describe } from "vitest";
import { describePeers } from "../../support/peers.ts";
import { startRequiredRedis } from "../../support/redis.ts";
import { openBullMQ } from "../../integration/jobs/support/bullmq.ts";
import { itIsolatesJobs } from "../../integration/jobs/support/describe-job-isolation.ts";

const redis = await startRequiredRedis();
const connection = { host: redis?.host ?? "", port: redis?.port ?? 0 };

afterAll(async () => {
  await redis?.stop();
});

describe.skipIf(redis === undefined)("with Redis", () => {
  describePeers("jobs of BullMQ", "bullmq", (peers) => {
    itIsolatesJobs(peers, async () =>
      openBullMQ(await peers.load<Parameters<typeof openBullMQ>[0]>("bullmq"), connection),
    );
  });
});

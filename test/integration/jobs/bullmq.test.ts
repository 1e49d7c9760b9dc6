import { afterAll, describe } from "vitest";
import { describePeers } from "../../support/peers.ts";
import { startRequiredRedis } from "../../support/redis.ts";
import { openBullMQ } from "./support/bullmq.ts";
import { describeJobs } from "./support/describe-jobs.ts";

const redis = await startRequiredRedis();
const connection = { host: redis?.host ?? "", port: redis?.port ?? 0 };

afterAll(async () => {
  await redis?.stop();
});

describe.skipIf(redis === undefined)("with Redis", () => {
  describePeers("jobs of BullMQ", "bullmq", (peers) => {
    describeJobs(async () =>
      openBullMQ(await peers.load<Parameters<typeof openBullMQ>[0]>("bullmq"), connection),
    );
  });
});

describePeers(
  "jobs of BullMQ in PostgreSQL",
  "bullmq",
  (peers) => {
    describeJobs(async ({ database: { url } }) => {
      const bull = await peers.load<Parameters<typeof openBullMQ>[0]>("bullmq");
      const own = { connectionString: url, max: 5, migrate: true, schema: "bullmq" };
      return openBullMQ(bull, own, bull.createPostgresBackend);
    });
  },
  ["newest"],
);

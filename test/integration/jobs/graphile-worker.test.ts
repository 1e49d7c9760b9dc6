import type * as Worker from "graphile-worker";
import { describePeers } from "../../support/peers.ts";
import { describeJobs } from "./support/describe-jobs.ts";
import { openGraphileWorker } from "./support/graphile-worker.ts";

describePeers("jobs of graphile-worker", "graphile-worker", (peers) => {
  describeJobs(async ({ admin, database: { url } }) =>
    openGraphileWorker(await peers.load<typeof Worker>("graphile-worker"), {
      admin,
      url,
    }),
  );
});

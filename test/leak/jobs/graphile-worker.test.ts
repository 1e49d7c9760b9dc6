import type * as Worker from "graphile-worker";
import { openGraphileWorker } from "../../integration/jobs/support/graphile-worker.ts";
import { itIsolatesJobs } from "../../integration/jobs/support/describe-job-isolation.ts";
import { describePeers } from "../../support/peers.ts";

describePeers("jobs of Graphile Worker", "graphile-worker", (peers) => {
  itIsolatesJobs(peers, async ({ admin, database: { url } }) =>
    openGraphileWorker(await peers.load<typeof Worker>("graphile-worker"), {
      admin,
      url,
    }),
  );
});

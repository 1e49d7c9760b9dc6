import type * as PgBossModule from "pg-boss";
import { itIsolatesJobs } from "../../integration/jobs/support/describe-job-isolation.ts";
import { openPgBoss } from "../../integration/jobs/support/pg-boss.ts";
import { describePeers } from "../../support/peers.ts";

describePeers("jobs of pg-boss", "pg-boss", (peers) => {
  itIsolatesJobs(peers, async ({ admin, database: { url } }) =>
    openPgBoss(await peers.load<typeof PgBossModule>("pg-boss"), { admin, url }),
  );
});

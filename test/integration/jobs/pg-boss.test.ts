import type * as PgBossModule from "pg-boss";
import { describePeers } from "../../support/peers.ts";
import { describeJobs } from "./support/describe-jobs.ts";
import { openPgBoss } from "./support/pg-boss.ts";

describePeers("jobs of pg-boss", "pg-boss", (peers) => {
  describeJobs(async ({ admin, database: { url } }) =>
    openPgBoss(await peers.load<typeof PgBossModule>("pg-boss"), { admin, url }),
  );
});

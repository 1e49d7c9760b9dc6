import type { Job } from "bullmq";
import { createTenancy } from "../../../../../src/tenancy/create-tenancy.ts";
import { pg } from "../../../../../src/drivers/pg/index.ts";
import { tenantProcessor } from "../../../../../src/integrations/jobs/bullmq/index.ts";

// A sandboxed processor is a process, or a thread, of its own: so is its tenancy.
const tenancy = createTenancy({
  database: pg({ connectionString: process.env["JOBS_DATABASE_URL"], max: 2 }),
});

// oxlint-disable-next-line import/no-default-export -- BullMQ calls what such a file exports by default
export default tenantProcessor(
  tenancy,
  async (job: Job<{ readonly note: string }>) => {
    await tenancy.query("insert into notes (owner, text) values (current_schema(), $1)", [
      job.data.note,
    ]);
    return tenancy.requireTenant().slug;
  },
  { postponeMs: 60_000 },
);

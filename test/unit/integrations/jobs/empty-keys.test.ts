import { describe, expect, it } from "vitest";
import type { Queryable } from "../../../../src/core/driver.ts";
import { GLOBAL_SCOPE, scopeOf } from "../../../../src/core/scope.ts";
import type { Tenant } from "../../../../src/core/tenant.ts";
import { tenantQueue } from "../../../../src/integrations/jobs/bullmq/index.ts";
import type { JobTenancy } from "../../../../src/integrations/jobs/common/options.ts";
import { tenantJobs } from "../../../../src/integrations/jobs/graphile-worker/index.ts";

const acme = scopeOf({ id: "7f", slug: "acme" } as Tenant);
const EMPTY = ["", null, undefined] as never[];

/** A tenancy that is in one scope. */
const within = (scope: typeof acme | typeof GLOBAL_SCOPE): JobTenancy =>
  ({ currentScope: () => scope }) as unknown as JobTenancy;

// As a tenant's key, an empty one would be that of all jobs without one, which replace each other.
describe("an empty key stays empty", () => {
  it.each([acme, GLOBAL_SCOPE])("in BullMQ, in $kind scope", async (scope) => {
    const seen: Record<string, unknown>[] = [];
    const queue = {
      add: (_name: never, _data: never, options?: never) => Promise.resolve(seen.push(options!)),
      addBulk: () => Promise.resolve(),
      removeJobScheduler: () => Promise.resolve(),
      upsertJobScheduler: () => Promise.resolve(),
    };
    const { add } = tenantQueue(within(scope), queue);
    for (const id of EMPTY) {
      await add("note" as never, {} as never, { deduplication: { id }, jobId: id } as never);
    }
    expect(seen.map(({ deduplication, jobId }) => [deduplication, jobId])).toEqual(
      EMPTY.map((id) => [{ id }, id]),
    );
  });

  it.each([acme, GLOBAL_SCOPE])("in Graphile Worker, in $kind scope", async (scope) => {
    const seen: unknown[] = [];
    const addJob = (_name: never, _payload: never, spec?: { jobKey?: string }): Promise<unknown> =>
      Promise.resolve(seen.push(spec?.jobKey));
    const jobs = tenantJobs(within(scope), { addJob });
    const query = ((_text: string, values: readonly unknown[]) => {
      seen.push(values[5]);
      return Promise.resolve({ rows: [] });
    }) as unknown as Queryable["query"];
    for (const jobKey of EMPTY) {
      await jobs.addJob("note" as never, {} as never, { jobKey });
      await jobs.within({ query }).addJob("note" as never, {} as never, { jobKey });
    }
    expect(seen).toEqual(["", null, null, null, undefined, null]);
  });
});

import { describe, expect, it } from "vitest";
import {
  tenantProcessor,
  tenantFlowProducer,
  tenantQueue,
} from "../../../../src/integrations/jobs/bullmq/index.ts";
import {
  tenantJobs,
  tenantTasks,
} from "../../../../src/integrations/jobs/graphile-worker/index.ts";
import { tenantBoss } from "../../../../src/integrations/jobs/pg-boss/index.ts";
import {
  type JobOptions,
  type JobTenancy,
  parseJobOptions,
} from "../../../../src/integrations/jobs/common/options.ts";
import { GLOBAL_SCOPE, type Scope, scopeOf } from "../../../../src/core/scope.ts";
import type { Tenant } from "../../../../src/core/tenant.ts";

function tenancyIn(scope: Scope | undefined): JobTenancy {
  return { currentScope: () => scope } as JobTenancy;
}

const outside = tenancyIn(undefined);
const work = async (): Promise<void> => undefined;

describe("the options of jobs", () => {
  it("have defaults", () => {
    expect(parseJobOptions(outside, {})).toEqual({
      allow: ["active"],
      postponeMs: 60_000,
      withoutTenant: "refuse",
    });
  });

  it.each([
    { withoutTenant: "acme" },
    { withoutTenant: null },
    { allow: "active" },
    { allow: ["actve"] },
    { postponeMs: 0 },
    { postponeMs: 999 },
    { postponeMs: 1000.5 },
    { postponeMs: 86_400_001 },
    { postponeMs: "60000" },
    { postpone: 1000 },
    { schema: "x" },
  ])("are refused when wrong: %j", (options) => {
    expect(() => parseJobOptions(outside, options as JobOptions)).toThrow(/INVALID_CONFIG/);
  });
});

describe("a worker", () => {
  it("is not set up in a tenant's scope, where it would stay", () => {
    const acme = tenancyIn(scopeOf({ id: "1", slug: "acme" } as Tenant));
    expect(() => tenantProcessor(acme, work)).toThrow(/tenant's scope.*INVALID_CONFIG/);
    expect(() => tenantTasks(acme, { work })).toThrow(/tenant's scope.*INVALID_CONFIG/);
    expect(() => tenantProcessor(tenancyIn(GLOBAL_SCOPE), work)).not.toThrow();
  });

  it("has tasks that are functions", () => {
    expect(() => tenantTasks(outside, { work: undefined })).toThrow(/"work".*INVALID_CONFIG/);
    expect(() => tenantTasks(outside, {}, { schema: "" })).toThrow(/INVALID_CONFIG/);
  });
});

it("refuses a library that lacks what is called", () => {
  const nothing = {} as never;
  expect(() => tenantQueue(outside, nothing)).toThrow(/BullMQ.*UNSUPPORTED_PEER/);
  expect(() => tenantFlowProducer(outside, nothing)).toThrow(/BullMQ.*UNSUPPORTED_PEER/);
  expect(() => tenantJobs(outside, nothing)).toThrow(/Graphile Worker.*UNSUPPORTED_PEER/);
  expect(() => tenantBoss(outside, nothing)).toThrow(/pg-boss.*UNSUPPORTED_PEER/);
});

it("puts the mark over whatever came with the options of a job", async () => {
  const added: unknown[] = [];
  const add = async (...args: unknown[]): Promise<unknown> => added.push(args);
  const queue = { add, addBulk: add, removeJobScheduler: add, upsertJobScheduler: add };
  const acme = tenancyIn(scopeOf({ id: "1", slug: "acme" } as Tenant));
  const forged = { attempts: 2, kirayedar: { tenant: "2" } };
  await tenantQueue(acme, queue).add("x", {}, forged);
  expect(added).toEqual([["x", {}, { attempts: 2, kirayedar: { tenant: "1" } }]]);
});

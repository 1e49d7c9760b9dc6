import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../../src/errors/codes.ts";
import { TenancyError } from "../../../../src/errors/tenancy-error.ts";
import { enterJob } from "../../../../src/integrations/jobs/common/enter-job.ts";
import type { JobTenancy } from "../../../../src/integrations/jobs/common/options.ts";

const settings = { allow: ["active"], postponeMs: 1000, withoutTenant: "refuse" } as const;

/** What becomes of a job whose tenant is looked up in vain. */
async function kindOf(code: ErrorCode): Promise<string> {
  const tenancy = {
    tenant: () => Promise.reject(new TenancyError(code, "It did not work.")),
  } as unknown as JobTenancy;
  const entrance = enterJob(tenancy, { tenant: "7f" }, settings);
  return entrance.then(
    ({ kind }) => kind,
    (error: unknown) => `rejects: ${(error as TenancyError).code}`,
  );
}

describe("a job whose tenant cannot be entered", () => {
  it("has failed for good, waits, or is tried again", async () => {
    const codes: ErrorCode[] = [
      "TENANT_NOT_FOUND",
      "TENANT_NOT_ACTIVE",
      "TENANT_BUSY",
      "MIGRATION_FAILED",
      "TENANCY_CLOSED",
      "DATABASE_UNAVAILABLE",
    ];
    expect(await Promise.all(codes.map(kindOf))).toEqual([
      "gone",
      "later",
      "later",
      "later",
      "later",
      "rejects: DATABASE_UNAVAILABLE",
    ]);
  });
});

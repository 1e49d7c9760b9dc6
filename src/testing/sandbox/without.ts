import type { Driver } from "../../core/driver.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { notRemakeable } from "./not-remakeable.ts";
import type { SandboxedDriver } from "./sandbox.ts";
import type { ChangeOptions } from "./sandbox-driver.ts";

/** Makes a driver like the application's that cannot be put into a sandbox. */
export async function withoutSandbox<Pool>(
  original: Driver<Pool>,
  change: ChangeOptions,
): Promise<SandboxedDriver<Pool>> {
  const driver = original.remake?.(change);
  if (driver === undefined) throw notRemakeable(original.name);
  const begin = (): Promise<never> =>
    Promise.reject(
      new TenancyError(
        "UNSUPPORTED_DRIVER",
        `Tests over "${original.name}" cannot be rolled back.`,
        {
          remedy: "Give each test a tenant of its own, by `testTenant`.",
        },
      ),
    );
  return { driver, open: () => ({ begin, isOpen: false }) };
}

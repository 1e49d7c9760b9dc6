import { TenancyError } from "../../errors/tenancy-error.ts";

/** What to say of a driver that cannot be made again. */
export function notRemakeable(name: string): TenancyError {
  return new TenancyError("UNSUPPORTED_DRIVER", `The driver "${name}" cannot be made for tests.`, {
    remedy: "Use one of the drivers of this package.",
  });
}

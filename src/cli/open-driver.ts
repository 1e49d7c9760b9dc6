import type { Driver } from "../core/driver.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Context } from "./context.ts";
import { importModule } from "./import-module.ts";
import { createLogger } from "./logger.ts";

/** A tenancy, and the driver beneath it. */
export interface OpenDriver {
  readonly driver: Driver;
  readonly tenancy: Tenancy;
}

/**
 * Runs `fn` with the configured tenancy and its driver, and closes them. The configuration is read once:
 * one that is a function makes a driver each time, and an embedded database must not be opened twice.
 */
export async function withDriver<T>(
  { loadConfig, options, output }: Pick<Context<object>, "loadConfig" | "options" | "output">,
  fn: (open: OpenDriver) => Promise<T>,
): Promise<T> {
  const { config } = await loadConfig();
  const { createTenancy } = await import("../tenancy/create-tenancy.ts");
  const logger = createLogger(output, { verbose: options.verbose === true });
  const tenancy = createTenancy({ ...config, importModule, logger });
  try {
    return await fn({ driver: config.database, tenancy });
  } finally {
    await tenancy.close();
  }
}

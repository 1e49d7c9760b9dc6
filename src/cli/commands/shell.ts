import type { Command } from "commander";
import { scopeOf } from "../../core/scope.ts";
import type { TenantState } from "../../core/tenant.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { action, addCommonOptions } from "../context.ts";
import { type OpenDriver, withDriver } from "../open-driver.ts";
import { startShell } from "../start-shell.ts";
import type { Shell } from "../../core/driver.ts";

/** States in which a tenant has a schema that is nobody's work in progress. */
const OPEN: readonly TenantState[] = ["active", "suspended", "maintenance", "archived"];

/** Adds `kirayedar shell`. */
export function addShellCommand(program: Command): void {
  const command = program
    .command("shell <slug>")
    .summary("open psql, mariadb or mysql in a tenant")
    .description(
      "Opens the database's own command line in one tenant, with the connection of the configuration: " +
        "psql, mariadb or mysql. It may read and change whatever the configured user may.",
    )
    .action(
      action<object, [string]>(async (context, slug) => {
        // Closed before the shell begins, which may stay open for days.
        const shell = await withDriver(context, (open) => findShell(open, slug));
        return await startShell(shell);
      }),
    );
  addCommonOptions(command);
}

async function findShell({ driver, tenancy }: OpenDriver, slug: string): Promise<Shell> {
  const tenant = await tenancy.get(slug);
  if (!OPEN.includes(tenant.state)) {
    throw new TenancyError("INVALID_STATE", `The tenant "${slug}" is ${tenant.state}.`, {
      tenant: slug,
    });
  }
  if (driver.shell === undefined) {
    throw new TenancyError(
      "UNSUPPORTED_DRIVER",
      `No program can reach the database of the driver \`${driver.name}\`.`,
      { remedy: "Use `kirayedar sql`, which asks the driver itself." },
    );
  }
  const scope = scopeOf(tenant);
  // A schema that is missing is silently passed over by the server.
  await driver.query(scope, "select 1");
  return await driver.shell(scope);
}
